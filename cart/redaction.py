"""What carts forget when a person is erased."""

from __future__ import annotations

from cart.models import Cart
from common.transactions import require_transaction


def hold_carts(*, user_id: int) -> None:
    """Wait for checkouts of these carts, and let no other begin. A step, before orders are locked."""
    require_transaction()
    mine = Cart.objects.filter(owner_id=user_id).order_by("pk").select_for_update()
    list(mine.values_list("pk"))


def forget_carts(*, user_id: int) -> None:
    """Delete a customer's carts with what is in them. Orders that they have become stay, and know them by number only."""
    Cart.objects.filter(owner_id=user_id).delete()
