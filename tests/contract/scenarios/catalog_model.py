"""The catalogue's model: how products are described, grouped and translated."""

from __future__ import annotations

from typing import Any

from catalog.models import Product
from tests.contract.recorder import Recorder

KEY = "catalogue-2026-11-23-0001"


def listed(s: Recorder, operation: str, summary: str, **request: Any) -> None:
    """A list, and a page of it that there is not."""
    s.call(operation, "all", summary, status=200, **request)
    s.call(
        operation, "invalid", "Pages start at 1", **request, query={"page": 0},
        status=400, code="invalid",
    )  # fmt: skip


def types(s: Recorder) -> None:
    """Attributes, product types, and what a product says."""
    token = s.world.staff_token
    roast = s.call(
        "attributes_create", "choice", "An attribute with choices", token=token, key=KEY,
        body={"code": "roast", "name": "Roast", "kind": "choice", "choices": ["light", "medium", "dark"]},
        status=201,
    )  # fmt: skip
    altitude = s.call(
        "attributes_create", "number", "A number with a unit", token=token,
        body={"code": "altitude", "name": "Altitude", "kind": "number", "unit": "m"}, status=201,
    )  # fmt: skip
    s.call(
        "attributes_create", "code_taken", "Another attribute has this code", token=token,
        body={"code": "roast", "name": "Roast", "kind": "text"}, status=409, code="code_taken",
    )  # fmt: skip
    s.call(
        "attributes_create", "invalid", "Only numbers have a unit", token=token,
        body={"code": "aroma", "name": "Aroma", "kind": "text", "unit": "g"}, status=400, code="invalid",
    )  # fmt: skip
    listed(s, "attributes_list", "Attributes and their choices", token=token)
    coffee = s.call(
        "product_types_create", "create", "Coffee has a roast, and an altitude if it is known",
        token=token, key=KEY,
        body={"name": "Coffee", "attributes": [{"code": "roast", "is_required": True}, {"code": "altitude"}]},
        status=201,
    )  # fmt: skip
    s.call(
        "product_types_create", "name_taken", "There is such a type", token=token,
        body={"name": "Coffee"}, status=409, code="name_taken",
    )  # fmt: skip
    s.call(
        "product_types_create", "invalid", "An attribute that there is not", token=token,
        body={"name": "Tea", "attributes": [{"code": "flush"}]}, status=400, code="invalid",
    )  # fmt: skip
    listed(s, "product_types_list", "Product types and their attributes", token=token)
    s.call(
        "products_change", "attributes", "What a product says by the attributes of its type", token=token,
        path={"key": s.world.yirgacheffe.slug},
        body={"product_type": "Coffee", "attributes": {"roast": "light", "altitude": 2000}}, status=200,
    )  # fmt: skip
    s.call(
        "products_change", "attribute_invalid", "The attribute that is wrong is named", token=token,
        path={"key": s.world.yirgacheffe.slug}, body={"attributes": {"altitude": "high"}},
        status=400, code="invalid",
    )  # fmt: skip
    one, kind = {"attribute_id": roast["id"]}, {"type_id": coffee["id"]}
    s.call("attributes_retrieve", "one", "One of them", token=token, path=one, status=200)
    s.call("product_types_retrieve", "one", "One of them", token=token, path=kind, status=200)
    s.call(
        "attributes_change", "rename", "Rename a choice, with all its products", token=token, path=one,
        body={"choices": [{"value": "city", "was": "light"}, "medium", "dark"]}, status=200,
    )  # fmt: skip
    whole = {"code": "roast", "name": "Roast", "kind": "choice"}
    s.call(
        "attributes_replace", "replace", "Replace it; the choices stay", token=token, path=one,
        body={**whole, "name": "Roast level"}, status=200,
    )  # fmt: skip
    for operation, body in (("attributes_change", {}), ("attributes_replace", whole)):
        s.call(
            operation, "code_taken", "Another attribute has this code", token=token,
            path={"attribute_id": s.call(
                "attributes_create", f"{operation}_spare", "A text", token=token,
                body={"code": f"spare_{operation[-6:]}", "name": "Spare", "kind": "text"}, status=201,
            )["id"]},
            body={**body, "kind": "text", "code": "roast"}, status=409, code="code_taken",
        )  # fmt: skip
        s.call(
            operation, "in_use", "Products have values: the kind stays", token=token, path=one,
            body={**body, "kind": "text"}, status=409, code="attribute_in_use",
        )  # fmt: skip
        s.call(
            operation, "choice_in_use", "A product has this choice", token=token, path=one,
            body={**body, "choices": ["medium"]}, status=409, code="choice_in_use",
        )  # fmt: skip
        s.call(
            operation, "invalid", "Each choice is named once", token=token, path=one,
            body={**body, "choices": ["city", "city"]}, status=400, code="invalid",
        )  # fmt: skip
    s.call(
        "product_types_change", "order", "The altitude first", token=token, path=kind,
        body={"attributes": [{"code": "altitude"}, {"code": "roast", "is_required": True}]}, status=200,
    )  # fmt: skip
    s.call(
        "product_types_replace", "replace", "Replace it; the attributes stay", token=token, path=kind,
        body={"name": "Coffee beans"}, status=200,
    )  # fmt: skip
    tea = s.call(
        "product_types_create", "tea", "A type without attributes", token=token, body={"name": "Tea"}, status=201
    )  # fmt: skip
    for operation, body in (
        ("product_types_change", {}),
        ("product_types_replace", {"name": "Coffee"}),
    ):
        s.call(
            operation, "name_taken", "There is such a type", token=token,
            path={"type_id": tea["id"]}, body={"name": "Coffee beans"}, status=409, code="name_taken",
        )  # fmt: skip
        s.call(
            operation, "in_use", "Products of the type have values of what would go", token=token, path=kind,
            body={**body, "attributes": []}, status=409, code="attribute_in_use",
        )  # fmt: skip
        s.call(
            operation, "invalid", "An attribute that there is not", token=token, path=kind,
            body={**body, "attributes": [{"code": "flush"}]}, status=400, code="invalid",
        )  # fmt: skip
    s.call(
        "attributes_delete", "in_use", "Products have values of it", token=token, path=one,
        status=409, code="attribute_in_use",
    )  # fmt: skip
    s.call(
        "product_types_delete", "in_use", "Products are of this type", token=token, path=kind,
        status=409, code="product_type_in_use",
    )  # fmt: skip
    s.world.yirgacheffe.attribute_values.all().delete()
    Product.objects.update(product_type=None)
    s.call("product_types_delete", "delete", "Delete it", token=token, path=kind, status=204)
    s.call(
        "attributes_delete", "delete", "Delete it", token=token, path={"attribute_id": altitude["id"]}, status=204
    )  # fmt: skip


def brands(s: Recorder) -> None:
    """Who makes the products."""
    token = s.world.staff_token
    listed(s, "brands_list", "Every brand that a product names")
    made = s.call(
        "brands_create", "create", "Before it has any product", token=token, key=KEY,
        body={"name": "Adwa Apiaries", "description": "<p>Honey from Tigray.</p>"}, status=201,
    )  # fmt: skip
    path = {"key": made["slug"]}
    s.call("brands_retrieve", "one", "By slug; the id works too", path=path, status=200)
    s.call(
        "brands_change", "translate", "Its name in Amharic, wherever products name it", token=token, path=path,
        body={"translations": {"am": {"name": "የአድዋ ማር"}}}, status=200,
    )  # fmt: skip
    s.call(
        "brands_replace", "replace", "A new name is the new name on all its products", token=token, path=path,
        body={"name": "Adwa Honey"}, status=200,
    )  # fmt: skip
    for operation, where in (
        ("brands_create", {}),
        ("brands_change", {"path": path}),
        ("brands_replace", {"path": path}),
    ):
        s.call(
            operation, "name_taken", "There is such a brand", token=token, **where,
            body={"name": "Merkato"}, status=409, code="name_taken",
        )  # fmt: skip
        s.call(
            operation, "slug_taken", "Another brand has this slug", token=token, **where,
            body={"name": "Adwa", "slug": "merkato"}, status=409, code="slug_taken",
        )  # fmt: skip
        s.call(
            operation, "invalid", "A language that the shop does not have", token=token, **where,
            body={"name": "Adwa", "translations": {"xx": {"name": "Adwa"}}}, status=400, code="invalid",
        )  # fmt: skip
    s.call(
        "brands_delete", "in_use", "Products are of this brand", token=token, path={"key": "merkato"},
        status=409, code="brand_in_use",
    )  # fmt: skip
    s.call("brands_delete", "delete", "Delete it", token=token, path=path, status=204)


def collections(s: Recorder) -> None:
    """Products put together by hand."""
    token = s.world.staff_token
    made = s.call(
        "collections_create", "create", "Add a collection", token=token, key=KEY,
        body={"name": "Gifts for Genna", "translations": {"am": {"name": "የገና ስጦታዎች"}}}, status=201,
    )  # fmt: skip
    s.call(
        "collections_create", "second", "And another", token=token, body={"name": "New"}, status=201
    )
    path = {"key": made["slug"]}
    listed(s, "collections_list", "What is published")
    s.call(
        "collections_retrieve", "amharic", "In the caller's language", path=path,
        headers={"Accept-Language": "am"}, status=200,
    )  # fmt: skip
    s.call(
        "collections_change", "change", "Describe it", token=token, path=path,
        body={"description": "<p>For the seventh of January.</p>"}, status=200,
    )  # fmt: skip
    s.call(
        "collections_replace", "replace", "Replace it; slug, translations and products stay", token=token,
        path=path, body={"name": "Gifts for Genna", "position": 1}, status=200,
    )  # fmt: skip
    for operation, where in (
        ("collections_create", {}),
        ("collections_change", {"path": path}),
        ("collections_replace", {"path": path}),
    ):
        s.call(
            operation, "slug_taken", "Another collection has this slug", token=token, **where,
            body={"name": "Gifts", "slug": "new"}, status=409, code="slug_taken",
        )  # fmt: skip
        s.call(
            operation, "invalid", "Not a slug: digits alone are ids", token=token, **where,
            body={"name": "Gifts", "slug": "2026"}, status=400, code="invalid",
        )  # fmt: skip
    ids = [s.world.jebena.pk, s.world.yirgacheffe.pk]
    s.call(
        "collection_products_set", "set", "These, in this order", token=token, path=path,
        body={"products": ids}, status=204,
    )  # fmt: skip
    s.call(
        "collection_products_set", "invalid", "The one that there is not is named", token=token, path=path,
        body={"products": [*ids, 999_999]}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "collection_products_add", "add", "One more, first", token=token, path=path, key=KEY,
        body={"product": s.world.berbere.pk, "position": 0}, status=201,
    )  # fmt: skip
    s.call(
        "collection_products_add", "move", "One that is there is moved", token=token, path=path,
        body={"product": s.world.berbere.pk}, status=200,
    )  # fmt: skip
    s.call(
        "collection_products_add", "invalid", "A position is not negative", token=token, path=path,
        body={"product": s.world.berbere.pk, "position": -1}, status=400, code="invalid",
    )  # fmt: skip
    listed(s, "collection_products_list", "In its order, drafts too", token=token, path=path)
    s.call(
        "collection_products_remove", "remove", "Take it out", token=token,
        path={**path, "product_id": s.world.berbere.pk}, status=204,
    )  # fmt: skip
    s.call("collections_delete", "delete", "Delete it", token=token, path=path, status=204)


def languages(s: Recorder) -> None:
    """Languages and words."""
    token = s.world.staff_token
    listed(s, "languages_list", "The catalogue is written in the first")
    s.call(
        "languages_create", "create", "Add a language", token=token, key=KEY,
        body={"code": "om", "name": "Afaan Oromoo"}, status=201,
    )  # fmt: skip
    s.call(
        "languages_create", "taken", "The shop has it", token=token,
        body={"code": "am", "name": "Amharic"}, status=409, code="language_taken",
    )  # fmt: skip
    s.call(
        "languages_create", "invalid", "Not a language tag", token=token,
        body={"code": "Amharic", "name": "Amharic"}, status=400, code="invalid",
    )  # fmt: skip
    path = {"code": "om"}
    s.call("languages_retrieve", "one", "By its tag", path=path, status=200)
    s.call(
        "languages_change", "rename", "Rename it", token=token, path=path, body={"name": "Oromo"}, status=200
    )  # fmt: skip
    s.call(
        "languages_change", "invalid", "A position is not negative", token=token, path=path,
        body={"position": -1}, status=400, code="invalid",
    )  # fmt: skip
    red = s.call(
        "terms_create", "create", "Wherever products say so", token=token, key=KEY,
        body={"text": "Red", "translations": {"am": "ቀይ"}}, status=201,
    )  # fmt: skip
    s.call(
        "terms_create", "taken", "This word is there", token=token,
        body={"text": "Red", "translations": {}}, status=409, code="term_taken",
    )  # fmt: skip
    s.call(
        "terms_create", "invalid", "A language that the shop does not have", token=token,
        body={"text": "Blue", "translations": {"xx": "bleu"}}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "terms_put", "many", "Many at once", token=token,
        body={"terms": [{"text": "Large", "translations": {"am": "ትልቅ"}},
                        {"text": "Small", "translations": {"am": "ትንሽ"}}]},
        status=200,
    )  # fmt: skip
    s.call(
        "terms_put", "invalid", "All or none; the wrong one is named", token=token,
        body={"terms": [{"text": "Blue", "translations": {"am": "ሰማያዊ"}},
                        {"text": "Green", "translations": {"xx": "vert"}}]},
        status=400, code="invalid",
    )  # fmt: skip
    listed(s, "terms_list", "Words in other languages", token=token)
    one = {"term_id": red["id"]}
    s.call("terms_retrieve", "one", "One of them", token=token, path=one, status=200)
    s.call(
        "terms_change", "change", "Another language beside it", token=token, path=one,
        body={"translations": {"om": "Diimaa"}}, status=200,
    )  # fmt: skip
    s.call(
        "terms_change", "taken", "This word is there", token=token, path=one,
        body={"text": "Large"}, status=409, code="term_taken",
    )  # fmt: skip
    s.call(
        "terms_change", "invalid", "A word is not empty", token=token, path=one,
        body={"text": ""}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "languages_delete", "in_use", "Something is translated into it", token=token, path={"code": "am"},
        status=409, code="language_in_use",
    )  # fmt: skip
    s.call("terms_delete", "delete", "Delete it", token=token, path=one, status=204)
    s.call("languages_delete", "delete", "Delete it", token=token, path=path, status=204)


STORIES = [types, brands, collections, languages]
