"""Sold pieces that come back and are not fit for the shelf."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from common.actors import Actor
from common.transactions import require_transaction
from inventory.models import Movement, Reason
from inventory.shelves import lock_shelves, movement


def write_off_returned(
    *, quantities: Mapping[int, int], holder: UUID, by: Actor, note: str = ""
) -> None:
    """Write down that pieces came back and were thrown away: as many returned as damaged, so that the shelf stays as it is.

    They never were on the shelf, so that nobody who waits for pieces is given a broken one. A step, safe to repeat.

    Args:
        quantities: pieces by stock item id. holder: names the cause, and no other movement.
    """
    require_transaction()
    shelves = lock_shelves([pk for pk, pieces in quantities.items() if pieces > 0])
    done = set(
        Movement.objects.filter(holder=holder, stock_item__in=shelves).values_list(
            "stock_item_id", flat=True
        )
    )
    moved = []
    for pk in shelves:
        if pk in done:
            continue
        for pieces, reason in (
            (quantities[pk], Reason.RETURNED),
            (-quantities[pk], Reason.DAMAGED),
        ):
            row = movement(pk, pieces, reason, by, note=note)
            row.holder = holder
            moved.append(row)
    Movement.objects.bulk_create(moved)
