"""A cart as it stands today: what it costs, line by line, and what is in the way. Reading never fails because of the shop.

Six statements for any number of lines; a chosen delivery costs up to six more, a window with a
capacity and things with a limit for each customer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, FilteredRelation, OuterRef, Q, Value, When
from django.db.models.functions import JSONObject

from cart.models import Cart, CartItem
from cart.problems import Line, compare_price, share_out
from cart.services import choice_of
from catalog.models import Image, Variant
from common.errors import NotFound, Refusal
from inventory.reservations import taken_by
from places.refusals import NoSuchArea
from pricing import bookings
from pricing.asking import Asked, Choice, ask
from pricing.delivery import Fee, NoDelivery, NoSlot, WindowReason
from pricing.gathering import facts, with_facts
from pricing.quotes import Quote, QuotedLine
from pricing.quoting import TotalTooLarge, quote
from pricing.redemptions import customer_keys

if TYPE_CHECKING:
    from account.models import User

_ITEM = ("id", "public_id", "quantity", "shown_price", "added_at")


class CartProblem(StrEnum):
    """What is wrong with a cart as a whole. Stable: front ends translate them."""

    EMPTY = "empty"
    NO_DELIVERY = "no_delivery"
    TOTAL_TOO_LARGE = "total_too_large"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One problem of a whole cart, in words and as data."""

    code: CartProblem
    detail: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class CartView:
    """A cart as it stands.

    Attributes:
        lines: in the order in which they were added. quote: of what could be bought now; None: its total is too large.
        quoted: lines of the quote by variant. prices: of one piece before promotions, by variant.
        choice, delivery: what was chosen, or tried, and what that comes to; None: nothing.
    """

    cart: Cart
    lines: list[Line]
    quote: Quote | None
    choice: Choice
    delivery: Fee | NoDelivery | None
    obstacles: list[Obstacle]
    quoted: dict[int, QuotedLine]
    prices: dict[int, Decimal]

    @property
    def pieces(self) -> int:
        """How many pieces it holds."""
        return sum(line.item.quantity for line in self.lines)

    @property
    def is_ready(self) -> bool:
        """Whether a checkout would take it as it is, as far as can be told without waiting for anybody."""
        blocked = any(trouble.blocks for line in self.lines for trouble in line.troubles)
        return self.cart.is_open and not blocked and not self.obstacles


def read_cart(*, cart: Cart, user: User | None, trial: Choice | None = None) -> CartView:
    """Price a cart as it is.

    Args:
        user: who pays: the cart's owner, or the signed-in holder of a guest's token. trial: a delivery to try instead of the
            one that was chosen.
    """
    lines = lines_of(cart)
    share_out(lines, taken=_taken(lines, user))
    choice = trial or choice_of(cart) or Choice()
    asked, obstacles = _asked(cart, lines, choice, user)
    prices = {line.variant_id: line.price for line in asked.basket.lines}
    for line in lines:
        if line.is_for_sale:
            compare_price(line, prices.get(line.variant.pk), currency=cart.currency)
    if not lines:
        obstacles.append(Obstacle(CartProblem.EMPTY, "There is nothing in this cart."))
    if isinstance(asked.delivery, NoDelivery):
        data = {"reason": str(asked.delivery.reason), **asked.delivery.data}
        obstacles.append(Obstacle(CartProblem.NO_DELIVERY, asked.delivery.detail, data))
    else:
        obstacles += _missed(asked)
    made = _quoted(asked, {line.variant.pk: line.buyable for line in lines}, obstacles)
    return CartView(
        cart=cart,
        lines=lines,
        quote=made,
        choice=choice,
        delivery=asked.delivery,
        obstacles=obstacles,
        quoted={line.variant_id: line for line in made.lines} if made else {},
        prices=prices,
    )


def lines_of(cart: Cart) -> list[Line]:
    """The lines of a cart with all that is shown of them, in one statement."""
    pictures = (
        Image.objects.filter(product=OuterRef("product_id"))
        .annotate(rank=Case(When(variant=OuterRef("pk"), then=Value(0)), default=Value(1)))
        .order_by("rank", "position", "pk")
    )
    picture = JSONObject(file="file", source_url="source_url", alt="alt")
    rows = (
        with_facts(Variant.objects.with_stock())
        .annotate(
            mine=FilteredRelation("cart_items", condition=Q(cart_items__cart=cart.pk)),
            for_sale=Exists(Variant.objects.for_sale().filter(pk=OuterRef("pk"))),
            pictures=ArraySubquery(pictures.values_list(picture)[:1]),
        )
        .filter(mine__isnull=False)
        .annotate(**{f"item_{name}": F(f"mine__{name}") for name in _ITEM})
        .order_by("mine__pk")
    )
    return [
        Line(
            CartItem(
                cart=cart,
                variant=row,
                **{name: getattr(row, f"item_{name}") for name in _ITEM},
            ),
            row,
            row.for_sale,
        )
        for row in rows
    ]


def _taken(lines: list[Line], user: User | None) -> Mapping[int, int]:
    """What the customer has of those things that have a limit for each customer. A guest is known at the checkout only."""
    limited = {item for line in lines if line.is_for_sale for item in line.limits_per_customer()}
    if not limited or user is None:
        return {}
    [customer] = customer_keys(user_id=user.pk)
    return taken_by(customer=customer, items=limited)


def _asked(
    cart: Cart, lines: list[Line], choice: Choice, user: User | None
) -> tuple[Asked, list[Obstacle]]:
    """The basket; without the delivery when what was chosen has been archived since."""

    def asking(chosen: Choice) -> Asked:
        return ask(
            items=[(line.variant.pk, line.item.quantity) for line in lines],
            user=user,
            currency=cart.currency,
            codes=cart.codes,
            choice=chosen,
            is_first_order=lambda: user is None or not user.orders.counted().exists(),
            found={line.variant.pk: facts(line.variant) for line in lines if line.is_for_sale},
        )

    try:
        return asking(choice), []
    except (NoSuchArea, NotFound) as refusal:
        return asking(Choice()), [_gone(refusal)]


def _missed(asked: Asked) -> list[Obstacle]:
    """What is wrong with the chosen window."""
    slot = asked.slot
    if isinstance(slot, NoSlot):
        data = {"reason": str(slot.reason)}
        return [Obstacle(CartProblem.NO_DELIVERY, slot.detail, data)]
    if slot is not None and bookings.is_full(slot):
        data = {"reason": str(WindowReason.FULL)}
        return [Obstacle(CartProblem.NO_DELIVERY, "The delivery window is full.", data)]
    return []


def _gone(refusal: Refusal) -> Obstacle:
    return Obstacle(CartProblem.NO_DELIVERY, refusal.detail, {"reason": "not_offered"})


def _quoted(asked: Asked, buyable: dict[int, int], obstacles: list[Obstacle]) -> Quote | None:
    """What could be bought of it: sold-out pieces are not paid for, and nothing is delivered for nothing."""
    lines = tuple(
        replace(line, quantity=buyable[line.variant_id])
        for line in asked.basket.lines
        if buyable[line.variant_id]
    )
    delivery = asked.basket.delivery if lines else None
    try:
        return quote(replace(asked.basket, lines=lines, delivery=delivery))
    except TotalTooLarge as refusal:
        obstacles.append(Obstacle(CartProblem.TOTAL_TOO_LARGE, refusal.detail))
        return None
