"""Orders: the checkout, reading, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from unittest import mock

from django.test import override_settings

from account.models import User
from cart.items import add_item
from cart.models import Cart
from cart.services import open_cart
from catalog.models import Variant
from inventory.models import StockItem
from orders import checkout
from places.models import Area
from pricing import asking, bookings, delivery_views
from pricing.basket import Basket
from pricing.coupon_verbs import create_coupon
from pricing.delivery_verbs import create_method, set_fees, set_windows
from pricing.models import Coupon, DeliveryMethod
from pricing.promotion_verbs import create_promotion
from pricing.quotes import Quote
from tests.contract.placeholders import EPOCH
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


def from_a_cart(s: Recorder) -> None:
    """A cart with a code becomes an order that is brought home."""
    _courier()
    coupon = _meskel()
    token = s.world.token(s.world.hana)
    cart = _cart_of(s.world.hana)
    body = {"cart": cart, "delivery": {"method": "courier", "area": "ET-AA"}}
    s.call(
        "checkout", "empty_cart", "There is nothing in the cart", token=token, body=body,
        status=409, code="cart_empty",
    )  # fmt: skip
    add_item(
        cart_id=cart,
        among=Cart.objects.all(),
        variant_id=variant_of(s.world.yirgacheffe).pk,
        quantity=2,
    )
    Cart.objects.update(codes=["MESKEL"])
    s.call(
        "checkout", "other_currency", "The cart is in birr", token=token,
        body={**body, "expected_total": {"amount": "30.00", "currency": "USD"}},
        status=400, code="wrong_currency",
    )  # fmt: skip
    s.call(
        "checkout", "no_such_cart", "Somebody else's cart is not there", token=s.world.token(s.world.dawit),
        body=body, status=404, code="not_found",
    )  # fmt: skip
    real = checkout.quote

    def overtaken(basket: Basket) -> Quote:
        made = real(basket)
        Coupon.objects.filter(pk=coupon.pk).update(uses=1)  # somebody else was faster
        return made

    with mock.patch.object(checkout, "quote", overtaken):
        s.call(
            "checkout", "overtaken", "The code was used up a moment ago", token=token, body=body,
            status=409, code="coupon_used_up",
        )  # fmt: skip
    Coupon.objects.update(uses=0)
    s.call(
        "checkout", "cart", "A cart becomes an order, with its code, and a courier", token=token,
        body={**body, "expected_total": "1580.00"}, key=KEY, status=201,
    )  # fmt: skip
    s.call(
        "checkout", "cart_again", "Tried again without its key: the same order", token=token,
        body=body, status=201,
    )  # fmt: skip
    with override_settings(RATE_LIMITS=True, MAX_OPEN_ORDERS=1):
        s.call(
            "checkout", "too_much_reserved", "One order of theirs is not paid yet", token=token,
            body={"items": [{"product_id": s.world.yirgacheffe.pk, "quantity": 1}]},
            status=409, code="too_much_reserved",
        )  # fmt: skip


def refused_wishes(s: Recorder) -> None:
    """A code that gives nothing, a limit, and places where nothing goes."""
    _courier()
    coffee = variant_of(s.world.yirgacheffe)
    s.call(
        "checkout", "useless_code", "There is no such code",
        body=guest_body(s, codes=["MASKEL"]), status=409, code="coupon_not_applied",
    )  # fmt: skip
    s.call(
        "checkout", "not_delivered", "The courier wants to know where to",
        body=guest_body(s, delivery={"method": "courier"}), status=409, code="not_delivered",
    )  # fmt: skip
    s.call(
        "checkout", "no_method", "There is no such delivery method",
        body=guest_body(s, delivery={"method": "balloon"}),
        status=400, code="no_such_delivery_method",
    )  # fmt: skip
    s.call(
        "checkout", "no_area", "There is no such area",
        body=guest_body(s, delivery={"area": "ET-XX"}), status=400, code="does_not_exist",
    )  # fmt: skip
    s.call(
        "checkout", "no_pickup_point", "There is no such pickup point",
        body=guest_body(s, delivery={"pickup_point": "piassa"}),
        status=400, code="no_such_pickup_point",
    )  # fmt: skip
    StockItem.objects.filter(pk=coffee.stock_item_id).update(max_per_order=1)
    s.call(
        "checkout", "purchase_limit", "One to a customer",
        body=guest_body(s, items=[{"variant_id": coffee.pk, "quantity": 2}]),
        status=409, code="purchase_limit",
    )  # fmt: skip


def in_a_window(s: Recorder) -> None:
    """A customer chooses when the courier comes; the next one is too late."""
    chosen = {"method": "courier", "area": "ET-AA", **one_window(_courier())}
    cup = [{"variant_id": variant_of(s.world.jebena).pk, "quantity": 1}]
    with standing_days():
        s.call(
            "checkout", "window", "Delivered on Wednesday afternoon",
            body=guest_body(s, items=cup, delivery=chosen), key=KEY, status=201,
        )  # fmt: skip
        s.call(
            "checkout", "window_full", "The next one asks for another afternoon",
            body=guest_body(s, items=cup, delivery=chosen), status=409, code="delivery_window_full",
        )  # fmt: skip
        s.call(
            "checkout", "window_unavailable", "That afternoon is over",
            body=guest_body(s, items=cup, delivery={**chosen, "day": "2026-10-28"}),
            status=409, code="delivery_window_unavailable",
        )  # fmt: skip
        s.call(
            "checkout", "window_without_day", "A window and a day go together",
            body=guest_body(s, delivery={"method": "courier", "window": chosen["window"]}),
            status=400, code="invalid",
        )  # fmt: skip


@contextmanager
def standing_days() -> Iterator[None]:
    """Windows are offered as on the same Monday in every recording."""
    clock = SimpleNamespace(now=lambda: EPOCH)
    with (
        mock.patch.object(asking, "timezone", clock),
        mock.patch.object(delivery_views, "timezone", clock),
        mock.patch.object(bookings, "today", return_value=EPOCH.date()),
    ):
        yield


def one_window(method: DeliveryMethod) -> dict[str, Any]:
    """Wednesday afternoons, for one order; and how a request names the next of them."""
    afternoon = {"weekday": 3, "begins": time(14), "ends": time(17), "capacity": 1}
    [window] = set_windows(method_id=method.pk, windows=[afternoon]).windows.all()
    return {"window": window.pk, "day": "2026-11-04"}


def _courier() -> DeliveryMethod:
    addis = Area.objects.create(code="ET-AA", name="Addis Ababa", level=1, kind="region")
    method = create_method(code="courier", name="Courier", kind="courier")
    fees = [{"area": addis, "currency": "ETB", "fee": Decimal(50)}]
    return set_fees(method_id=method.pk, fees=fees)


def _meskel() -> Coupon:
    promotion = create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10), "needs_code": True}
    )
    return create_coupon(promotion_id=promotion.pk, code="MESKEL", fields={"limit": 1})


def _cart_of(user: User) -> str:
    return str(open_cart(user=user).public_id)


STORIES = [
    guest_checkout,
    customer_checkout,
    refused_checkout,
    from_a_cart,
    refused_wishes,
    in_a_window,
]
