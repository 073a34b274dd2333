"""What staff do with the shop's legal details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from common.constraints import refusing
from common.errors import Conflict, NotFound
from common.transactions import lock_row
from orders.documents.models import LegalDetails

MISSING = "There are no such legal details."


class LegalDetailsTaken(Conflict):
    """Other details begin on that day already: change those."""

    code = "legal_details_taken"
    title = "There are details from that day on"


_SPOKEN = {"legal_details_begin_on_their_own_day": LegalDetailsTaken}


def find_legal_details(details_id: int) -> LegalDetails:
    """The row of that id.

    Raises:
        NotFound
    """
    found = LegalDetails.objects.filter(pk=details_id).first()
    if found is None:
        raise NotFound(MISSING)
    return found


def lock_legal_details(details_id: int) -> LegalDetails:
    """The row, locked.

    Raises:
        NotFound
    """
    return lock_row(LegalDetails.objects.all(), details_id, missing=MISSING)


def add_legal_details(*, fields: Mapping[str, Any]) -> LegalDetails:
    """Who the shop is from `valid_from` on, until the next row's day.

    Raises:
        LegalDetailsTaken
    """
    row = LegalDetails(**fields)
    with refusing(_SPOKEN):
        row.save()
    return row


def change_legal_details(*, details_id: int, changes: Mapping[str, Any]) -> LegalDetails:
    """Put a mistake right, for documents that are still to be issued. Issued ones keep what they say.

    Raises:
        NotFound, LegalDetailsTaken
    """
    with transaction.atomic():
        row = lock_legal_details(details_id)
        for name, value in changes.items():
            setattr(row, name, value)
        with refusing(_SPOKEN):
            row.save(update_fields=[*changes] or None)
    return row


def delete_legal_details(*, details_id: int) -> None:
    """Take a row out; the one before it holds on. Issued documents keep what they say.

    Raises:
        NotFound
    """
    with transaction.atomic():
        lock_legal_details(details_id).delete()
