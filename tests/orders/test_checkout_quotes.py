"""A checkout computes as a quote does: promotions, codes, delivery, tax; a cart becomes one order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction

from cart.models import Cart
from common.actors import GATEWAY, SYSTEM
from inventory.models import StockItem
from orders import services
from orders.models import CancelReason, Order, OrderTrace
from places.models import Area
from pricing.coupon_verbs import create_coupon
from pricing.delivery_verbs import create_method, set_fees
from pricing.models import CouponUse, TaxAssignment, TaxCategory, TaxRate
from pricing.promotion_verbs import create_promotion
from pricing.quoting import recompute
from reporting.doctor import examine
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/api/orders/checkout/"


@pytest.fixture
def post(api):
    def send(*items, client=api, **more):
        body = {"items": [{"variant_id": v.pk, "quantity": n} for v, n in items]} if items else {}
        return client.post(URL, body | {"email": "abebe@buyers.shop"} | more)

    return send


@pytest.fixture
def meskel():
    """Ten percent off, for a code that two may use."""
    promotion = create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10), "needs_code": True}
    )
    return create_coupon(promotion_id=promotion.pk, code="MESKEL", fields={"limit": 2})


@pytest.fixture
def courier():
    addis = Area.objects.create(code="ET-AA", name="Addis Ababa", level=1, kind="region")
    method = create_method(code="courier", name="Courier", kind="courier")
    set_fees(method_id=method.pk, fees=[{"area": addis, "currency": "ETB", "fee": Decimal(50)}])
    return method


def money(body, *names):
    return [body[name]["amount"] for name in names]


SUMS = ("subtotal", "discount_total", "delivery_total", "tax_total", "total")


def test_a_code_takes_something_off_and_is_used(post, meskel):
    body = post((factories.variant(price="115.00"), 2), codes=["meskel"]).json()
    assert money(body, *SUMS) == ["230.00", "23.00", "0.00", "27.00", "207.00"]
    assert body["discounts"] == [
        {"name": "Meskel", "code": "MESKEL", "amount": {"amount": "23.00", "currency": "ETB"}}
    ]
    [line] = body["lines"]
    assert (line["total"]["amount"], line["discount"]["amount"]) == ("230.00", "23.00")
    assert (line["tax"]["amount"], line["tax_rate"]) == ("27.00", "0.1500")
    meskel.refresh_from_db()
    assert meskel.uses == 1
    assert examine() == []


def test_an_order_that_dies_gives_its_code_back_once(post, meskel):
    order = Order.objects.get(
        public_id=post((factories.variant(), 1), codes=["MESKEL"]).json()["id"]
    )
    for _ in range(2):
        with transaction.atomic():
            locked = services.lock_order(order.pk)
            if locked.status == "pending":
                services.cancel(order=locked, by=SYSTEM, reason=CancelReason.EXPIRED)
    meskel.refresh_from_db()
    assert meskel.uses == 0
    assert [use.state for use in CouponUse.objects.all()] == ["given_back"]
    assert examine() == []

    with transaction.atomic():  # its money came after all, and the code has uses left
        assert services.revive(order=services.lock_order(order.pk), by=GATEWAY)
    meskel.refresh_from_db()
    assert meskel.uses == 1


def test_late_money_finds_its_code_used_up(post, meskel):
    order = post((factories.variant(), 1), codes=["MESKEL"]).json()
    with transaction.atomic():
        locked = services.lock_order(Order.objects.get(public_id=order["id"]).pk)
        services.cancel(order=locked, by=SYSTEM, reason=CancelReason.EXPIRED)
    for name in "ab":
        post((factories.variant(), 1), codes=["MESKEL"], email=f"{name}@buyers.shop")
    with transaction.atomic():
        locked = services.lock_order(locked.pk)
        assert not services.revive(order=locked, by=GATEWAY)
    assert StockItem.objects.get(variant=locked.lines.get().variant_id).reserved == 0
    assert examine() == []


@pytest.mark.parametrize(("code", "reason"), [("NOTHING", "unknown_code"), ("MESKEL", "used_up")])
def test_a_code_that_gives_nothing_is_refused_unless_the_customer_knows(post, meskel, code, reason):
    variant = factories.variant(price="100.00", stock=9)
    meskel.limit, meskel.uses = 2, 2
    meskel.save()
    refused = post((variant, 1), codes=[code])
    assert (refused.status_code, refused.json()["code"]) == (409, "coupon_not_applied")
    assert [error["reason"] for error in refused.json()["errors"]] == [reason]
    assert Order.objects.count() == 0
    assert post((variant, 1), codes=[code], expected_total="100.00").status_code == 201


def test_the_difference_is_told(post):
    variant = factories.variant(price="100.00")
    refused = post((variant, 2), expected_total="190.00").json()
    assert refused["code"] == "price_changed"
    assert refused["errors"][0]["difference"] == {"amount": "10.00", "currency": "ETB"}


def test_delivery_is_priced_and_taxed(post, courier):
    body = post(
        (factories.variant(price="115.00"), 1), delivery={"method": "courier", "area": "et-aa"}
    ).json()
    assert money(body, *SUMS) == ["115.00", "0.00", "50.00", "21.52", "165.00"]
    order = Order.objects.get()
    assert (order.delivery_tax, order.delivery_tax_rate) == (Decimal("6.52"), Decimal("0.1500"))
    with transaction.atomic():
        services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    assert [
        violation.invariant
        for violation in examine()
        if violation.invariant not in {"paid ⇔ a succeeded payment", "payments = ledger"}
    ] == []


@pytest.mark.parametrize(
    ("delivery", "status", "code", "field"),
    [
        ({"method": "courier"}, 409, "not_delivered", "delivery.method"),
        ({"method": "balloon", "area": "ET-AA"}, 400, "no_such_delivery_method", "delivery.method"),
        ({"method": "courier", "area": "XX"}, 400, "does_not_exist", "delivery.area"),
        ({"pickup_point": "nowhere"}, 400, "no_such_pickup_point", "delivery.pickup_point"),
    ],
)
def test_where_it_does_not_go(post, courier, delivery, status, code, field):
    refused = post((factories.variant(), 1), delivery=delivery)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["errors"][0]["field"] == field
    assert Order.objects.count() == 0


def test_words_of_before_are_noted_without_a_fee(post):
    body = post((factories.variant(price="10.00"), 1), delivery={"method": "pickup"}).json()
    assert body["delivery"] == {"method": "pickup"}
    assert body["total"]["amount"] == "10.00"


def test_prices_without_tax(post, settings):
    settings.PRICES_INCLUDE_TAX = False
    body = post((factories.variant(price="100.00"), 2)).json()
    assert money(body, *SUMS) == ["200.00", "0.00", "0.00", "30.00", "230.00"]
    assert body["prices_include_tax"] is False
    order = Order.objects.get()
    with transaction.atomic():
        services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    invoice = order.documents.get()
    assert invoice.data["taxes"] == [
        {"rate": "0.1500", "net": "200.00", "tax": "30.00", "gross": "230.00"}
    ]
    assert invoice.total == Decimal("230.00")


def test_each_line_has_the_tax_of_its_kind(post):
    books, coffee = factories.variant(price="100.00"), factories.variant(price="115.00")
    low = TaxCategory.objects.create(code="reduced", name="Reduced")
    TaxRate.objects.create(
        name="VAT", tax_category=low, rate=Decimal("0.02"), valid_from="2003-01-01T00:00Z"
    )
    TaxAssignment.objects.create(product=books.product, tax_category=low)
    body = post((books, 1), (coffee, 1)).json()
    assert [(line["tax"]["amount"], line["tax_rate"]) for line in body["lines"]] == [
        ("1.96", "0.0200"), ("15.00", "0.1500"),
    ]  # fmt: skip
    assert body["tax_total"]["amount"] == "16.96"
    assert examine() == []


def test_the_trace_computes_to_the_order(post, meskel, courier):
    post(
        (factories.variant(price="19.99"), 3),
        (factories.variant(price="7.35"), 1),
        codes=["meskel"],
        delivery={"method": "courier", "area": "ET-AA"},
    )
    trace = OrderTrace.objects.get()
    again, order = recompute(trace.trace), trace.order
    assert (again.total, again.tax_total) == (order.total, order.tax_total)
    assert [line.total for line in again.lines] == [
        line.total - line.discount for line in order.lines.order_by("position")
    ]


# --- carts --------------------------------------------------------------------------------------


@pytest.fixture
def guest_cart(api):
    made = api.post("/api/carts/", {}).json()
    token = {"X-Cart-Token": made["cart_token"]}

    def add(variant, quantity):
        path = f"/api/carts/{made['id']}/items/"
        body = {"variant_id": variant.pk, "quantity": quantity}
        assert api.post(path, body, headers=token).status_code in {200, 201}

    return made["id"], token, add


def test_a_cart_becomes_one_order(api, guest_cart, meskel):
    cart, token, add = guest_cart
    variant = factories.variant(price="100.00", stock=5)
    add(variant, 2)
    api.post(f"/api/carts/{cart}/coupon/", {"code": "meskel"}, headers=token)
    body = {"cart": cart, "email": "abebe@buyers.shop", "expected_total": "180.00"}
    first = api.post(URL, body, headers=token)
    assert first.status_code == 201, first.content
    assert first.json()["total"]["amount"] == "180.00"
    again = api.post(URL, body, headers=token)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.json()["order_token"] == first.json()["order_token"]
    assert Order.objects.count() == 1
    assert str(Cart.objects.get().order) == first.json()["id"]
    assert StockItem.objects.get(variant=variant).reserved == 2
    assert examine() == []


def test_somebody_elses_cart_is_not_there(api, guest_cart):
    cart, _, add = guest_cart
    add(factories.variant(), 1)
    for headers in ({}, {"X-Cart-Token": "x" * 43}):
        answer = api.post(URL, {"cart": cart, "email": "a@buyers.shop"}, headers=headers)
        assert answer.status_code == 404
    assert Order.objects.count() == 0


def test_an_empty_cart_is_no_order(api, guest_cart):
    cart, token, _ = guest_cart
    answer = api.post(URL, {"cart": cart, "email": "a@buyers.shop"}, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (409, "cart_empty")


@pytest.mark.parametrize("more", [{"items": []}, {"codes": []}, {"currency": "ETB"}])
def test_the_cart_says_what_the_body_need_not(api, guest_cart, more):
    cart, token, _ = guest_cart
    answer = api.post(URL, {"cart": cart, "email": "a@buyers.shop"} | more, headers=token)
    assert answer.status_code == 400


def test_neither_items_nor_a_cart(post):
    answer = post()
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "items"


def test_short_stock_names_the_carts_line(api, guest_cart):
    cart, token, add = guest_cart
    add(factories.variant(stock=9), 1)
    add(factories.variant(stock=1), 3)
    answer = api.post(URL, {"cart": cart, "email": "a@buyers.shop"}, headers=token)
    assert answer.status_code == 409
    assert [(e["field"], e["available"]) for e in answer.json()["errors"]] == [
        ("items.1.quantity", 1)
    ]
