"""Brands: rows that follow the word on products, and can be described and renamed."""

from __future__ import annotations

import pytest

from catalog.models import Brand, Product, Term
from tests import factories
from tests.catalog.described import PRODUCTS, ok, product, refused

pytestmark = pytest.mark.django_db
BRANDS = "/api/brands/"


def test_a_product_that_names_a_brand_makes_it(owner, api):
    product(owner, brand="Tomoca")
    product(owner, brand="Tomoca")
    (brand,) = ok(api.get(BRANDS))["results"]
    assert (brand["name"], brand["slug"]) == ("Tomoca", "tomoca")
    assert ok(api.get(f"{BRANDS}tomoca/")) == ok(api.get(f"{BRANDS}{brand['id']}/"))
    assert set(brand) == {"id", "slug", "name", "description"}
    assert api.get(f"{BRANDS}nobody/").status_code == 404


def test_a_new_name_is_the_new_name_on_all_products(owner, api):
    row = product(owner, brand="Tomoca")
    other = product(owner, brand="Garden of Coffee")
    ok(owner.patch(f"{BRANDS}tomoca/", {"name": "TO.MO.CA."}))
    assert ok(api.get(f"{PRODUCTS}{row['id']}/"))["brand"] == "TO.MO.CA."
    assert ok(api.get(f"{PRODUCTS}{other['id']}/"))["brand"] == "Garden of Coffee"
    assert Brand.objects.count() == 2
    refused(
        owner.patch(f"{BRANDS}tomoca/", {"name": "Garden of Coffee"}), 409, "name_taken", "name"
    )


def test_brands_are_made_described_and_replaced(owner):
    made = ok(
        owner.post(BRANDS, {"name": "ቶሞካ", "description": "<p>1953<script>x</script></p>"}), 201
    )
    assert (made["slug"], made["description"]) == ("tomoka", "<p>1953</p>")
    refused(owner.post(BRANDS, {"name": "ቶሞካ"}), 409, "name_taken", "name")
    refused(owner.post(BRANDS, {"name": "X", "slug": "tomoka"}), 409, "slug_taken", "slug")
    put = ok(owner.put(f"{BRANDS}tomoka/", {"name": "ቶሞካ"}))
    assert (put["slug"], put["description"]) == ("tomoka", "")
    assert ok(owner.put(f"{BRANDS}tomoka/", put)) == put, "sent back as it was read"
    product(owner, brand="ቶሞካ")
    assert Brand.objects.count() == 1


def test_the_translated_name_of_a_brand_stands_on_its_products(owner, api):
    row = product(owner, brand="Tomoca")
    body = {"translations": {"am": {"name": "ቶሞካ", "description": "ከ1953"}}}
    changed = ok(owner.patch(f"{BRANDS}tomoca/", body))
    assert changed["translations"] == body["translations"]
    amharic = {"HTTP_ACCEPT_LANGUAGE": "am"}
    assert ok(api.get(f"{PRODUCTS}{row['id']}/", **amharic))["brand"] == "ቶሞካ"
    assert ok(api.get(f"{BRANDS}tomoca/", **amharic))["description"] == "ከ1953"
    ok(owner.patch(f"{BRANDS}tomoca/", {"name": "TO.MO.CA."}))
    assert ok(api.get(f"{PRODUCTS}{row['id']}/", **amharic))["brand"] == "ቶሞካ", "renamed, too"
    ok(owner.patch(f"{BRANDS}tomoca/", {"translations": {"am": {"name": None}}}))
    assert Term.objects.get(text="TO.MO.CA.").translations == {}
    assert ok(owner.get(f"{BRANDS}tomoca/"))["translations"] == {"am": {"description": "ከ1953"}}


def test_only_a_brand_without_products_is_deleted(owner):
    row = product(owner, brand="Tomoca")
    refused(owner.delete(f"{BRANDS}tomoca/"), 409, "brand_in_use")
    factories.place(variant=Product.objects.get(pk=row["id"]).variants.get())
    ok(owner.delete(f"{PRODUCTS}{row['id']}/"), 204)
    ok(owner.delete(f"{BRANDS}tomoca/"), 204)
    kept = Product.objects.get(pk=row["id"])
    assert (kept.brand, kept.brand_ref) == ("", None)


def test_reads_are_conditional_and_writes_honour_if_match(owner, api):
    ok(owner.post(BRANDS, {"name": "Tomoca"}), 201)
    answer = api.get(f"{BRANDS}tomoca/")
    tag = answer["ETag"]
    assert api.get(f"{BRANDS}tomoca/", headers={"If-None-Match": tag}).status_code == 304
    ok(owner.patch(f"{BRANDS}tomoca/", {"description": "a"}, headers={"If-Match": tag}))
    late = owner.patch(f"{BRANDS}tomoca/", {"description": "b"}, headers={"If-Match": tag})
    refused(late, 412, "precondition_failed")
    tag = owner.get(f"{BRANDS}tomoca/")["ETag"]
    ok(owner.patch(f"{BRANDS}tomoca/", {"translations": {"am": {"name": "ቶሞካ"}}}))
    late = owner.patch(f"{BRANDS}tomoca/", {"description": "b"}, headers={"If-Match": tag})
    refused(late, 412, "precondition_failed")
    listed = api.get(BRANDS)
    assert api.get(BRANDS, headers={"If-None-Match": listed["ETag"]}).status_code == 304


@pytest.mark.parametrize("language", ["en", "am"])
def test_the_list_asks_as_much_for_many_rows_as_for_one(owner, api, counted, language):
    for number in range(6):
        product(owner, brand=f"B{number}")
    for caller in (api, owner):

        def ask(size: int, who=caller) -> int:
            return counted(
                lambda: ok(who.get(f"{BRANDS}?page_size={size}", HTTP_ACCEPT_LANGUAGE=language))
            )

        assert ask(1) == ask(100)
