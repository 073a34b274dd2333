"""Orders: the checkout, reading, cancelling."""

from __future__ import annotations

from typing import Any

from catalog.models import Variant
from tests.contract.recorder import Recorder
from tests.contract.world import variant_of

KEY = "3f0b6c1e-8a52-4d17-9c4e-6b7f1d2a9e05"
ADDRESS = {
    "name": "Hana Tesfaye",
    "phone": "0911234567",
    "country": "ET",
    "city": "Addis Ababa",
    "sub_city": "Bole",
    "woreda": "03",
    "house_number": "1124",
    "landmark": "Behind Edna Mall, blue gate",
}


def guest_body(s: Recorder, **changes: Any) -> dict[str, Any]:
    """What a guest sends."""
    return {
        "items": [
            {"product_id": s.world.yirgacheffe.pk, "quantity": 2},
            {"variant_id": variant_of(s.world.jebena).pk, "quantity": 1},
        ],
        "email": "hana.tesfaye@example.com",
        "phone": "0911234567",
        "shipping_address": ADDRESS,
        **changes,
    }


def guest_checkout(s: Recorder) -> None:
    """A guest orders, and comes back with the order token."""
    body = guest_body(s, expected_total={"amount": "2320.00", "currency": "ETB"})
    order = s.call(
        "checkout", "guest", "A guest orders coffee and a jebena", body=body, key=KEY, status=201
    )
    guest, path = order["order_token"], {"public_id": order["id"]}
    s.call(
        "orders_retrieve", "guest", "A guest reads the order", path=path, guest=guest, status=200
    )
    s.call("orders_list", "guest", "The order of this token", guest=guest, status=200)
    s.call(
        "orders_list", "wrong_token", "A token that stands for no order",
        guest="x" * 43, status=401, code="not_authenticated",
    )  # fmt: skip
    s.call("orders_history", "new", "What happened so far", path=path, guest=guest, status=200)
    cancelled = s.call(
        "orders_cancel", "cancel", "The guest has changed their mind",
        path=path, guest=guest, key=KEY, status=200,
    )  # fmt: skip
    assert cancelled["status"] == "cancelled"
    s.call(
        "orders_cancel", "ended", "The order has ended already",
        path=path, guest=guest, status=409, code="wrong_order_state",
    )  # fmt: skip
    s.call(
        "orders_history", "cancelled", "After the cancellation", path=path, guest=guest, status=200
    )


def customer_checkout(s: Recorder) -> None:
    """A signed-in customer needs to say less."""
    token = s.world.token(s.world.hana)
    order = s.call(
        "checkout", "customer", "A customer orders; e-mail and telephone are known", token=token,
        body={"items": [{"product_id": s.world.yirgacheffe.pk, "quantity": 1}],
              "shipping_address": {"city": "Addis Ababa", "landmark": "Bole Medhanialem"}},
        key=KEY, status=201,
    )  # fmt: skip
    s.call("orders_list", "customer", "Their own orders", token=token, status=200)
    s.call(
        "orders_list", "narrowed", "Pending ones, one on a page, counted", token=token,
        query={"status": "pending", "page_size": 1, "count": "true"}, status=200,
    )  # fmt: skip
    s.call(
        "orders_list", "invalid", "There is no such status", token=token,
        query={"status": "lost"}, status=400, code="invalid",
    )  # fmt: skip
    path = {"public_id": order["id"]}
    s.call("orders_retrieve", "customer", "One's own order", path=path, token=token, status=200)
    s.call(
        "orders_retrieve", "not_yours", "Somebody else's order is not there", path=path,
        token=s.world.token(s.world.dawit), status=404, code="not_found",
    )  # fmt: skip
    s.call(
        "orders_history", "invalid", "A page size is a number", path=path, token=token,
        query={"page_size": "all"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "orders_list",
        "staff",
        "Staff see everybody's orders",
        token=s.world.staff_token,
        status=200,
    )


def refused_checkout(s: Recorder) -> None:
    """Why a checkout is refused. Nothing is changed by any of these."""
    berbere, jebena = s.world.berbere, s.world.jebena
    s.call(
        "checkout", "out_of_stock", "Only three are left",
        body=guest_body(s, items=[{"product_id": berbere.pk, "quantity": 5}]),
        status=409, code="out_of_stock",
    )  # fmt: skip
    s.call(
        "checkout", "not_for_sale", "Unknown, or not sold any more",
        body=guest_body(s, items=[{"product_id": 999, "quantity": 1}]),
        status=409, code="not_for_sale",
    )  # fmt: skip
    s.call(
        "checkout", "variant_required", "This product comes in several sizes",
        body=guest_body(s, items=[{"product_id": jebena.pk, "quantity": 1}]),
        status=400, code="variant_required",
    )  # fmt: skip
    s.call(
        "checkout", "price_changed", "The customer was shown another total",
        body=guest_body(s, expected_total="2100.00"), status=409, code="price_changed",
    )  # fmt: skip
    s.call(
        "checkout", "invalid", "Each mistake is named",
        body={"items": [{"product_id": berbere.pk, "quantity": 0}], "phone": "12"},
        status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "checkout", "weak_key", "A guest's key must not be guessable",
        body=guest_body(s), key="order-1", status=400, code="invalid_idempotency_key",
    )  # fmt: skip
    dear = Variant.objects.get(sku="YRG-W-500")
    Variant.objects.filter(pk=dear.pk).update(price="999999999999.00")
    s.call(
        "checkout", "total_too_large", "More than one order can hold",
        body=guest_body(s, items=[{"variant_id": dear.pk, "quantity": 2}]),
        status=400, code="total_too_large",
    )  # fmt: skip


STORIES = [guest_checkout, customer_checkout, refused_checkout]
