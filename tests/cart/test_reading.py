"""A cart as it stands: what has changed since, what can be had, and that it is what the quote says."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.models import CustomerGroup
from cart.models import Cart, CartItem
from catalog.models import BundlePart, Image, Price, PriceList
from inventory.models import StockItem
from places.models import Area
from pricing.models import Coupon, DeliveryFee, DeliveryMethod, Promotion
from tests import factories

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=1)


def codes(read):
    return [[problem["code"] for problem in item["problems"]] for item in read["items"]]


def stock(variant, **facts):
    StockItem.objects.filter(pk=variant.stock_item_id).update(**facts)


def test_a_price_that_moved_is_told_and_blocks_nothing(holder):
    guest, one = holder(), factories.variant(price="100.00")
    guest.add(one, 2)
    type(one).objects.update(price="120.00")
    read = guest.read()
    [problem] = read["items"][0]["problems"]
    assert problem["code"] == "price_changed"
    assert problem["was"] == {"amount": "100.00", "currency": "ETB"}
    assert problem["now"] == {"amount": "120.00", "currency": "ETB"}
    assert problem["blocks"] is False
    assert read["is_ready"] is True
    assert read["total"]["amount"] == "240.00"
    assert guest.read() == read  # reading it again hides nothing
    accepted = guest.api.patch(guest.url, {"accept_prices": True}).json()
    assert codes(accepted) == [[]]
    assert codes(guest.read()) == [[]]


def test_what_is_short_is_told_and_not_paid_for(holder):
    guest = holder()
    plenty, few, gone = (factories.variant(stock=n, price="10.00") for n in (10, 3, 5))
    for one in [plenty, few, gone]:
        guest.add(one, 5)
    stock(gone, on_hand=0)
    read = guest.read()
    assert codes(read) == [[], ["out_of_stock"], ["out_of_stock"]]
    assert [item["problems"][0]["available"] for item in read["items"][1:]] == [3, 0]
    assert [item["available"] for item in read["items"]] == [5, 3, 0]
    assert read["items"][2]["total"] is None
    assert read["items"][2]["unit_price"]["amount"] == "10.00"
    assert read["total"]["amount"] == "80.00"
    assert read["is_ready"] is False


def test_what_shares_stock_is_served_in_turn(holder):
    guest, part = holder(), factories.variant(stock=5)
    bundle = factories.variant(stock=0)
    BundlePart.objects.create(variant=bundle, stock_item=part.stock_item, quantity=2)
    guest.add(bundle, 2)
    guest.add(part, 2)
    read = guest.read()
    assert codes(read) == [[], ["out_of_stock"]]
    assert [item["available"] for item in read["items"]] == [2, 1]
    stock(part, on_hand=6)
    assert guest.read()["is_ready"] is True
    stock(part, max_per_order=5)
    read = guest.read()
    assert codes(read) == [[], ["purchase_limit"]]
    assert read["items"][1]["problems"][0]["limit"] == 5


def test_a_purchase_limit_is_told(holder):
    guest, one = holder(), factories.variant(stock=10)
    stock(one, max_per_order=2)
    guest.add(one, 3)
    [problem] = guest.read()["items"][0]["problems"]
    assert (problem["code"], problem["limit"], problem["available"]) == ("purchase_limit", 2, 2)
    assert guest.read()["total"]["amount"] == "200.00"


def test_pieces_on_back_order_can_be_had(holder):
    guest, one = holder(), factories.variant(stock=1)
    stock(one, backorder_limit=4)
    guest.add(one, 5)
    assert guest.read()["is_ready"] is True


def test_what_is_withdrawn_stays_and_says_so(holder):
    guest = holder()
    archived, unpublished, deleted, fine = (factories.variant() for _ in range(4))
    for one in [archived, unpublished, deleted, fine]:
        guest.add(one)
    type(archived).objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    unpublished.product.is_published = False
    unpublished.product.save()
    staff = holder(factories.staff()).api
    assert staff.delete(f"/api/products/{deleted.product_id}/").status_code == 204
    read = guest.read()
    assert codes(read) == [["not_for_sale"]] * 3 + [[]]
    assert read["items"][0]["name"]
    assert read["items"][0]["unit_price"] is None
    assert read["total"]["amount"] == "100.00"
    assert read["is_ready"] is False
    # It may still become fewer, or go.
    for item in read["items"][:3]:
        line = f"{guest.url}items/{item['id']}/"
        assert guest.api.patch(line, {"quantity": 1}).status_code == 200
        assert guest.api.delete(line).status_code == 204
    assert guest.read()["is_ready"] is True


def test_what_has_no_price_in_the_currency_says_so(holder):
    guest, one, other = holder(currency="USD"), factories.variant(), factories.variant()
    Price.objects.create(
        variant=one, price_list_id=1, currency="USD", amount="9.50", valid_from=LONG_AGO
    )
    guest.add(one, 2)
    assert guest.read()["total"] == {"amount": "19.00", "currency": "USD"}
    cart = Cart.objects.get()
    CartItem.objects.create(cart=cart, variant=other, quantity=1, shown_price="5.00")
    read = guest.read()
    assert codes(read) == [[], ["not_sold_in_currency"]]
    assert (read["items"][1]["unit_price"], read["items"][1]["available"]) == (None, 0)
    assert (read["total"]["amount"], read["is_ready"]) == ("19.00", False)
    back = guest.api.patch(guest.url, {"currency": "ETB"}).json()
    assert codes(back) == [[], []]
    assert back["total"] == {"amount": "300.00", "currency": "ETB"}


def test_an_empty_cart_and_one_that_is_too_dear(holder):
    guest = holder()
    read = guest.read()
    assert [one["code"] for one in read["problems"]] == ["empty"]
    assert (read["total"]["amount"], read["is_ready"]) == ("0.00", False)
    dear = factories.variant(price="999999999999.00", stock=10)
    guest.add(dear, 2)
    read = guest.read()
    assert [one["code"] for one in read["problems"]] == ["total_too_large"]
    assert read["total"] is None
    refused = guest.api.get(f"{guest.url}quote/")
    assert (refused.status_code, refused.json()["code"]) == (400, "total_too_large")


def test_a_customer_has_the_prices_of_their_group(holder):
    group = CustomerGroup.objects.create(name="Cafes")
    cafes = PriceList.objects.create(name="Cafes", group=group)
    one = factories.variant(price="100.00")
    Price.objects.create(
        variant=one, price_list=cafes, currency="", amount="80.00", valid_from=LONG_AGO
    )
    cafe, guest = holder(factories.user(customer_group=group)), holder()
    assert cafe.add(one).json()["total"]["amount"] == "80.00"
    assert guest.add(one).json()["total"]["amount"] == "100.00"
    steps = cafe.quote()["items"][0]["steps"]
    assert [step["step"] for step in steps][:2] == ["list", "price_list"]
    assert steps[1]["change"] == {"amount": "-20.00", "currency": "ETB"}


# --- delivery -----------------------------------------------------------------------------------


@pytest.fixture
def courier():
    region = Area.objects.create(
        kind="chartered_city", level=1, code="ET-ZZ", name="Testville", is_active=True
    )
    method = DeliveryMethod.objects.create(code="bike", name="Bicycle", kind="courier")
    DeliveryFee.objects.create(method=method, area=region, currency="ETB", fee="50.00")
    return method


def test_a_delivery_is_chosen_priced_and_may_go(holder, courier):
    guest, one = holder(), factories.variant(price="100.00")
    guest.add(one)
    chosen = guest.api.patch(guest.url, {"delivery": {"method": "bike", "area": "et-zz"}}).json()
    assert chosen["delivery"]["area"] == "ET-ZZ"
    assert chosen["delivery_total"]["amount"] == "50.00"
    assert chosen["total"]["amount"] == "150.00"
    assert guest.quote()["delivery"]["fee"]["amount"] == "50.00"
    courier.is_active = False
    courier.save()
    read = guest.read()
    assert [one["code"] for one in read["problems"]] == ["no_delivery"]
    assert read["problems"][0]["reason"] == "not_offered"
    assert (read["total"]["amount"], read["is_ready"]) == ("100.00", False)
    none = guest.api.patch(guest.url, {"delivery": None}).json()
    assert (none["delivery"], none["is_ready"]) == (None, True)


def test_a_delivery_may_be_tried(holder, courier):
    guest, one = holder(), factories.variant(price="100.00")
    guest.add(one)
    tried = guest.quote(delivery="bike")
    assert tried["no_delivery"]["reason"] == "area_needed"
    assert guest.quote(delivery="bike", area="ET-ZZ")["total"]["amount"] == "150.00"
    assert guest.quote()["total"]["amount"] == "100.00"
    for query, field in [
        ({"delivery": "rocket"}, "method"),
        ({"area": "XX"}, "area"),
        ({"pickup_point": "nowhere"}, "pickup_point"),
    ]:
        refused = guest.api.get(f"{guest.url}quote/", query)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"method": "rocket"}, "delivery.method"),
        ({"area": "ET-XX"}, "delivery.area"),
        ({"pickup_point": "nowhere"}, "delivery.pickup_point"),
        ({"method": "bike", "window": 1}, "delivery.day"),
        ({"method": "bike", "window": 1, "day": "2030-01-01"}, "delivery.window"),
        ({"area": "ET-ZZ", "pickup_point": "x"}, "delivery.area"),
    ],
)
def test_what_does_not_exist_is_not_chosen(holder, courier, choice, field):
    guest = holder()
    refused = guest.api.patch(guest.url, {"delivery": choice}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)
    assert Cart.objects.get().version == 1


# --- codes --------------------------------------------------------------------------------------


@pytest.fixture
def meskel():
    promotion = Promotion.objects.create(
        name="Meskel", kind="percentage", level="order", percent=Decimal(10), needs_code=True
    )
    return Coupon.objects.create(promotion=promotion, code="MESKEL")


def test_a_code_is_kept_and_explained(holder, meskel):
    guest, one = holder(), factories.variant(price="100.00")
    guest.add(one, 2)
    read = guest.code("mes kel").json()
    assert read["codes"] == ["MESKEL"]
    assert (read["discount_total"]["amount"], read["total"]["amount"]) == ("20.00", "180.00")
    assert guest.code("MESKEL").json()["codes"] == ["MESKEL"]
    quote = guest.quote()
    assert quote["applied"] == [
        {"name": "Meskel", "code": "MESKEL", "amount": {"amount": "20.00", "currency": "ETB"}}
    ]
    assert "Meskel" in quote["items"][0]["explained"]
    assert quote["expected_total"] == read["total"]
    meskel.promotion.first_order_only = True
    meskel.promotion.valid_until = timezone.now()
    meskel.promotion.save()
    quote = guest.quote()
    assert [(one["code"], one["reason"]) for one in quote["not_applied"]] == [("MESKEL", "expired")]
    assert guest.api.delete(f"{guest.url}coupon/", {"code": "Meskel"}).status_code == 204
    assert guest.read()["codes"] == []


def test_codes_that_are_none(holder, meskel):
    guest = holder()
    for code in ["MESKE", "☃", "x" * 100]:
        refused = guest.code(code)
        assert (refused.status_code, refused.json()["code"]) == (409, "unknown_code")
    assert guest.code("").status_code == 400
    assert guest.code("x" * 101).status_code == 400
    Coupon.objects.bulk_create(
        Coupon(promotion=meskel.promotion, code=f"CODE{n}") for n in range(10)
    )
    for n in range(10):
        assert guest.code(f"CODE{n}").status_code == 200
    refused = guest.code("MESKEL")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_codes")
    assert guest.api.delete(f"{guest.url}coupon/").status_code == 204
    assert guest.read()["codes"] == []


def test_guessing_codes_ends(holder, settings):
    settings.RATE_LIMITS = True
    guest = holder()
    tries = [guest.code(f"GUESS{n}").status_code for n in range(31)]
    assert tries == [409] * 30 + [429]


# --- what reading costs -------------------------------------------------------------------------


def statements(who, url=""):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert who.api.get(who.url + url).status_code == 200
    return len(captured)


def test_reading_costs_the_same_for_one_line_and_a_hundred(holder, courier, meskel):
    guest = holder()
    guest.add(factories.variant())
    one = [statements(guest), statements(guest, "quote/")]
    cart = Cart.objects.get()
    CartItem.objects.bulk_create(
        CartItem(cart=cart, variant=factories.variant(), quantity=2) for _ in range(99)
    )
    Image.objects.create(product=factories.variant().product, source_url="https://a.shop/x.png")
    assert len(guest.read()["items"]) == 100
    assert [statements(guest), statements(guest, "quote/")] == one == [4, 4]
    guest.code("MESKEL")
    assert [statements(guest), statements(guest, "quote/")] == [4, 4]
    guest.api.patch(guest.url, {"delivery": {"method": "bike", "area": "ET-ZZ"}})
    assert [statements(guest), statements(guest, "quote/")] == [8, 8]


def test_reading_costs_a_customer_with_all_there_is_eight_statements(holder, courier, meskel):
    group = CustomerGroup.objects.create(name="Cafes")
    PriceList.objects.create(name="Cafes", group=group)
    who = holder(factories.user(customer_group=group))
    for _ in range(3):
        who.add(factories.variant())
    assert statements(who) == statements(who, "quote/") == 5


# --- the cart is what the quote says ------------------------------------------------------------


def test_a_carts_totals_are_those_of_its_quote_and_of_its_lines(holder, courier, meskel):
    dice = random.Random(5)
    variants = [
        factories.variant(stock=dice.randint(0, 12), price=f"{dice.randint(1, 99999) / 100:.2f}")
        for _ in range(12)
    ]
    for one in dice.sample(variants, 3):
        stock(one, max_per_order=dice.randint(1, 5))
    for _ in range(25):
        guest = holder()
        for one in dice.sample(variants, dice.randint(0, 8)):
            guest.add(one, dice.randint(1, 9))
        if dice.random() < 0.5:
            guest.code("MESKEL")
        if dice.random() < 0.5:
            guest.api.patch(guest.url, {"delivery": {"method": "bike", "area": "ET-ZZ"}})
        read, quote = guest.read(), guest.quote()
        for name in [
            "subtotal", "discount_total", "delivery_total", "tax_total", "total", "is_ready"
        ]:  # fmt: skip
            assert read[name] == quote[name]
        amount = {
            name: Decimal(read[name]["amount"])
            for name in ["subtotal", "discount_total", "delivery_total", "total"]
        }
        lines = [one for one in read["items"] if one["total"] is not None]
        assert {one["id"] for one in lines} == {one["id"] for one in quote["items"]}
        assert sum(Decimal(one["total"]["amount"]) for one in lines) == (
            amount["subtotal"] - amount["discount_total"]
        )
        assert amount["total"] == (
            amount["subtotal"] - amount["discount_total"] + amount["delivery_total"]
        )
        assert all(one["available"] for one in lines)
        assert read["is_ready"] == (
            bool(lines) and all(one["available"] == one["quantity"] for one in read["items"])
        )
