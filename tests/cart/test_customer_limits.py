"""What one customer may have in all their orders, told by the cart before the checkout refuses it."""

from __future__ import annotations

import pytest

from catalog.models import BundlePart
from tests import factories
from tests.cart.test_reading import stock

pytestmark = pytest.mark.django_db


def test_a_limit_for_each_customer_is_told_before_the_checkout_refuses(holder):
    buyer = factories.user()
    mine, one = holder(buyer), factories.variant(stock=10)
    stock(one, max_per_customer=3)
    mine.add(one, 3)
    assert mine.read()["is_ready"] is True
    factories.place(buyer, variant=one, quantity=2)
    read = mine.read()
    [problem] = read["items"][0]["problems"]
    assert (problem["code"], problem["limit"], problem["available"]) == ("purchase_limit", 3, 1)
    assert problem["detail"] == "One customer may have 3 of it."
    assert (read["is_ready"], read["total"]["amount"]) == (False, "100.00")
    body = {"cart": mine.id, "email": "a@buyers.shop"}
    refused = mine.api.post("/api/orders/checkout/", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "purchase_limit")
    assert refused.json()["errors"][0]["available"] == problem["available"]
    stock(one, max_per_order=2)  # the tighter one is told: two an order, one is left of theirs
    assert mine.read()["items"][0]["problems"][0]["limit"] == 3
    stranger = holder()
    stranger.add(one, 3)
    assert stranger.read()["items"][0]["problems"][0]["limit"] == 2


def test_a_limit_for_each_customer_counts_parts_of_bundles(holder):
    buyer, part = factories.user(), factories.variant(stock=20)
    stock(part, max_per_customer=5)
    bundle = factories.variant(stock=0)
    BundlePart.objects.create(variant=bundle, stock_item=part.stock_item, quantity=2)
    factories.place(buyer, variant=part, quantity=2)
    mine = holder(buyer)
    mine.add(bundle, 2)
    [problem] = mine.read()["items"][0]["problems"]
    assert (problem["code"], problem["limit"], problem["available"]) == ("purchase_limit", 2, 1)
