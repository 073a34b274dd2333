"""Types, attributes, brands, collections, languages and words in the admin: by the verbs, as the API does it."""

from __future__ import annotations

import pytest

from catalog.models import (
    Attribute,
    Brand,
    Category,
    Collection,
    Language,
    Product,
    ProductType,
    Term,
)
from tests.catalog.described import SAID, coffee_type, product

pytestmark = pytest.mark.django_db
ADMIN = "/admin/catalog/"


def saved(answer) -> None:
    assert answer.status_code == 302, answer.content.decode()[:4000]


def rows_of(prefix: str, rows: list[dict]) -> dict[str, str]:
    form = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        form |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return form


def test_an_attribute_and_a_type_are_declared(admin_client):
    form = {"code": "roast", "name": "Roast", "kind": "choice", "unit": "", "lines": "light\ndark"}
    saved(admin_client.post(f"{ADMIN}attribute/add/", form))
    roast = Attribute.objects.get()
    page = f"{ADMIN}attribute/{roast.pk}/change/"
    assert "light\ndark" in admin_client.get(page).content.decode()
    saved(admin_client.post(page, {**form, "lines": "light -> pale\ndark"}))
    assert list(roast.choices.order_by("position").values_list("value", flat=True)) == [
        "pale",
        "dark",
    ]
    uses = rows_of(
        "attributes", [{"position": "0", "attribute": str(roast.pk), "is_required": "on"}]
    )
    saved(admin_client.post(f"{ADMIN}producttype/add/", {"name": "Coffee", **uses}))
    use = ProductType.objects.get().attributes.get()
    assert (use.attribute, use.is_required) == (roast, True)
    assert "Roast" in admin_client.get(f"{ADMIN}producttype/").content.decode()


def test_a_brand_and_a_collection_with_their_translations(admin_client, owner):
    form = {"name": "Tomoca", "slug": "", "description": "", "text__am__name": "ቶሞካ"}
    saved(admin_client.post(f"{ADMIN}brand/add/", form))
    assert Brand.objects.get().slug == "tomoca"
    assert Term.objects.get(text="Tomoca").translations == {"am": "ቶሞካ"}
    page = f"{ADMIN}brand/{Brand.objects.get().pk}/change/"
    assert "ቶሞካ" in admin_client.get(page).content.decode()
    first, second = (product(owner, name=name)["id"] for name in ("A", "B"))
    entries = rows_of(
        "entries",
        [{"position": "2", "product": str(first)}, {"position": "1", "product": str(second)}],
    )
    form = {"name": "Gifts", "slug": "", "description": "", "position": "0", "is_published": "on", **entries,
            "text__am__name": "ስጦታዎች"}  # fmt: skip
    saved(admin_client.post(f"{ADMIN}collection/add/", form))
    gifts = Collection.objects.get()
    assert gifts.translations == {"am": {"name": "ስጦታዎች"}}
    order = gifts.entries.order_by("position").values_list("product", flat=True)
    assert list(order) == [second, first]


def test_an_archived_product_stands_in_nobodys_way_in_its_collection(admin_client, owner):
    gone, here = (product(owner, name=name)["id"] for name in ("Old", "New"))
    gifts = Collection.objects.create(name="Gifts", slug="gifts")
    rows = [{"product": gone, "position": 0}, {"product": here, "position": 1}]
    for row in rows:
        gifts.entries.create(product_id=row["product"], position=row["position"])
    Product.objects.filter(pk=gone).update(archived_at="2026-01-01T00:00:00Z", is_published=False)
    page = f"{ADMIN}collection/{gifts.pk}/change/"
    shown = admin_client.get(page).context["inline_admin_formsets"][0].formset
    assert [form.instance.product_id for form in shown.initial_forms] == [here]
    entry = gifts.entries.get(product=here)
    form = {"name": "Presents", "slug": "gifts", "is_published": "on", "position": "0", "description": "",
            "entries-TOTAL_FORMS": "1", "entries-INITIAL_FORMS": "1", "entries-0-id": entry.pk,
            "entries-0-collection": gifts.pk, "entries-0-product": here, "entries-0-position": "0"}  # fmt: skip
    saved(admin_client.post(page, form))
    assert Collection.objects.get().name == "Presents"
    assert gifts.entries.filter(product=gone).exists(), "it waits in its place"


def test_languages_and_words(admin_client):
    saved(
        admin_client.post(f"{ADMIN}language/add/", {"code": "om", "name": "Oromo", "position": "2"})
    )
    assert Language.objects.filter(pk="om").exists()
    saved(admin_client.post(f"{ADMIN}term/add/", {"text": "Red", "word__am": "ቀይ", "word__om": ""}))
    term = Term.objects.get()
    assert term.translations == {"am": "ቀይ"}
    form = {"text": "Red", "word__am": "", "word__om": "Diimaa"}
    saved(admin_client.post(f"{ADMIN}term/{term.pk}/change/", form))
    assert Term.objects.get().translations == {"om": "Diimaa"}
    told = admin_client.post(f"{ADMIN}language/om/delete/", {"post": "yes"}, follow=True)
    assert "There are translations into this language" in told.content.decode()


def test_a_product_has_a_field_for_each_attribute_of_its_type(admin_client, owner):
    coffee_type(owner)
    row = product(owner, product_type="Coffee", attributes=SAID)
    page = f"{ADMIN}product/{row['id']}/change/"
    answer = admin_client.get(page)
    fields = answer.context["adminform"].form
    assert fields["value__weight"].value() == 250
    form = {
        name: fields[name].value() for name in fields.fields if fields[name].value() is not None
    }
    form |= rows_of("images", []) | {"tags": "", "is_published": "on"}
    variant = row["variants"][0]
    form |= {"variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "1", "variants-0-id": variant["id"],
             "variants-0-product": row["id"], "variants-0-sku": variant["sku"], "variants-0-price": "100.00",
             "variants-0-stock": "5"}  # fmt: skip
    changed = {"value__weight": "500", "value__organic": "false", "text__am__name": "ሲዳሞ"}
    saved(admin_client.post(page, {**form, **changed}))
    now = owner.get(f"/api/products/{row['id']}/").json()
    said = {entry["code"]: entry["value"] for entry in now["attributes"]}
    assert said == {**SAID, "weight": 500, "organic": False}
    assert now["translations"] == {"am": {"name": "ሲዳሞ"}}
    fields = admin_client.get(page).context["adminform"].form
    form["state"] = fields["state"].value()
    refused = admin_client.post(page, {**form, **changed, "value__roast": ""})
    assert "A published product needs Roast." in refused.content.decode()


def test_an_archived_product_is_restored(admin_client, owner):
    row = product(owner)
    Product.objects.get(pk=row["id"]).variants.update(archived_at="2026-01-01T00:00:00Z")
    Product.objects.filter(pk=row["id"]).update(
        archived_at="2026-01-01T00:00:00Z", is_published=False
    )
    form = {"action": "restore", "_selected_action": [row["id"]]}
    saved(admin_client.post(f"{ADMIN}product/", form))
    assert Product.objects.get(pk=row["id"]).archived_at is None


def test_the_trunk_of_categories_stands_before_its_branches(admin_client):
    first = Category.objects.create(name="First", slug="first", position=1)
    Category.objects.create(name="Below", slug="below", parent=first)
    Category.objects.create(name="Second", slug="second", position=2)
    shown = admin_client.get(f"{ADMIN}category/").context["cl"].result_list
    assert [row.name for row in shown] == ["First", "Second", "Below"]


def test_without_a_type_the_page_says_how_to_describe_a_product(admin_client, owner):
    page = f"{ADMIN}product/{product(owner, name='A')['id']}/change/"
    assert "Choose a product type" in admin_client.get(page).content.decode()
