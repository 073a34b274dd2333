"""A guest signs in: what was in their cart is in the customer's.

The policy, and why, is in docs/cart.md: without an open cart of their own in that currency the customer takes the guest's
over as it is. Otherwise its lines join the customer's latest one, and of what is in both the larger quantity counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from account.models import User
from cart.models import MAX_LINES, Cart, CartItem, Status, hash_token
from cart.services import hold_customer
from pricing.gathering import MOST_CODES

_TAKEN_OVER = (
    "delivery_method",
    "delivery_area",
    "pickup_point",
    "delivery_window",
    "delivery_day",
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a guest's cart.

    Attributes:
        cart: the customer's, with all of it. dropped: lines for which there was no room (variant, pieces).
        dropped_codes: codes for which there was none.
    """

    cart: Cart
    dropped: tuple[tuple[int, int], ...] = ()
    dropped_codes: tuple[str, ...] = ()


def merge(*, user: User, token: str) -> Merged | None:
    """Make what a guest has gathered the customer's. The token stands for nothing afterwards.

    Returns:
        None: no open cart of a guest belongs to this token; so also for whoever comes second.
    """
    if not token:
        return None
    with transaction.atomic():
        hold_customer(user)
        guests = (
            Cart.objects.open()
            .filter(token_hash=hash_token(token), owner__isnull=True)
            .select_for_update(no_key=True)
            .first()
        )
        if guests is None:
            return None
        own = (
            Cart.objects.open()
            .filter(owner=user, currency=guests.currency)
            .select_for_update(no_key=True)
            .order_by("-updated_at", "-pk")
            .first()
        )
        if own is None:
            guests.touch(owner=user, token_hash="")
            return Merged(guests)
        return _united(guests, own)


def _united(guests: Cart, own: Cart) -> Merged:
    """Move everything from the guest's cart to the customer's, both locked."""
    there = {item.variant_id: item for item in own.items.all()}
    room = MAX_LINES - len(there)
    moved: list[CartItem] = []
    grown: list[CartItem] = []
    dropped: list[tuple[int, int]] = []
    for item in guests.items.order_by("pk"):
        same = there.get(item.variant_id)
        if same is not None:
            if item.quantity > same.quantity:
                same.quantity, same.shown_price = item.quantity, item.shown_price
                grown.append(same)
        elif len(moved) < room:
            item.cart = own
            moved.append(item)
        else:
            dropped.append((item.variant_id, item.quantity))
    CartItem.objects.bulk_update(moved, ["cart"])
    CartItem.objects.bulk_update(grown, ["quantity", "shown_price"])
    guests.items.all().delete()
    codes = list(dict.fromkeys([*own.codes, *guests.codes]))
    changes: dict[str, Any] = {"codes": codes[:MOST_CODES]}
    if not any(getattr(own, name) for name in _TAKEN_OVER):  # somebody's own choice stays
        changes |= {name: getattr(guests, name) for name in _TAKEN_OVER}
    changes["note"] = own.note or guests.note
    own.touch(**changes)
    guests.touch(
        owner=own.owner, token_hash="", status=Status.MERGED, merged_into=own,
        codes=[], note="",
    )  # fmt: skip
    return Merged(own, tuple(dropped), tuple(codes[MOST_CODES:]))
