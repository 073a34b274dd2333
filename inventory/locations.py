"""The verbs of locations: where pieces may lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError

from common.constraints import refusing
from common.errors import NotFound, invalid_field
from common.transactions import lock_row
from inventory.models import Location, StockLevel
from inventory.refusals import LocationCodeTaken, LocationInUse

NO_LOCATION = "There is no such location."
BY_CONSTRAINT = {"location_code_is_unique": LocationCodeTaken}


def default_location() -> Location:
    """The one where pieces lie of which nothing else is said."""
    return Location.objects.get(is_default=True)


def find_location(key: str) -> Location:
    """A location by its code.

    Raises:
        common.errors.NotFound
    """
    found = Location.objects.filter(code=key).first()
    if found is None:
        raise NotFound(NO_LOCATION)
    return found


def named_location(code: str, *, field: str) -> Location:
    """A location that a body names.

    Raises:
        common.errors.Invalid: naming the field.
    """
    found = Location.objects.filter(code=code).first()
    if found is None:
        raise invalid_field(field, "unknown_location", f"There is no location {code}.")
    return found


def create_location(
    *, code: str, name: str, priority: int = 0, place: str = "", is_active: bool = True
) -> Location:
    """Open a location; nothing is there yet.

    Raises:
        LocationCodeTaken
    """
    with refusing(BY_CONSTRAINT):
        return Location.objects.create(
            code=code, name=name, priority=priority, place=place, is_active=is_active
        )


def update_location(*, location_id: int, changes: Mapping[str, Any]) -> Location:
    """Change a location.

    Args:
        changes: of `code`, `name`, `priority`, `place`, `is_active`, those that change.

    Raises:
        LocationInUse: what still holds pieces, or is the default, is not closed.
        LocationCodeTaken
    """
    with refusing(BY_CONSTRAINT):
        location = lock_row(Location.objects.all(), location_id, missing=NO_LOCATION)
        if changes.get("is_active", True) is False:
            if location.is_default:
                raise LocationInUse("The default location is always open.")
            if StockLevel.objects.filter(location=location, on_hand__gt=0).exists():
                raise LocationInUse("Move its pieces elsewhere first.")
        for name, value in changes.items():
            setattr(location, name, value)
        location.version = F("version") + 1
        location.save(update_fields=[*changes, "version"])
        location.refresh_from_db()
    return location


def delete_location(*, location_id: int) -> None:
    """Remove a location at which nothing ever was; close the others.

    Raises:
        LocationInUse
    """
    with transaction.atomic():
        location = lock_row(Location.objects.all(), location_id, missing=NO_LOCATION)
        if location.is_default:
            raise LocationInUse("The default location stays.")
        StockLevel.objects.filter(location=location, on_hand=0).delete()
        try:
            with transaction.atomic():
                location.delete()
        except ProtectedError:
            raise LocationInUse("Pieces lie or lay there: close it instead.") from None
