"""Bundles: sold out of the stock of their parts, wherever somebody looks."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.bundles import Part, set_parts
from catalog.models import BundlePart, Product, Variant
from catalog.services import delete_product, delete_variant
from common.actors import SYSTEM
from inventory import services as inventory
from inventory.models import Movement, Reservation, StockItem
from orders.models import CancelReason, Order
from orders.services import cancel, mark_paid
from reporting.doctor import examine
from tests import factories
from tests.orders.test_checkout import item, post

pytestmark = pytest.mark.django_db


def bundle_of(*parts, **fields) -> Variant:
    """A variant made of `(variant, quantity)` pairs."""
    bundle = factories.variant(stock=0, **fields)
    set_parts(variant_id=bundle.pk, parts=[Part(part.pk, quantity) for part, quantity in parts])
    return Variant.objects.get(pk=bundle.pk)


def stock(variant):
    variant.stock_item.refresh_from_db()
    return variant.stock_item.on_hand, variant.stock_item.reserved


def in_stock(api, variant):
    product = api.get(f"/api/products/{variant.product.slug}/").json()
    [shown] = [one for one in product["variants"] if one["id"] == variant.pk]
    return product["in_stock"], shown["in_stock"]


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.json()
    return response.json().get("errors", [])


# --- what is left -----------------------------------------------------------------------------


def test_as_many_as_the_scarcest_part_is_enough_for():
    cups, pots = factories.variant(stock=9), factories.variant(stock=10)
    bundle = bundle_of((cups, 2), (pots, 1))
    assert bundle.available == 4
    inventory.set_on_hand(stock_item_id=pots.stock_item_id, on_hand=3, by=SYSTEM)
    assert Variant.objects.with_stock().get(pk=bundle.pk).available == 3


def test_everybody_sees_when_it_can_be_bought(api, owner):
    cups = factories.variant(stock=2)
    bundle = bundle_of((cups, 2))
    assert in_stock(api, bundle) == (True, True)
    assert post(api, item(cups)).status_code == 201
    assert in_stock(api, bundle) == (False, False)
    assert in_stock(api, cups) == (True, True)
    inventory.set_on_hand(stock_item_id=cups.stock_item_id, on_hand=7, by=SYSTEM)
    assert in_stock(api, bundle) == (True, True)
    shown = owner.get(f"/api/products/{bundle.product_id}/variants/{bundle.pk}/").json()
    assert (shown["stock"], shown["on_hand"], shown["is_bundle"]) == (3, 0, True)
    assert shown["parts"] == [{"variant_id": cups.pk, "sku": cups.sku, "quantity": 2}]


def test_what_it_is_made_of_is_for_staff(api):
    bundle = bundle_of((factories.variant(), 1))
    shown = api.get(f"/api/products/{bundle.product_id}/variants/{bundle.pk}/").json()
    assert "parts" not in shown
    assert shown["is_bundle"] is True


# --- sold -------------------------------------------------------------------------------------


def test_a_checkout_sets_the_parts_aside_and_a_sale_takes_them(api):
    cups, pots = factories.variant(stock=10), factories.variant(stock=5)
    bundle = bundle_of((cups, 2), (pots, 1), price="150.00")
    order = post(api, item(bundle, 3))
    assert order.status_code == 201, order.json()
    assert [line["quantity"] for line in order.json()["lines"]] == [3]
    assert order.json()["total"]["amount"] == "450.00"
    assert (stock(cups), stock(pots), stock(bundle)) == ((10, 6), (5, 3), (0, 0))
    placed = Order.objects.get()
    kept = Reservation.objects.filter(holder=placed.public_id).values_list(
        "stock_item_id", "quantity"
    )
    assert dict(kept) == {cups.stock_item_id: 6, pots.stock_item_id: 3}
    with transaction.atomic():
        mark_paid(order=Order.objects.select_for_update().get(), by=SYSTEM)
    assert (stock(cups), stock(pots)) == ((4, 0), (2, 0))
    sold = Movement.objects.filter(holder=placed.public_id).values_list("stock_item_id", "quantity")
    assert dict(sold) == {cups.stock_item_id: -6, pots.stock_item_id: -3}


def test_an_order_that_ends_gives_the_parts_back_as_they_were_taken(api):
    cups, pots = factories.variant(stock=10), factories.variant(stock=10)
    bundle = bundle_of((cups, 2))
    post(api, item(bundle, 2))
    set_parts(variant_id=bundle.pk, parts=[Part(pots.pk, 1)])  # a bundle of other things, since
    with transaction.atomic():
        order = Order.objects.select_for_update().get()
        cancel(order=order, reason=CancelReason.CUSTOMER, by=SYSTEM)
    assert (stock(cups), stock(pots)) == ((10, 0), (10, 0))


def test_bundles_single_pieces_and_repeated_lines_are_added_up(api):
    cups = factories.variant(stock=10)
    pair, six = bundle_of((cups, 2)), bundle_of((cups, 6))
    enough = post(api, item(pair), item(cups), item(six), item(cups))
    assert enough.status_code == 201, enough.json()
    assert stock(cups) == (10, 10)


def test_the_answer_says_how_many_bundles_are_left(api):
    cups, pots = factories.variant(stock=9), factories.variant(stock=100)
    bundle = bundle_of((cups, 2), (pots, 1))
    [error] = refused(post(api, item(bundle, 5)), 409, "out_of_stock")
    assert (error["field"], error["available"]) == ("items.0.quantity", 4)
    # Lines before it take theirs first: with 2 instead of 3 the order would go through.
    [error] = refused(post(api, item(cups, 5), item(bundle, 3)), 409, "out_of_stock")
    assert (error["field"], error["available"]) == ("items.1.quantity", 2)
    assert post(api, item(cups, 5), item(bundle, 2)).status_code == 201
    # Nothing is left; the piece that is left is enough for one of the two.
    [error] = refused(post(api, item(bundle, 1)), 409, "out_of_stock")
    assert error["available"] == 0


def test_the_doctor_knows_bundles(api):
    cups = factories.variant(stock=4)
    bundle = bundle_of((cups, 2))
    post(api, item(bundle), item(cups))
    set_parts(variant_id=bundle.pk, parts=[])  # what it was sold as counts
    assert examine() == []
    Reservation.objects.update(quantity=2)
    assert "pending orders hold their stock" in {one.invariant for one in examine()}


# --- made -------------------------------------------------------------------------------------


def test_staff_make_a_simple_product_a_bundle(owner, api):
    cups = factories.variant(stock=6)
    answer = owner.post(
        "/api/products/",
        {"name": "Set of two", "price": "180", "parts": [{"variant_id": cups.pk, "quantity": 2}]},
    )
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["stock"], made["in_stock"]) == (3, True)
    assert made["variants"][0]["parts"] == [{"variant_id": cups.pk, "sku": cups.sku, "quantity": 2}]
    # What was read can be sent back.
    url = f"/api/products/{made['id']}/"
    assert owner.put(url, made).status_code == 200
    variant = f"{url}variants/{made['variants'][0]['id']}/"
    assert owner.put(variant, owner.get(variant).json()).status_code == 200
    assert BundlePart.objects.get().quantity == 2
    assert (
        owner.patch(url, {"parts": [{"variant_id": cups.pk, "quantity": 3}]}).json()["stock"] == 2
    )
    # And an ordinary product again.
    plain = owner.patch(url, {"parts": [], "stock": 4})
    assert (plain.status_code, plain.json()["stock"]) == (200, 4)


def test_staff_make_variants_bundles(owner):
    cups = factories.variant(stock=6)
    body = {
        "name": "Sets",
        "variants": [
            {
                "price": "180",
                "options": [{"name": "Size", "value": str(n)}],
                "parts": [{"variant_id": cups.pk, "quantity": n}],
            }
            for n in (2, 3)
        ],
    }  # fmt: skip
    made = owner.post("/api/products/", body).json()
    assert [variant["stock"] for variant in made["variants"]] == [3, 2]
    more = {
        "price": "300",
        "options": [{"name": "Size", "value": "6"}],
        "parts": [{"variant_id": cups.pk, "quantity": 6}],
    }
    answer = owner.post(f"/api/products/{made['id']}/variants/", more)
    assert (answer.status_code, answer.json()["stock"]) == (201, 1)


def test_what_cannot_be_a_bundle(owner):
    cups, shelf = factories.variant(stock=6), factories.variant(stock=1)
    bundle = bundle_of((cups, 2))
    gone = factories.variant()
    Variant.objects.filter(pk=gone.pk).update(archived_at=gone.created_at)

    def make(variant, *parts):
        url = f"/api/products/{variant.product_id}/variants/{variant.pk}/"
        return owner.patch(url, {"parts": [{"variant_id": pk} for pk in parts]})

    empty = factories.variant(stock=0)
    refused(make(shelf, cups.pk), 409, "bundle_has_stock")
    refused(make(empty, empty.pk), 400, "nested_bundle")
    refused(make(empty, bundle.pk), 400, "nested_bundle")
    refused(make(cups, shelf.pk), 400, "nested_bundle")
    refused(make(empty, 10**9), 400, "does_not_exist")
    refused(make(empty, gone.pk), 400, "does_not_exist")
    refused(make(empty, shelf.pk, shelf.pk), 400, "invalid")
    url = f"/api/products/{bundle.product_id}/variants/{bundle.pk}/"
    refused(owner.patch(url, {"stock": 99}), 409, "bundle_has_stock")
    refused(owner.patch(url, {"on_hand": 5}), 409, "bundle_has_stock")
    refused(owner.patch(url, {"parts": [{"variant_id": cups.pk, "quantity": 0}]}), 400, "invalid")
    assert list(BundlePart.objects.values_list("variant", "quantity")) == [(bundle.pk, 2)]


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_bundles_of_bundles():
    bundle = bundle_of((factories.variant(), 1))
    outer = factories.variant(stock=0)
    with pytest.raises(IntegrityError, match="not made of bundles"):
        BundlePart.objects.create(variant=outer, stock_item=bundle.stock_item, quantity=1)


def test_who_may_not_change_texts_makes_no_bundles(clerk):
    bundle, other = bundle_of((factories.variant(), 1)), factories.variant()
    url = f"/api/products/{bundle.product_id}/variants/{bundle.pk}/"
    pricer = clerk("change_price", "view_product")
    assert pricer.patch(url, {"parts": [{"variant_id": other.pk}]}).status_code == 403
    assert pricer.put(url, pricer.get(url).json()).status_code == 200


# --- what a bundle needs ----------------------------------------------------------------------


def test_what_a_bundle_needs_is_not_taken_away(owner):
    cups = factories.variant()
    other = factories.variant(product=cups.product)
    bundle = bundle_of((cups, 2))
    url = f"/api/products/{cups.product_id}/"
    refused(owner.delete(url), 409, "part_of_bundle")
    refused(owner.delete(f"{url}variants/{cups.pk}/"), 409, "part_of_bundle")
    assert owner.delete(f"{url}variants/{other.pk}/").status_code == 204
    delete_product(product_id=bundle.product_id)
    assert owner.delete(url).status_code == 204
    assert not Product.objects.filter(pk=cups.product_id).exists()


def test_a_product_goes_together_with_its_own_bundles():
    cups = factories.variant(stock=3)
    product = cups.product
    bundle = factories.variant(stock=0, product=product)
    set_parts(variant_id=bundle.pk, parts=[Part(cups.pk, 3)])
    assert delete_product(product_id=product.pk) is True
    assert not StockItem.objects.exists()


def test_a_part_of_a_bundle_that_was_sold_and_archived_is_archived(api):
    cups = factories.variant(stock=10)
    spare = factories.variant(product=cups.product)
    bundle = bundle_of((cups, 2))
    post(api, item(bundle))
    assert delete_product(product_id=bundle.product_id) is False
    assert delete_variant(variant_id=cups.pk) is False
    assert Variant.objects.get(pk=cups.pk).archived_at is not None
    assert spare.product.variants.live().count() == 1


def test_lists_cost_the_same_for_many_bundles(owner):
    counts = []
    for many in (1, 12):
        for _ in range(many):
            bundle_of((factories.variant(), 1), (factories.variant(), 2))
        with CaptureQueriesContext(connection) as queries:
            assert owner.get("/api/products/?status=all&page_size=100").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
