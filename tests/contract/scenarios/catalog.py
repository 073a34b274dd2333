"""The catalogue: what everybody reads and what staff write."""

from __future__ import annotations

import io
from unittest import mock
from urllib.parse import unquote

from django.db import transaction
from PIL import Image

from catalog.drawing import one_at_a_time
from catalog.models import Category, Product
from catalog.renditions import make_renditions
from common.actors import GUEST
from orders.checkout import Contact, Item, Wishes, checkout
from tests.contract.recorder import Recorder
from tests.contract.world import variant_of

STAFF_ONLY = {"not_authenticated", "permission_denied"}  # only some statuses are
KEY = "catalogue-2026-11-02-0001"


def picture(name: str = "jebena.png") -> io.BytesIO:
    """A small PNG file."""
    file = io.BytesIO()
    Image.new("RGB", (320, 240), "saddlebrown").save(file, "PNG")
    file.seek(0)
    file.name = name
    return file


def text_file() -> io.BytesIO:
    """Not a picture, whatever its name says."""
    file = io.BytesIO(b"a letter")
    file.name = "jebena.png"
    return file


def promise(product: Product, quantity: int) -> None:
    """Somebody has ordered so many of it and not yet paid."""
    with transaction.atomic():
        checkout(
            items=[Item(quantity=quantity, product_id=product.pk)], owner=None,
            contact=Contact(phone="+251911234567"), wishes=Wishes(), expected_total=None, by=GUEST,
        )  # fmt: skip


def browse(s: Recorder) -> None:
    """Look around."""
    s.call("categories_list", "flat", "Each category with its parent", status=200)
    s.call("categories_list", "tree", "As a tree", query={"tree": "true"}, status=200)
    s.call(
        "categories_list", "invalid", "A page size is a number",
        query={"page_size": "many"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "categories_retrieve", "by_slug", "By slug; the id works too", path={"key": "coffee"},
        status=200,
    )  # fmt: skip
    page = s.call(
        "products_list", "cheapest_first", "One on a page, cheapest first, counted",
        query={"ordering": "price", "page_size": 1, "count": "true"}, status=200, untold=STAFF_ONLY,
    )  # fmt: skip
    cursor = unquote(page["next"].partition("cursor=")[2])
    s.call(
        "products_list", "next_page", "The page behind it: follow `next`",
        query={"ordering": "price", "page_size": 1, "count": "true", "cursor": cursor}, status=200,
    )  # fmt: skip
    s.call(
        "products_list", "narrowed", "Coffee and what is below it, up to 1,000 birr, in stock",
        query={"category": "coffee", "max_price": "1000", "in_stock": "true"}, status=200,
    )  # fmt: skip
    s.call(
        "products_list",
        "search",
        "Words, also misspelt",
        query={"search": "yirgachefe"},
        status=200,
    )
    s.call(
        "products_list", "invalid", "An ordering that does not exist",
        query={"ordering": "beauty"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "products_list", "drafts", "Drafts are for staff",
        query={"status": "draft"}, status=401, code="not_authenticated",
    )  # fmt: skip
    s.call(
        "products_list", "not_staff", "Drafts are for staff", token=s.world.customer_token,
        query={"status": "draft"}, status=403, code="permission_denied",
    )  # fmt: skip
    slug = {"key": s.world.jebena.slug}
    s.call(
        "products_retrieve",
        "variants",
        "A product in two sizes",
        path=slug,
        status=200,
        untold=STAFF_ONLY,
    )
    s.call(
        "products_retrieve", "staff", "Staff see exact stock", token=s.world.staff_token,
        path={"key": s.world.berbere.pk}, status=200,
    )  # fmt: skip
    s.call(
        "products_retrieve", "invalid", "A status that does not exist",
        path=slug, query={"status": "lost"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "products_retrieve", "archived", "What was archived is for staff",
        path=slug, query={"status": "archived"}, status=401, code="not_authenticated",
    )  # fmt: skip
    s.call(
        "products_retrieve", "not_staff", "What was archived is for staff",
        path=slug, query={"status": "archived"}, token=s.world.customer_token,
        status=403, code="permission_denied",
    )  # fmt: skip


def categories(s: Recorder) -> None:
    """Staff arrange the tree."""
    token = s.world.staff_token
    spices = s.call(
        "categories_create", "create", "Add a category below another", token=token, key=KEY,
        body={"name": "Harar coffees", "parent": s.world.coffee.pk, "position": 2}, status=201,
    )  # fmt: skip
    s.call(
        "categories_create", "slug_taken", "Another category has this slug", token=token,
        body={"name": "Coffee", "slug": "coffee"}, status=409, code="slug_taken",
    )  # fmt: skip
    s.call(
        "categories_create", "invalid", "A name and a known parent are needed", token=token,
        body={"parent": "tea"}, status=400, code="invalid",
    )  # fmt: skip
    path = {"key": spices["slug"]}
    s.call(
        "categories_change", "change", "Rename it", token=token, path=path,
        body={"name": "Harar, natural"}, status=200,
    )  # fmt: skip
    s.call(
        "categories_replace", "replace", "Replace it", token=token, path=path,
        body={"name": "Harar", "description": "<p>Dry processed, winey.</p>", "parent": "coffee"},
        status=200,
    )  # fmt: skip
    for operation, name in (("categories_change", {}), ("categories_replace", {"name": "Coffee"})):
        s.call(
            operation, "cycle", "A category cannot be below itself", token=token,
            path={"key": "coffee"}, body={**name, "parent": path["key"]},
            status=400, code="category_cycle",
        )  # fmt: skip
        s.call(
            operation, "slug_taken", "Another category has this slug", token=token, path=path,
            body={"name": "Harar", "slug": "crafts"}, status=409, code="slug_taken",
        )  # fmt: skip
        s.call(
            operation, "invalid", "Not a slug: digits alone are ids", token=token, path=path,
            body={"name": "Harar", "slug": "2026"}, status=400, code="invalid",
        )  # fmt: skip
    deepest = None
    for level in range(Category.MAX_DEPTH):
        deepest = Category.objects.create(
            name=f"Level {level}", slug=f"level-{level}", parent=deepest
        )
    s.call(
        "categories_create", "too_deep", "The tree has ten levels at most", token=token,
        body={"name": "Deeper", "parent": deepest.pk}, status=400, code="category_too_deep",
    )  # fmt: skip
    for operation in ("categories_change", "categories_replace"):
        s.call(
            operation, "too_deep", "The tree has ten levels at most", token=token, path=path,
            body={"name": "Harar", "parent": deepest.pk}, status=400, code="category_too_deep",
        )  # fmt: skip
    s.call(
        "categories_delete", "in_use", "Something is below it", token=token, path={"key": "coffee"},
        status=409, code="category_in_use",
    )  # fmt: skip
    s.call("categories_delete", "delete", "Delete it", token=token, path=path, status=204)


def products(s: Recorder) -> None:
    """Staff add and change products."""
    token = s.world.staff_token
    honey = s.call(
        "products_create", "simple", "A simple product in one call", token=token, key=KEY,
        body={"name": "White honey from Tigray, 450 g", "category": "coffee", "price": "690.00",
              "stock": 25, "sku": "HNY-W-450", "is_published": True,
              "description": "<p>From highland sage.</p>"},
        status=201,
    )  # fmt: skip
    s.call(
        "products_create", "variants", "A product in several sizes", token=token,
        body={"name": "Habesha kemis", "category": s.world.crafts.pk, "tags": ["cotton"],
              "variants": [
                  {"options": [{"name": "Size", "value": "S"}], "price": "4200.00", "stock": 4},
                  {"options": [{"name": "Size", "value": "M"}], "sku": "KMS-M", "stock": 6,
                   "price": {"amount": "4200.00", "currency": "ETB"},
                   "compare_at_price": {"amount": "4900.00", "currency": "ETB"}},
              ]},
        status=201,
    )  # fmt: skip
    kemis = Product.objects.get(slug="habesha-kemis")
    variants = [
        {"options": [{"name": "Size", "value": "S"}], "price": "10.00"},
        {"options": [{"name": "Size", "value": "S"}], "price": "12.00"},
    ]
    s.call(
        "products_create", "options_taken", "Two variants have the same options", token=token,
        body={"name": "Netela", "variants": variants}, status=409, code="options_taken",
    )  # fmt: skip
    s.call(
        "products_create", "invalid", "Each mistake is named", token=token,
        body={"name": "", "price": "12.345", "stock": -1}, status=400, code="invalid",
    )  # fmt: skip
    path = {"key": honey["slug"]}
    s.call(
        "products_change", "price", "A new price", token=token, path=path,
        body={"price": "650.00", "compare_at_price": "690.00"}, status=200,
    )  # fmt: skip
    s.call(
        "products_replace", "replace", "Replace it", token=token, path=path,
        body={"name": "White honey from Tigray, 450 g", "price": "650.00", "category": "coffee",
              "brand": "Adwa Apiaries", "is_published": True},
        status=200,
    )  # fmt: skip
    promise(Product.objects.get(pk=honey["id"]), 2)
    whole = {"name": "White honey", "price": "650.00"}
    for operation, path_of, body in (
        ("products_create", {}, whole),
        ("products_change", {"path": path}, {}),
        ("products_replace", {"path": path}, whole),
    ):
        s.call(
            operation, "slug_taken", "Another product has this slug", token=token, **path_of,
            body={**body, "slug": kemis.slug}, status=409, code="slug_taken",
        )  # fmt: skip
        s.call(
            operation, "sku_taken", "Another variant has this SKU", token=token, **path_of,
            body={**body, "sku": "KMS-M"}, status=409, code="sku_taken",
        )  # fmt: skip
        s.call(
            operation, "compare_at_below_price", "The price before must not be lower", token=token,
            **path_of, body={**body, "compare_at_price": "1.00"},
            status=400, code="compare_at_below_price",
        )  # fmt: skip
        if not path_of:
            continue
        s.call(
            operation, "invalid", "Not an amount", token=token, **path_of,
            body={**body, "price": "cheap"}, status=400, code="invalid",
        )  # fmt: skip
        s.call(
            operation, "several_variants", "Each size has its own price", token=token,
            path={"key": kemis.slug}, body={**body, "price": "4000.00"},
            status=409, code="several_variants",
        )  # fmt: skip
        s.call(
            operation, "stock", "With what is promised to orders, more than can be counted",
            token=token, **path_of, body={**body, "stock": 1_000_000_000},
            status=409, code="stock_below_reserved",
        )  # fmt: skip
    s.call(
        "products_delete", "delete", "Delete it", token=token, path={"key": kemis.slug}, status=204
    )


def variants(s: Recorder) -> None:
    """The sizes of a product."""
    token, path = s.world.staff_token, {"key": s.world.jebena.slug}
    s.call("variants_list", "sizes", "Two sizes", path=path, status=200)
    s.call(
        "variants_list", "invalid", "Pages start at 1",
        path=path, query={"page": 0}, status=400, code="invalid",
    )  # fmt: skip
    medium = s.call(
        "variants_create", "create", "A third size", token=token, path=path, key=KEY,
        body={"options": [{"name": "Size", "value": "Medium"}], "price": "700.00", "stock": 5,
              "sku": "JBN-M"},
        status=201,
    )  # fmt: skip
    one = {**path, "variant_id": medium["id"]}
    s.call("variants_retrieve", "one", "One of them", path=one, status=200)
    s.call(
        "variants_change", "count", "Eight pieces were counted on the shelf", token=token, path=one,
        body={"on_hand": 8}, status=200,
    )  # fmt: skip
    size = {"options": [{"name": "Size", "value": "Medium"}], "price": "720.00"}
    s.call(
        "variants_replace", "replace", "Replace it", token=token, path=one, body=size, status=200
    )
    with transaction.atomic():
        checkout(
            items=[Item(quantity=3, variant_id=medium["id"])], owner=None,
            contact=Contact(phone="+251911234567"), wishes=Wishes(), expected_total=None, by=GUEST,
        )  # fmt: skip
    small = {"options": [{"name": "Size", "value": "Small"}]}
    for operation, path_of, body in (
        (
            "variants_create",
            path,
            {"price": "700.00", "options": [{"name": "Size", "value": "XL"}]},
        ),
        ("variants_change", one, {}),
        ("variants_replace", one, size),
    ):
        s.call(
            operation, "sku_taken", "Another variant has this SKU", token=token, path=path_of,
            body={**body, "sku": "JBN-S"}, status=409, code="sku_taken",
        )  # fmt: skip
        s.call(
            operation, "options_taken", "There is a small one already", token=token, path=path_of,
            body={**body, **small}, status=409, code="options_taken",
        )  # fmt: skip
        s.call(
            operation, "compare_at_below_price", "The price before must not be lower", token=token,
            path=path_of, body={**body, "compare_at_price": "1.00"},
            status=400, code="compare_at_below_price",
        )  # fmt: skip
        s.call(
            operation, "invalid", "Each mistake is named", token=token, path=path_of,
            body={**body, "price": "-5", "stock": 1.5}, status=400, code="invalid",
        )  # fmt: skip
        if operation != "variants_create":
            s.call(
                operation, "below_reserved", "Three are promised to an open order", token=token,
                path=path_of, body={**body, "on_hand": 2}, status=409, code="stock_below_reserved",
            )  # fmt: skip
    s.call("variants_delete", "delete", "Delete it", token=token, path=one, status=204)
    only = variant_of(s.world.berbere)
    s.call(
        "variants_delete", "last", "A product keeps one", token=token,
        path={"key": s.world.berbere.slug, "variant_id": only.pk}, status=409, code="last_variant",
    )  # fmt: skip


def images(s: Recorder) -> None:
    """Pictures."""
    token, path = s.world.staff_token, {"key": s.world.jebena.slug}
    upload = {"file": picture(), "alt": "A black jebena on its straw ring"}
    # The file is read once per request, so that each needs its own.
    made = s.call(
        "images_create",
        "upload",
        "Upload a picture",
        token=token,
        path=path,
        form=upload,
        status=201,
    )
    make_renditions(image_id=made["id"])  # the worker does it within seconds
    s.call("images_list", "all", "The product's pictures", path=path, status=200)
    s.call(
        "images_list", "invalid", "A page is a number",
        path=path, query={"page": "last"}, status=400, code="invalid",
    )  # fmt: skip
    one = {**path, "image_id": made["id"]}
    s.call("images_retrieve", "one", "One picture", path=one, status=200)
    s.call(
        "images_change", "alt", "A better description", token=token, path=one,
        body={"alt": "A black clay jebena, steam rising"}, status=200,
    )  # fmt: skip
    s.call(
        "images_change", "invalid", "The product has no such variant", token=token, path=one,
        body={"variant_id": 999_999}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "images_create", "not_a_picture", "Not a picture", token=token, path=path,
        form={"file": text_file(), "alt": "A jebena"}, status=400, code="invalid_image",
    )  # fmt: skip
    s.call(
        "images_create", "invalid", "The file is missing", token=token, path=path,
        form={"alt": "A jebena"}, status=400, code="invalid",
    )  # fmt: skip
    with mock.patch("catalog.images.default_storage.save", side_effect=OSError("disk full")):
        s.call(
            "images_create", "storage_unavailable", "It cannot be stored now", token=token, path=path,
            form={"file": picture(), "alt": "A jebena"}, status=503,
        )  # fmt: skip
    with mock.patch("catalog.drawing.LONGEST_WAIT", 0.01), one_at_a_time(5):
        s.call(
            "images_create", "pictures_busy", "Others are sending pictures", token=token, path=path,
            form={"file": picture(), "alt": "A jebena"}, status=503, code="pictures_busy",
        )  # fmt: skip
    s.call("images_delete", "delete", "Delete it", token=token, path=one, status=204)


STORIES = [browse, categories, products, variants, images]
