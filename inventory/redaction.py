"""What the stock forgets of people."""

from __future__ import annotations

from collections.abc import Collection

from common.transactions import require_transaction
from inventory.models import Reservation


def forget_customers(*, holders: Collection[str]) -> int:
    """Empty the keys by which limits per customer count these holders' reservations. Returns how many had one.

    A key is the account's number or the hash of an address or a telephone number, which a guess leads back. What is
    reserved and sold stays, and no longer counts against anybody.

    Args:
        holders: public ids of orders.
    """
    require_transaction()
    rows = Reservation.objects.filter(holder__in=list(holders)).exclude(customer="")
    # In the order in which stock that comes is given out, so that neither waits for the other in a circle.
    locked = rows.select_for_update(no_key=True).order_by("stock_item_id", "pk")
    return Reservation.objects.filter(pk__in=[row.pk for row in locked]).update(customer="")
