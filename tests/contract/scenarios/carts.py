"""Carts: a guest fills one, reads what has changed, signs in; and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from cart.models import Cart, CartItem
from cart.services import mark_ordered, open_cart
from common.ids import uuid7
from inventory.models import StockItem
from pricing.models import Coupon, Promotion
from tests import factories
from tests.contract.recorder import Recorder
from tests.contract.scenarios import catalog_prices
from tests.contract.world import PASSWORD, variant_of

KEY = "5f0b6c1e-8a52-4d17-9c4e-6b7f1d2a9e05"


def _meskel() -> Promotion:
    promotion = Promotion.objects.create(
        name="Meskel", kind="percentage", level="order", percent=Decimal(10), needs_code=True
    )
    Coupon.objects.create(promotion=promotion, code="MESKEL")
    return promotion


def guests_cart(s: Recorder) -> None:
    """A guest fills a cart, uses a code, and asks what it costs."""
    _meskel()
    coffee, jebena = variant_of(s.world.yirgacheffe), variant_of(s.world.jebena)
    started = s.call("carts_create", "guest", "A guest starts a cart", body={}, key=KEY, status=201)
    guest = started["cart_token"]
    path = {"cart_id": started["id"]}
    s.call(
        "carts_items_add", "variant", "Two packets of coffee", path=path, cart=guest,
        body={"variant_id": coffee.pk, "quantity": 2}, key=KEY, status=201,
    )  # fmt: skip
    filled = s.call(
        "carts_items_add", "jebena", "And a jebena", path=path, cart=guest,
        body={"variant_id": jebena.pk, "quantity": 1}, status=201,
    )  # fmt: skip
    s.call(
        "carts_items_add", "grows", "One more packet: the line grows", path=path, cart=guest,
        body={"variant_id": coffee.pk}, status=200,
    )  # fmt: skip
    line = {**path, "item_id": filled["items"][0]["id"]}
    s.call(
        "carts_items_update", "quantity", "Two are enough", path=line, cart=guest,
        body={"quantity": 2}, status=200,
    )  # fmt: skip
    s.call(
        "carts_coupon_add", "code", "A code, however it is typed", path=path, cart=guest,
        body={"code": "meskel"}, key=KEY, status=200,
    )  # fmt: skip
    s.call(
        "carts_coupon_add", "unknown", "There is no such code", path=path, cart=guest,
        body={"code": "MESKAL"}, status=409, code="unknown_code",
    )  # fmt: skip
    s.call("carts_quote", "explained", "Every step of the price", path=path, cart=guest, status=200)
    s.call(
        "carts_coupon_remove", "code", "Forget the code", path=path, cart=guest,
        body={"code": "MESKEL"}, status=204,
    )  # fmt: skip
    s.call(
        "carts_update", "note", "A word to the shop", path=path, cart=guest,
        body={"note": "Please grind the coffee."}, status=200,
    )  # fmt: skip
    s.call("carts_list", "guest", "The cart of this token", cart=guest, status=200)
    misspelt(s, path, line, guest)
    type(coffee).objects.filter(pk=coffee.pk).update(price="950.00")
    StockItem.objects.filter(pk=jebena.stock_item_id).update(on_hand=0)
    s.call(
        "carts_retrieve", "moved", "A price has moved, and the jebena is sold out", path=path,
        cart=guest, status=200,
    )  # fmt: skip
    s.call(
        "carts_retrieve", "not_yours", "Without its token the cart is not there", path=path,
        status=404, code="not_found",
    )  # fmt: skip
    s.call("carts_items_remove", "line", "Take a line out", path=line, cart=guest, status=204)
    s.call("carts_delete", "cart", "And forget the cart", path=path, cart=guest, status=204)


def misspelt(s: Recorder, path: dict[str, str], line: dict[str, str], guest: str) -> None:
    """What cannot be meant; the cart stays as it is."""
    coffee = variant_of(s.world.yirgacheffe)
    s.call(
        "carts_create", "invalid", "Nothing is sold in gold", body={"currency": "XAU"}, status=400,
        code="invalid",
    )  # fmt: skip
    cases: list[tuple[str, dict[str, str], str, object]] = [
        ("carts_items_add", path, "Either a product or one of its variants, not both",
         {"product_id": s.world.yirgacheffe.pk, "variant_id": coffee.pk}),
        ("carts_items_update", line, "Zero takes the line out; nothing is below", {"quantity": -1}),
        ("carts_update", path, "A window of delivery goes with a day", {"delivery": {"window": 1}}),
        ("carts_coupon_add", path, "The field was left empty", {"code": ""}),
        ("carts_coupon_remove", path, "To forget all codes leave `code` out", {"code": ""}),
    ]  # fmt: skip
    for operation, where, summary, body in cases:
        case = ("invalid", summary, 400, "invalid", body)
        catalog_prices.refused(s, operation, [case], path=where, cart=guest)
    s.call(
        "carts_quote", "invalid", "There is no such area", path=path, cart=guest,
        query={"area": "ET-NOWHERE"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "carts_list", "invalid", "Abandoned is no status; ask for `abandoned=true`", cart=guest,
        query={"status": "abandoned"}, status=400, code="invalid",
    )  # fmt: skip


def merging(s: Recorder) -> None:
    """A guest who signs in keeps what was gathered."""
    coffee, jebena = variant_of(s.world.yirgacheffe), variant_of(s.world.jebena)
    token = s.world.token(s.world.hana)
    own = s.call(
        "carts_create",
        "customer",
        "A customer starts a cart",
        token=token,
        body={},
        key=KEY,
        status=201,
    )
    s.call(
        "carts_items_add", "customer", "Two packets", path={"cart_id": own["id"]}, token=token,
        body={"variant_id": coffee.pk, "quantity": 2}, key=KEY, status=201,
    )  # fmt: skip
    for pieces, by_login in ((3, True), (1, False)):
        guest = s.call("carts_create", f"later_{pieces}", "On another device", body={}, status=201)
        header = guest["cart_token"]
        for variant in (coffee, jebena):
            gathered = s.call(
                "carts_items_add", f"guest_{pieces}_{variant.sku}", "As a guest", cart=header,
                path={"cart_id": guest["id"]}, body={"variant_id": variant.pk, "quantity": pieces},
                status=201,
            )  # fmt: skip
        if by_login:
            s.call(
                "auth_login", "with_cart", "Log in with a guest's cart: it is merged",
                body={"email": s.world.hana.email, "password": PASSWORD}, cart=header, status=200,
            )  # fmt: skip
            line_there = {"cart_id": guest["id"], "item_id": gathered["items"][0]["id"]}
        else:
            s.call(
                "carts_merge", "invalid", "This call takes no fields; the token comes in a header", body=[],
                token=token, cart=header, status=400, code="invalid",
            )  # fmt: skip
            s.call(
                "carts_merge",
                "merge",
                "Merge while signed in",
                key=KEY,
                untold={"not_found"},
                token=token,
                cart=header,
                status=200,
            )
            s.call(
                "carts_merge", "again", "The guest's token is dead", token=token, cart=header,
                status=404, code="not_found",
            )  # fmt: skip
    s.call(
        "carts_retrieve", "merged", "Of what was in both, the larger quantity", token=token,
        path={"cart_id": own["id"]}, status=200,
    )  # fmt: skip
    merged = Cart.objects.filter(status="merged").order_by("pk").first()
    assert merged is not None
    path = {"cart_id": str(merged.public_id)}
    assert line_there["cart_id"] == path["cart_id"]
    cases: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("carts_items_add", path, {"body": {"variant_id": coffee.pk}}),
        ("carts_items_update", line_there, {"body": {"quantity": 1}}),
        ("carts_items_remove", line_there, {}),
        ("carts_update", path, {"body": {"note": "x"}}),
        ("carts_coupon_add", path, {"body": {"code": "MESKEL"}}),
        ("carts_coupon_remove", path, {"body": {}}),
    ]
    for operation, where, rest in cases:
        s.call(
            operation, "merged", "Its items are in another cart", path=where, token=token,
            status=409, code="cart_merged", **rest,
        )  # fmt: skip


def refused(s: Recorder) -> None:
    """What a cart does not take."""
    token = s.world.token(s.world.hana)
    coffee, jebena = variant_of(s.world.yirgacheffe), s.world.jebena
    own = s.call("carts_create", "own", "A cart", token=token, body={}, key=KEY, status=201)
    path = {"cart_id": own["id"]}

    def add(name: str, summary: str, status: int, code: str, **body: int) -> None:
        s.call(
            "carts_items_add", name, summary, path=path, token=token, body=body, status=status,
            code=code,
        )  # fmt: skip

    filled = s.call(
        "carts_items_add", "most", "As many as a line holds", path=path, token=token,
        body={"variant_id": coffee.pk, "quantity": 10_000}, key=KEY, status=201,
    )  # fmt: skip
    add("too_many", "And one more", 409, "too_many_pieces", variant_id=coffee.pk, quantity=1)
    add("not_for_sale", "Unknown, or not sold any more", 409, "not_for_sale", product_id=999)
    add(
        "variant_required",
        "It comes in several sizes",
        400,
        "variant_required",
        product_id=jebena.pk,
    )
    cart = Cart.objects.get(public_id=own["id"])
    CartItem.objects.bulk_create(
        CartItem(cart=cart, variant=factories.variant(), quantity=1) for _ in range(99)
    )
    add("full", "A hundred lines are enough", 409, "cart_full", variant_id=factories.variant().pk)
    cart.items.exclude(variant=coffee).delete()
    type(coffee).objects.filter(pk=coffee.pk).update(price="999999999999.00")
    s.call(
        "carts_quote", "too_large", "More than one order can hold", path=path, token=token,
        status=400, code="total_too_large",
    )  # fmt: skip
    _meskel()
    cart.touch(codes=[f"CODE{place}" for place in range(10)])
    s.call(
        "carts_coupon_add", "too_many", "Ten codes are enough", path=path, token=token,
        body={"code": "MESKEL"}, status=409, code="too_many_codes",
    )  # fmt: skip
    with transaction.atomic():
        mark_ordered(cart=Cart.objects.get(pk=cart.pk), order=uuid7())
    line = {**path, "item_id": filled["items"][0]["id"]}
    for operation, where, body in (
        ("carts_items_add", path, {"variant_id": coffee.pk}),
        ("carts_items_update", line, {"quantity": 1}),
        ("carts_items_remove", line, None),
        ("carts_update", path, {"note": "x"}),
        ("carts_coupon_add", path, {"code": "MESKEL"}),
        ("carts_coupon_remove", path, {}),
        ("carts_delete", path, None),
    ):
        s.call(
            operation, "ordered", "What was ordered stays as it is", path=where, token=token,
            **({} if body is None else {"body": body}), status=409, code="cart_ordered",
        )  # fmt: skip
    for _ in range(100):
        open_cart(user=s.world.hana)
    s.call(
        "carts_create", "too_many", "A hundred carts are enough", token=token, body={}, status=409,
        code="too_many_carts",
    )  # fmt: skip


def abandoned(s: Recorder) -> None:
    """Staff look for those who did not come back."""
    left = open_cart(user=s.world.hana)
    CartItem.objects.create(
        cart=left, variant=variant_of(s.world.jebena), quantity=1, shown_price="450.00"
    )
    Cart.objects.update(updated_at=timezone.now() - timedelta(days=2))
    s.call(
        "carts_list", "abandoned", "Carts that nobody comes back to", token=s.world.staff_token,
        query={"abandoned": "true", "ordering": "updated_at"}, status=200,
    )  # fmt: skip
    s.call(
        "carts_retrieve", "staff", "What is in one of them", token=s.world.staff_token,
        path={"cart_id": str(left.public_id)}, status=200,
    )  # fmt: skip


STORIES = [guests_cart, merging, refused, abandoned]
