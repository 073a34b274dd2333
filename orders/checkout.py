"""The checkout: from what a customer asks for to an order, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from cart.services import mark_ordered, open_for_checkout, wishes_of
from common.actors import Actor
from common.errors import Conflict, Invalid, OneField
from common.money import format_amount
from common.transactions import require_transaction
from orders.asked import (
    MAX_LINES,
    MAX_QUANTITY,
    AskedLine,
    ChooseVariant,
    Item,
    NotForSale,
    OutOfStock,
    PurchaseLimit,
    find_lines,
    not_for_sale,
    refuse_early,
    reserve_lines,
)
from orders.models import Order
from orders.services import mark_paid
from orders.writing import Contact, Origin, Wishes, write_order
from places.refusals import NoSuchArea, NoSuchPickupPoint
from pricing import bookings
from pricing.asking import Asked, Choice, ask
from pricing.basket import Reason
from pricing.delivery import NoDelivery, NoSlot, Slot
from pricing.delivery_refusals import DeliveryWindowUnavailable, NoSuchDeliveryMethod
from pricing.gathering import facts
from pricing.models import DeliveryMethod
from pricing.quotes import Quote
from pricing.quoting import quote
from pricing.redemptions import Use, customer_keys, redeem

if TYPE_CHECKING:
    from account.models import User

__all__ = [
    "MAX_LINES",
    "MAX_QUANTITY",
    "ChooseVariant",
    "Contact",
    "Item",
    "NotForSale",
    "Origin",
    "OutOfStock",
    "PurchaseLimit",
    "Wishes",
    "WrongCurrency",
    "checkout",
    "checkout_cart",
    "choice_of",
]

# What front ends could write before the shop had delivery methods: noted, without a fee, while no method has that code.
PLAIN_METHODS = frozenset({"delivery", "pickup"})


class PriceChanged(Conflict):
    """The total is not what the customer was shown."""

    code = "price_changed"
    title = "The price has changed"


class CodeNotApplied(Conflict):
    """A code gives nothing, and nobody has said that the customer knows. Each error has the `reason`."""

    code = "coupon_not_applied"
    title = "This code gives nothing here"


class NotDelivered(Conflict):
    """The chosen delivery method does not bring this order there."""

    code = "not_delivered"
    title = "Not delivered there"


class EmptyCart(Conflict):
    """There is nothing in the cart."""

    code = "cart_empty"
    title = "The cart is empty"


class WrongCurrency(OneField, Invalid):
    """The expected total is in another currency than the cart."""

    code = "wrong_currency"
    title = "Wrong currency"
    field = "expected_total.currency"


class NoSuchMethod(OneField, Invalid):
    """There is no such delivery method."""

    code = "no_such_delivery_method"
    title = "There is no such delivery method"
    field = "delivery.method"


class NoSuchPoint(OneField, Invalid):
    """There is no such pickup point."""

    code = "no_such_pickup_point"
    title = "There is no such pickup point"
    field = "delivery.pickup_point"


def checkout(
    *,
    items: Sequence[Item],
    owner: User | None,
    contact: Contact,
    wishes: Wishes,
    expected_total: Decimal | None,
    by: Actor,
    currency: str = "",
    codes: Sequence[str] = (),
    choice: Choice | None = None,
    prices: Mapping[int, Decimal] | None = None,
    origin: Origin | None = None,
) -> Order:
    """Place an order at today's prices and set its stock aside, all of it or none.

    The prices are those of the owner's price list (`catalog.prices`), each for the quantity of its line; then come
    promotions, codes, delivery and tax (`pricing.quote`). A bundle sets its parts aside. Coupons are used, the delivery
    window is booked and stock is reserved last, as these are rows that others wait for.

    Args:
        expected_total: what the customer was shown, in `currency`; None: any total will do.
        currency: ISO 4217; empty: the shop's own. codes: as typed. choice: how and where to.
        prices: by variant, what staff have agreed instead of the price list's.

    Raises:
        NotForSale, ChooseVariant: an item cannot be ordered, or not in this currency.
        OutOfStock, PurchaseLimit: naming lines. inventory.refusals.TooMuchReserved: too much is set aside unpaid.
        PriceChanged: the total differs from `expected_total`. CodeNotApplied: without one, a code gives nothing.
        NotDelivered, NoSuchMethod, NoSuchPoint, places.refusals.NoSuchArea: of the delivery.
        pricing.delivery_refusals.DeliveryWindowUnavailable, DeliveryWindowFull: of the chosen window.
        pricing.redemptions.CouponUsedUp: since the quote. pricing.quoting.TotalTooLarge: more than can be accounted for.
    """
    require_transaction()
    origin = origin or Origin()
    lines = find_lines(items)
    refuse_early(lines)
    asked = _ask(
        lines,
        owner=owner,
        contact=contact,
        currency=currency,
        codes=codes,
        choice=_chosen(choice),
        prices=prices,
    )
    _refuse_unpriced(lines, asked)
    if isinstance(asked.delivery, NoDelivery):
        raise _not_delivered(asked.delivery)
    if isinstance(asked.slot, NoSlot):
        raise DeliveryWindowUnavailable(asked.slot.detail, field=f"delivery.{asked.slot.field}")
    if asked.slot is not None:
        wishes = _with_slot(wishes, asked.slot)
    quoted = quote(asked.basket)
    if expected_total is None:
        _refuse_useless_codes(quoted)
    elif expected_total != quoted.total:
        raise _price_changed(expected_total, quoted)
    order = write_order(
        lines, quoted, owner=owner, contact=contact, wishes=wishes, origin=origin, by=by
    )
    keys = customer_keys(
        user_id=owner.pk if owner else None, email=contact.email, phone=contact.phone
    )
    redeem(
        uses=[Use(one.promotion_id, one.coupon_id) for one in quoted.applied],
        holder=order.public_id,
        customer=keys,
    )
    if asked.slot is not None:
        bookings.book(slot=asked.slot, holder=order.public_id)
    reserve_lines(
        lines,
        holder=order.public_id,
        customer=keys[0] if keys else "",
        capped=owner is not None and settings.RATE_LIMITS,
    )
    if not order.total:  # there will be no payment to wait for
        mark_paid(order=order, by=by)
    return order


def checkout_cart(
    *,
    cart_id: UUID,
    user: User | None,
    token: str,
    contact: Contact,
    wishes: Wishes,
    expected_total: Decimal | None,
    by: Actor,
    choice: Choice | None = None,
    area: str = "",
    expected_currency: str = "",
) -> Order:
    """The order of a cart: a new one, or the one that it has become already. Nobody changes the cart meanwhile.

    Args:
        token: of a guest's cart. choice: instead of what the cart says. area: of the address, where neither says one.
        expected_currency: of `expected_total`, if it said.

    Raises:
        common.errors.NotFound: there is no such cart, or it is somebody else's. EmptyCart; and what `checkout` raises.
    """
    cart = open_for_checkout(cart_id=cart_id, user=user, token=token)
    done = Order.objects.for_reading().filter(cart=cart.public_id).first()
    if done is not None:
        return done
    wanted = wishes_of(cart)
    if not wanted.items:
        raise EmptyCart("Put something into the cart first.")
    if expected_currency and expected_currency != wanted.currency:
        raise WrongCurrency(f"The cart is in {wanted.currency}.")
    if choice is None and wanted.choice is not None:
        wishes = replace(wishes, delivery={**_said(wanted.choice), **wishes.delivery})
    choice = choice or wanted.choice or Choice()
    if area and not choice.area and not choice.pickup_point:
        choice = replace(choice, area=area)
    order = checkout(
        items=[
            Item(quantity=quantity, variant_id=variant) for _, variant, quantity in wanted.items
        ],
        owner=user,
        contact=contact,
        wishes=wishes,
        expected_total=expected_total,
        currency=wanted.currency,
        codes=wanted.codes,
        choice=choice,
        origin=Origin(cart=cart.public_id),
        by=by,
    )
    mark_ordered(cart=cart, order=order.public_id)
    return order


def choice_of(delivery: Mapping[str, Any]) -> Choice:
    """How, where to and when, of the `delivery` of a request or a draft."""
    day = delivery.get("day")
    return Choice(
        method=delivery.get("method", ""),
        area=delivery.get("area", ""),
        pickup_point=delivery.get("pickup_point", ""),
        window=delivery.get("window"),
        day=date.fromisoformat(day) if day else None,
    )


def _said(choice: Choice) -> dict[str, str]:
    """What a cart has chosen, as an order keeps what a request says."""
    named = {"method": choice.method, "area": choice.area, "pickup_point": choice.pickup_point}
    return {name: value for name, value in named.items() if value}


def _chosen(choice: Choice | None) -> Choice | None:
    """The choice without the words that were only ever noted; see PLAIN_METHODS."""
    if choice is None or choice.method not in PLAIN_METHODS:
        return choice
    if DeliveryMethod.objects.filter(code=choice.method, is_active=True).exists():
        return choice
    return replace(choice, method="")


def _with_slot(wishes: Wishes, slot: Slot) -> Wishes:
    """The wishes with the window as it is promised, in the shop's own time: staff may change their windows afterwards."""
    promised = {
        "window": slot.window,
        "day": slot.day.isoformat(),
        "begins": slot.begins.isoformat(),
        "ends": slot.ends.isoformat(),
    }
    return replace(wishes, delivery={**wishes.delivery, **promised})


def _ask(
    lines: Sequence[AskedLine],
    *,
    owner: User | None,
    contact: Contact,
    currency: str,
    codes: Sequence[str],
    choice: Choice | None,
    prices: Mapping[int, Decimal] | None,
) -> Asked:
    try:
        return ask(
            items=[(line.variant.pk, line.quantity) for line in lines],
            user=owner,
            currency=currency,
            codes=codes,
            choice=choice,
            email=contact.email,
            phone=contact.phone,
            is_first_order=lambda: not has_ordered(owner=owner, contact=contact),
            prices=prices,
            found={line.variant.pk: facts(line.variant) for line in lines},
        )
    except NoSuchDeliveryMethod:
        raise NoSuchMethod() from None
    except NoSuchPickupPoint:
        raise NoSuchPoint() from None
    except NoSuchArea as refusal:
        raise NoSuchArea(refusal.detail, field="delivery.area") from None


def has_ordered(*, owner: User | None, contact: Contact) -> bool:
    """Whether this customer has an order already: by account, or as a guest by address or number.

    Orders that only time has ended do not count.
    """
    mine = Q(owner=owner) if owner is not None else Q(pk__in=())
    if contact.email:
        mine |= Q(email__iexact=contact.email)
    if contact.phone:
        mine |= Q(phone=contact.phone)
    return Order.objects.filter(mine).counted().exists()


def _refuse_unpriced(lines: Sequence[AskedLine], asked: Asked) -> None:
    missing = [
        place for line in lines if line.variant.pk in asked.unpriced for place in line.places
    ]
    if missing:
        raise not_for_sale(sorted(missing), f"This is not sold in {asked.basket.currency}.")


def _refuse_useless_codes(quoted: Quote) -> None:
    """Nobody pays more than they thought because a code that they typed gave nothing."""
    useless = [one for one in quoted.not_applied if one.code]
    if useless:
        raise CodeNotApplied(
            "Take the code away, or send the total that the customer has seen as expected_total.",
            errors=[
                {
                    "field": "codes",
                    "code": "unknown_code" if one.reason == Reason.UNKNOWN_CODE else "not_applied",
                    "reason": str(one.reason),
                    "coupon": one.code,
                    "detail": one.detail,
                }
                for one in useless
            ],
        )


def _not_delivered(why: NoDelivery) -> NotDelivered:
    error: dict[str, Any] = {"field": "delivery.method", "code": str(why.reason), **why.data}
    return NotDelivered(why.detail, errors=[error | {"detail": why.detail}])


def _price_changed(expected: Decimal, quoted: Quote) -> PriceChanged:
    currency = quoted.currency

    def money(amount: Decimal) -> dict[str, str]:
        return {"amount": format_amount(amount, currency), "currency": currency}

    return PriceChanged(
        f"The total is now {format_amount(quoted.total, currency)} {currency}.",
        errors=[
            {
                "field": "expected_total",
                "code": "price_changed",
                "detail": "Show the new total to the customer and send it as expected_total.",
                "expected": money(expected),
                "actual": money(quoted.total),
                "difference": money(quoted.total - expected),
            }
        ],
    )
