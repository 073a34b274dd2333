"""What somebody would pay for what they want, where they want it: the basket of a cart, a checkout or a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from places.models import PickupPoint
from places.pickup import find_pickup_point
from places.services import resolve
from pricing.basket import Basket, Customer
from pricing.delivery import (
    Fee,
    NoDelivery,
    NoSlot,
    Slot,
    WindowReason,
    chosen_slot,
    delivery_fee,
)
from pricing.delivery_options import fee_rules, method_of, window_rules
from pricing.delivery_verbs import find_method
from pricing.gathering import gather
from pricing.models import DeliveryMethod
from pricing.redemptions import customer_keys

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from account.models import User

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Choice:
    """How and where to: codes of a delivery method and of an area, or a pickup point's slug. All may be empty.

    The area decides about taxes too, with or without a method. A pickup point stands for its area.

    Attributes:
        window: id of one of the method's windows, on `day`; None: no particular time.
    """

    method: str = ""
    area: str = ""
    pickup_point: str = ""
    window: int | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A basket that can be quoted, and what stands in the way of buying it.

    Attributes:
        unknown: variants that are not on sale. unpriced: variants that are not sold in this currency.
        delivery: the fee of the chosen method, or why it does not come; None: no method was chosen.
        slot: the chosen window, or why it cannot be had; None: none was chosen. Whether it is full: `pricing.bookings`.
        area: the path that taxes and fees follow, the widest area first.
    """

    basket: Basket
    unknown: tuple[int, ...]
    unpriced: tuple[int, ...]
    delivery: Fee | NoDelivery | None
    area: tuple[str, ...]
    pickup_point: PickupPoint | None = None
    slot: Slot | NoSlot | None = None


def ask(
    *,
    items: Iterable[tuple[int, int]],
    user: User | AnonymousUser | None,
    currency: str = "",
    codes: Sequence[str] = (),
    choice: Choice | None = None,
    email: str = "",
    phone: str = "",
    is_first_order: bool | Callable[[], bool] = True,
    prices: Mapping[int, Decimal] | None = None,
    found: Mapping[int, Mapping[str, Any]] | None = None,
) -> Asked:
    """Find everything that the price depends on. At most three statements, four more for a delivery method.

    Args:
        items: variants and quantities. codes: as typed.
        email, phone: by which limits per customer know a guest.
        is_first_order: whether they never ordered; a function is asked only where a promotion depends on it.
        prices: what staff have agreed, by variant: instead of the price list's, and before any promotion.
        found: `pricing.gathering.facts` of what is on sale of them, for who has read them already.

    Raises:
        places.refusals.NoSuchArea, places.refusals.NoSuchPickupPoint, pricing.delivery_refusals.NoSuchDeliveryMethod
    """
    choice = choice or Choice()
    point = find_pickup_point(choice.pickup_point) if choice.pickup_point else None
    area = _area(choice, point)
    user_id = getattr(user, "pk", None)
    gathered = gather(
        items=items,
        user=user,
        currency=currency,
        codes=codes,
        area=area,
        customer=customer_keys(user_id=user_id, email=email, phone=phone),
        prices_include_tax=settings.PRICES_INCLUDE_TAX,
        found=found,
    )
    basket = _agreed(gathered.basket, prices or {})
    if _depends_on_first_order(basket):
        first = is_first_order() if callable(is_first_order) else is_first_order
        basket = replace(basket, customer=Customer(basket.customer.group_id, first))
    method = find_method(choice.method) if choice.method else None
    fee = _fee(method, area, gathered.weight, basket) if method else None
    if isinstance(fee, Fee):
        basket = replace(basket, delivery=fee.as_delivery())
    slot = _slot(method, choice, area)
    return Asked(basket, gathered.unknown, gathered.unpriced, fee, area, point, slot)


def _area(choice: Choice, point: PickupPoint | None) -> tuple[str, ...]:
    code = choice.area if point is None else point.area.code
    return resolve(code).codes if code else ()


def _fee(
    row: DeliveryMethod, area: tuple[str, ...], weight: int, basket: Basket
) -> Fee | NoDelivery:
    return delivery_fee(
        method=method_of(row),
        rules=fee_rules(row),
        path=area,
        weight=weight,
        value=sum((line.price * line.quantity for line in basket.lines), ZERO),
        currency=basket.currency,
    )


def _slot(
    row: DeliveryMethod | None, choice: Choice, area: tuple[str, ...]
) -> Slot | NoSlot | None:
    """The chosen window, of what has been read of the method already."""
    if choice.window is None and choice.day is None:
        return None
    if row is None:
        detail = "A window belongs to a delivery method: choose one."
        return NoSlot(WindowReason.UNAVAILABLE, "window", detail)
    return chosen_slot(
        rules=window_rules(row),
        path=area,
        window=choice.window,
        day=choice.day,
        now=timezone.now(),
        zone=ZoneInfo(settings.SHOP_TIME_ZONE),
    )


def _agreed(basket: Basket, prices: Mapping[int, Decimal]) -> Basket:
    """With the prices that staff have agreed instead of the lists'."""
    if not prices:
        return basket
    lines = tuple(
        replace(line, price=prices[line.variant_id], is_sale=False)
        if line.variant_id in prices
        else line
        for line in basket.lines
    )
    return replace(basket, lines=lines)


def _depends_on_first_order(basket: Basket) -> bool:
    return any(one.first_order_only for one in basket.promotions) or any(
        code.promotion is not None and code.promotion.first_order_only for code in basket.codes
    )
