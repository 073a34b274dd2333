"""What a holder says about a cart as a whole: how and where to, the currency, a note."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cart.items import accept_prices
from cart.models import Cart, CartQuerySet
from cart.services import hold_open_cart
from common.errors import Invalid, NotFound, invalid_field
from places.pickup import find_pickup_point
from places.refusals import NoSuchArea
from places.services import resolve
from pricing.delivery_verbs import find_method
from pricing.models import DeliveryWindow

NO_DELIVERY: Mapping[str, Any] = {
    "delivery_method": "", "delivery_area": "", "pickup_point": "", "delivery_window": None,
    "delivery_day": None,
}  # fmt: skip


def change_cart(
    *, cart_id: UUID, among: CartQuerySet, changes: Mapping[str, Any], accepts_prices: bool = False
) -> Cart:
    """Change fields of a cart. In another currency all prices are new, and so taken as seen.

    Args:
        changes: of `currency`, `note` and the columns of NO_DELIVERY, those that change; see `chosen_delivery`.
        accepts_prices: the holder has seen today's prices; `price_changed` is over.

    Raises:
        NoSuchCart, CartOrdered, CartMerged
    """
    with transaction.atomic():
        cart = hold_open_cart(cart_id=cart_id, among=among)
        new = {name: value for name, value in changes.items() if getattr(cart, name) != value}
        if not new and not accepts_prices:
            return cart
        cart.touch(**new)
        if "currency" in new:
            cart.items.update(shown_price=None)
        if "currency" in new or accepts_prices:
            accept_prices(cart)
    return cart


def chosen_delivery(
    *,
    method: str = "",
    area: str = "",
    pickup_point: str = "",
    window: int | None = None,
    day: date | None = None,
    field: str = "delivery.",
) -> dict[str, Any]:
    """The columns of a cart for what somebody chose, checked against what the shop offers now.

    Args:
        area, pickup_point: code and slug, or ids. field: what the names of fields in refusals begin with.

    Raises:
        Invalid: naming what does not exist, or does not fit.
    """
    if area and pickup_point:
        raise invalid_field(
            f"{field}area",
            "exclusive",
            "Give either an area or a pickup point: a point has its area.",
        )
    found: dict[str, Any] = dict(NO_DELIVERY)
    if method:
        try:
            found["delivery_method"] = find_method(method).code
        except NotFound:
            raise _unknown(f"{field}method", "There is no such delivery method.") from None
    if area:
        try:
            found["delivery_area"] = resolve(area).codes[-1]
        except NoSuchArea:
            raise _unknown(f"{field}area", "There is no such area.") from None
    if pickup_point:
        try:
            found["pickup_point"] = find_pickup_point(pickup_point).slug
        except NotFound:
            raise _unknown(f"{field}pickup_point", "There is no such pickup point.") from None
    if window is not None or day is not None:
        found |= _slot(found["delivery_method"], window, day, field)
    return found


def _slot(method: str, window: int | None, day: date | None, field: str) -> dict[str, Any]:
    if window is None or day is None:
        missing = "window" if window is None else "day"
        raise invalid_field(f"{field}{missing}", "required", "A window and a day go together.")
    row = DeliveryWindow.objects.filter(pk=window, method__code=method).first()
    if row is None:
        raise _unknown(f"{field}window", "The delivery method has no such window.")
    today = timezone.now().astimezone(ZoneInfo(settings.SHOP_TIME_ZONE)).date()
    if day < today or day.isoweekday() != row.weekday:
        raise invalid_field(f"{field}day", "invalid", "The window is not on that day.")
    return {"delivery_window": row.pk, "delivery_day": day}


def _unknown(field: str, detail: str) -> Invalid:
    return invalid_field(field, "does_not_exist", detail)
