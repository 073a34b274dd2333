"""Publication by the clock, and the way back from the archive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import Product, Variant
from tests import factories
from tests.catalog.described import PRODUCTS, coffee_type, ok, product, refused

pytestmark = pytest.mark.django_db
CHECKOUT = "/api/orders/checkout/"


def at(**delta) -> str:
    return (timezone.now() + timedelta(**delta)).isoformat()


def seen(api, row) -> bool:
    one = api.get(f"{PRODUCTS}{row['id']}/").status_code == 200
    listed = row["id"] in {r["id"] for r in ok(api.get(PRODUCTS))["results"]}
    bought = api.post(
        CHECKOUT, {"phone": "0911234567", "items": [{"product_id": row["id"], "quantity": 1}]}
    ).status_code
    assert one == listed == (bought == 201), (one, listed, bought)
    return one


@pytest.mark.parametrize(
    ("fields", "status", "visible"),
    [
        (dict, "published", True),
        (lambda: {"publish_from": at(hours=1)}, "scheduled", False),
        (lambda: {"publish_from": at(hours=-1)}, "published", True),
        (lambda: {"publish_until": at(hours=1)}, "published", True),
        (lambda: {"publish_until": at(hours=-1)}, "expired", False),
        (lambda: {"publish_from": at(hours=-2), "publish_until": at(hours=-1)}, "expired", False),
        (lambda: {"publish_from": at(hours=1), "is_published": False}, "draft", False),
    ],
)
def test_status_and_sight_follow_the_clock(owner, api, fields, status, visible):
    row = product(owner, **fields())
    assert row["status"] == status
    assert seen(api, row) is visible
    assert ok(owner.get(f"{PRODUCTS}{row['id']}/"))["status"] == status
    assert "publish_from" not in (ok(api.get(f"{PRODUCTS}{row['id']}/")) if visible else {})


@pytest.mark.django_db(transaction=True)
def test_a_product_appears_and_goes_at_its_moment_without_any_job(owner, api):
    """Nothing runs and nothing is written in between: the clock alone."""
    row = product(owner, publish_from=at(seconds=1.2), publish_until=at(seconds=2.6))

    def visible() -> bool:
        return api.get(f"{PRODUCTS}{row['id']}/").status_code == 200

    def wait_until(moment) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep_until(%s)", [moment])

    saved = Product.objects.get(pk=row["id"])
    states = [visible()]
    for moment in (saved.publish_from, saved.publish_until):
        wait_until(moment + timedelta(milliseconds=5))
        states.append(visible())
    assert states == [False, True, False]
    assert Product.objects.get(pk=row["id"]).updated_at == saved.updated_at


def test_it_ends_after_it_begins(owner):
    body = {"name": "X", "price": "1", "publish_from": at(hours=2), "publish_until": at(hours=1)}
    refused(owner.post(PRODUCTS, body), 400, "publish_until_too_early", "publish_until")
    row = product(owner, publish_from=at(hours=2))
    one = f"{PRODUCTS}{row['id']}/"
    refused(
        owner.patch(one, {"publish_until": at(hours=1)}), 400, "publish_until_too_early", "publish_until"
    )  # fmt: skip
    refused(owner.patch(one, {"publish_until": "soon"}), 400, "invalid", "publish_until")
    ok(owner.patch(one, {"publish_until": at(hours=1), "publish_from": None}))
    kept = ok(owner.get(one))
    assert ok(owner.put(one, kept))["publish_until"] == kept["publish_until"]
    assert ok(owner.put(one, {"name": "X", "price": "1"}))["publish_until"], "left out: kept"
    assert ok(owner.patch(one, {"publish_until": None}))["status"] == "published"


# --- the archive ------------------------------------------------------------------------------


def archived(owner, **fields):
    row = product(owner, **fields)
    factories.place(variant=Variant.objects.filter(product=row["id"]).first())
    ok(owner.delete(f"{PRODUCTS}{row['id']}/"), 204)
    return row


def test_an_archived_product_comes_back_as_a_draft(owner, api):
    row = archived(owner, slug="sidamo", sku="SID-1")
    back = ok(owner.post(f"{PRODUCTS}{row['id']}/restore/", {}))
    assert (back["status"], back["archived_at"], back["slug"]) == ("draft", None, "sidamo")
    assert [variant["sku"] for variant in back["variants"]] == ["SID-1"]
    assert api.get(f"{PRODUCTS}sidamo/").status_code == 404
    ok(owner.patch(f"{PRODUCTS}sidamo/", {"is_published": True}))
    shown = ok(api.get(f"{PRODUCTS}sidamo/"))
    assert shown["in_stock"] is True
    assert shown["price"]["amount"] == "100.00"
    refused(owner.post(f"{PRODUCTS}sidamo/restore/", {}), 409, "not_archived")


def test_variants_that_were_archived_before_stay_so(owner):
    sizes = [
        {
            "price": str(n),
            "stock": 3,
            "sku": f"S{n}",
            "options": [{"name": "Size", "value": str(n)}],
        }
        for n in (1, 2, 3)
    ]
    row = ok(owner.post(PRODUCTS, {"name": "Shirt", "variants": sizes}), 201)
    for variant in row["variants"][:2]:
        factories.place(variant=Variant.objects.get(pk=variant["id"]))
    ok(owner.delete(f"{PRODUCTS}{row['id']}/variants/{row['variants'][0]['id']}/"), 204)
    ok(owner.delete(f"{PRODUCTS}{row['id']}/"), 204)
    back = ok(owner.post(f"{PRODUCTS}{row['id']}/restore/", {}))
    assert [variant["sku"] for variant in back["variants"]] == ["S2", "S3"]
    assert back["variant_count"] == 2


def test_what_was_taken_meanwhile_is_a_conflict(owner):
    row = archived(owner, slug="sidamo", sku="SID-1")
    address = f"{PRODUCTS}{row['id']}/restore/"
    other = product(owner, slug="sidamo")
    refused(owner.post(address, {}), 409, "slug_taken", "slug")
    ok(owner.patch(f"{PRODUCTS}{other['id']}/", {"sku": "SID-1"}))
    refused(owner.post(address, {"slug": "sidamo-old"}), 409, "sku_taken", "sku")
    assert Product.objects.get(pk=row["id"]).archived_at is not None
    ok(owner.patch(f"{PRODUCTS}{other['id']}/", {"sku": "SID-2"}))
    refused(owner.post(address, {"slug": "123"}), 400, "invalid_slug", "slug")
    assert ok(owner.post(address, {"slug": "sidamo-old"}))["slug"] == "sidamo-old"


def test_of_several_archived_ones_with_a_slug_the_last_comes_back(owner):
    archived(owner, slug="sidamo", name="Old")
    archived(owner, slug="sidamo", name="New")
    assert ok(owner.post(f"{PRODUCTS}sidamo/restore/", {}))["name"] == "New"
    refused(owner.post(f"{PRODUCTS}sidamo/restore/", {}), 409, "slug_taken")
    assert owner.post(f"{PRODUCTS}nothing/restore/", {}).status_code == 404


def test_who_may_restore(owner, api, customer, clerk):
    row = archived(owner)
    address = f"{PRODUCTS}{row['id']}/restore/"
    assert api.post(address, {}).status_code == 401
    for caller in (customer, clerk("view_product"), clerk("add_product")):
        assert caller.post(address, {}).status_code == 403
    assert clerk("change_product").post(address, {}).status_code == 200


def test_a_restored_product_is_described_as_before(owner):
    coffee_type(owner)
    row = archived(owner, product_type="Coffee", attributes={"roast": "dark"}, brand="Tomoca")
    back = ok(owner.post(f"{PRODUCTS}{row['id']}/restore/", {}))
    assert back["attributes"][0]["value"] == "dark"
    assert back["brand"] == "Tomoca"
