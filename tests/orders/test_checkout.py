"""The checkout: one transaction, prices of the server, all lines or none."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from inventory.models import Reservation, StockItem
from orders.models import Order, OrderLine
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/api/orders/checkout/"
GUEST = {"email": "abebe@buyers.shop", "shipping_address": {"city": "Addis Ababa"}}


def item(variant, quantity=1):
    return {"variant_id": variant.pk, "quantity": quantity}


def post(api, *items, **body):
    return api.post(URL, {"items": list(items), **GUEST, **body})


def nothing_happened():
    return not Order.objects.exists() and not StockItem.objects.filter(reserved__gt=0).exists()


def test_a_guest_orders(api):
    variant = factories.variant(stock=5, price="115.00", product_name="Yirgacheffe")
    response = post(api, item(variant, 2))
    assert response.status_code == 201
    order = response.json()
    assert order["status"] == "pending"
    assert order["payment_status"] == "unpaid"
    assert order["fulfilment_status"] == "unfulfilled"
    assert order["email"] == "abebe@buyers.shop"
    assert order["total"] == order["subtotal"] == {"amount": "230.00", "currency": "ETB"}
    assert order["tax_total"]["amount"] == "30.00"
    assert order["delivery_total"]["amount"] == order["discount_total"]["amount"] == "0.00"
    assert order["payments"] == []
    assert uuid.UUID(order["id"]).version == 7
    [line] = order["lines"]
    assert (line["product_id"], line["variant_id"]) == (variant.product_id, variant.pk)
    assert (line["name"], line["sku"], line["quantity"]) == ("Yirgacheffe", variant.sku, 2)
    assert line["unit_price"]["amount"] == "115.00"
    assert line["total"]["amount"] == "230.00"
    assert len(order["order_token"]) >= 43
    variant.stock_item.refresh_from_db()
    assert (variant.stock_item.on_hand, variant.stock_item.reserved) == (5, 2)


def test_the_token_stands_for_the_owner_and_is_not_stored(api):
    order = post(api, item(factories.variant())).json()
    token = order.pop("order_token")
    assert not Order.objects.filter(token_hash__contains=token).exists()
    path = f"/api/orders/{order['id']}/"
    assert api.get(path).status_code == 401
    assert api.get(path, headers={"X-Order-Token": token}).json() == order
    assert api.get(path, headers={"X-Order-Token": token[:-1] + "x"}).status_code == 404
    listed = api.get("/api/orders/", headers={"X-Order-Token": token}).json()["results"]
    assert [row["id"] for row in listed] == [order["id"]]


def test_a_customer_orders_with_the_account_s_address(api):
    customer = factories.user()
    api.force_authenticate(customer)
    response = api.post(URL, {"items": [item(factories.variant())]})
    assert response.status_code == 201
    assert response.json()["email"] == customer.email
    assert "order_token" not in response.json()
    assert Order.objects.get().owner == customer


def test_a_simple_product_is_ordered_by_its_own_id(api):
    variant = factories.variant()
    response = post(api, {"product_id": variant.product_id, "quantity": 1})
    assert response.json()["lines"][0]["variant_id"] == variant.pk


def test_a_product_with_variants_wants_a_choice(api):
    variant = factories.variant()
    other = factories.variant(product=variant.product)
    response = post(api, {"product_id": variant.product_id, "quantity": 1})
    assert response.status_code == 400
    assert response.json()["code"] == "variant_required"
    assert response.json()["errors"][0]["variants"] == [variant.pk, other.pk]


def test_lines_of_one_sku_are_summed_before_the_check(api):
    """medusa#16502: two lines of one item, each checked alone, sold more than there was."""
    variant = factories.variant(stock=3)
    response = post(api, item(variant, 2), item(variant, 2))
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "out_of_stock"
    assert [(e["field"], e["available"]) for e in problem["errors"]] == [
        ("items.0.quantity", 3),
        ("items.1.quantity", 3),
    ]
    assert nothing_happened()
    placed = post(api, item(variant, 1), item(variant, 2)).json()
    assert [line["quantity"] for line in placed["lines"]] == [3]


def test_all_lines_or_none(api):
    plenty, none = factories.variant(stock=10), factories.variant(stock=0)
    response = post(api, item(plenty), item(none))
    assert response.status_code == 409
    assert [e["field"] for e in response.json()["errors"]] == ["items.1.quantity"]
    assert nothing_happened()


def test_refused_under_the_lock_too(api, monkeypatch):
    """The glance before the lock may be out of date: `reserve` decides, and the answer is the same."""
    variant = factories.variant(stock=1)
    monkeypatch.setattr("orders.checkout.refuse_early", lambda lines: None)
    response = post(api, item(variant, 2))
    assert response.status_code == 409
    assert response.json()["errors"][0]["available"] == 1
    assert nothing_happened()


@pytest.mark.parametrize("flaw", ["unknown", "draft", "archived product", "archived variant"])
def test_not_for_sale(api, flaw, django_assert_num_queries):
    variant = factories.variant()
    asked = item(variant)
    if flaw == "unknown":
        asked = {"product_id": 2**62, "quantity": 1}
    elif flaw == "draft":
        type(variant.product).objects.update(is_published=False)
    elif flaw == "archived product":
        type(variant.product).objects.update(is_published=False, archived_at=variant.created_at)
    else:
        type(variant).objects.update(archived_at=variant.created_at)
    response = post(api, asked)
    assert response.status_code == 409
    assert response.json()["code"] == "not_for_sale"
    assert response.json()["errors"][0]["field"] == "items.0"
    assert nothing_happened()


@pytest.mark.parametrize(
    "quantity", [0, -1, 1.5, "1.5", "1e3", True, None, 10**9, 2**31, 2**70, "", [], {}, "٣x"]
)
def test_quantities_that_are_none(api, quantity):
    response = post(api, {"variant_id": factories.variant().pk, "quantity": quantity})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "items.0.quantity"
    assert nothing_happened()


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"items": []}, "items", "empty"),
        ({"items": None}, "items", "null"),
        ({"items": [{}]}, "items.0.quantity", "required"),
        ({"items": [{"quantity": 1}]}, "items.0.product_id", "required"),
        ({"items": [{"quantity": 1, "price": 1, "variant_id": 1}]}, "items.0.price", "unknown_field"),
        ({"total": "1.00"}, "total", "unknown_field"),
        ({"status": "paid"}, "status", "unknown_field"),
        ({"email": "nobody"}, "email", "invalid"),
        ({"email": "", "phone": ""}, "email", "required"),
        ({"phone": "12"}, "phone", "invalid_phone"),
        ({"expected_total": "NaN"}, "expected_total", "invalid"),
        ({"expected_total": {"amount": "1.00", "currency": "KES"}}, "expected_total", "currency"),
        ({"shipping_address": {"planet": "Mars"}}, "shipping_address.planet", "unknown_field"),
        ({"shipping_address": {"city": "a\0b"}}, "shipping_address.city", "null_characters_not_allowed"),
    ],
)  # fmt: skip
def test_bad_bodies_name_the_field_and_change_nothing(api, body, field, code):
    complete = {"items": [item(factories.variant())], **GUEST, **body}
    response = api.post(URL, complete)
    assert response.status_code == 400
    assert (response.json()["errors"][0]["field"], response.json()["errors"][0]["code"]) == (
        field,
        code,
    )
    assert nothing_happened()


def test_too_many_items(api):
    response = post(api, *[item(factories.variant())] * 101)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "items"


def test_prices_come_from_the_server(api):
    """The original student project let the client name its price."""
    variant = factories.variant(price="100.00")
    response = post(api, item(variant), expected_total="1.00")
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "price_changed"
    assert problem["errors"][0]["actual"] == {"amount": "100.00", "currency": "ETB"}
    assert nothing_happened()
    for right in ("100.00", "100", 100, {"amount": "100.00", "currency": "ETB"}):
        assert post(api, item(variant), expected_total=right).status_code == 201


def test_an_order_keeps_its_prices_and_names(api):
    variant = factories.variant(price="100.00", product_name="Sidamo")
    placed = post(api, item(variant)).json()
    type(variant).objects.update(price=Decimal("999.00"))
    type(variant.product).objects.update(name="Renamed")
    token = placed.pop("order_token")
    read = api.get(f"/api/orders/{placed['id']}/", headers={"X-Order-Token": token}).json()
    assert read == placed


def test_a_telephone_is_enough_and_is_normalised(api):
    response = api.post(URL, {"items": [item(factories.variant())], "phone": "0911 23 45 67"})
    assert response.status_code == 201
    assert (response.json()["phone"], response.json()["email"]) == ("+251911234567", "")


def test_a_free_order_is_paid_at_once(api, mailbox):
    response = post(api, item(factories.variant(price="0.00")))
    assert (response.json()["status"], response.json()["payment_status"]) == ("paid", "paid")
    assert not Reservation.objects.filter(state="active").exists()
    assert [letter.recipient for letter in mailbox()] == ["abebe@buyers.shop"]


def test_statements_do_not_grow_with_lines(api, django_assert_max_num_queries):
    variants = [factories.variant() for _ in range(20)]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with django_assert_max_num_queries(20) as one:
        api.post(URL, {"items": [item(variants[0])], **GUEST}, headers=key)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with django_assert_max_num_queries(20) as many:
        api.post(URL, {"items": [item(v) for v in variants], **GUEST}, headers=key)
    assert len(one) == len(many)
    assert OrderLine.objects.count() == 21


def test_a_repeated_call_gives_the_same_order_and_bytes(api):
    variant = factories.variant(stock=5)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"items": [item(variant)], **GUEST}
    first = api.post(URL, body, headers=key)
    again = api.post(URL, dict(reversed(body.items())), headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert first.json()["order_token"]
    assert Order.objects.count() == 1


def test_a_replay_survives_a_new_secret_key(api, settings):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"items": [item(factories.variant())], **GUEST}
    first = api.post(URL, body, headers=key)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret that is long enough to be one, really"
    assert api.post(URL, body, headers=key).content == first.content


def test_the_stored_reply_holds_no_token(api):
    from common.models import StoredReply

    key = {"Idempotency-Key": str(uuid.uuid4())}
    token = api.post(URL, {"items": [item(factories.variant())], **GUEST}, headers=key).json()[
        "order_token"
    ]
    assert token.encode() not in bytes(StoredReply.objects.get().body)


def test_a_key_with_another_body_is_refused(api):
    variant = factories.variant()
    key = {"Idempotency-Key": str(uuid.uuid4())}
    api.post(URL, {"items": [item(variant)], **GUEST}, headers=key)
    response = api.post(URL, {"items": [item(variant, 2)], **GUEST}, headers=key)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_a_refusal_is_not_stored(api):
    variant = factories.variant(stock=0)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert api.post(URL, {"items": [item(variant)], **GUEST}, headers=key).status_code == 409
    StockItem.objects.update(on_hand=1)
    assert api.post(URL, {"items": [item(variant)], **GUEST}, headers=key).status_code == 201


def test_keys_of_two_customers_do_not_meet(api):
    variant = factories.variant()
    for _ in range(2):
        api.force_authenticate(factories.user())
        response = api.post(URL, {"items": [item(variant)]}, headers={"Idempotency-Key": "mine"})
        assert response.status_code == 201
        assert "Idempotency-Replayed" not in response.headers
    assert Order.objects.count() == 2
