"""The verbs of pickup points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from common.constraints import refusing
from common.errors import Invalid, invalid_field
from common.languages import merged_translations
from common.transactions import lock_row
from places.models import PickupHours, PickupPoint
from places.refusals import BY_CONSTRAINT, HoursOverlap, NoSuchPickupPoint

NO_POINT = "There is no such pickup point."
MOST_HOURS = 28  # four spans on each day of the week
Hours = Sequence[Mapping[str, Any]]


class PointSaysNotWhere(Invalid):
    """A pickup point has an address, a landmark, or a pin."""

    code = "empty_address"
    title = "Where is it?"


def by_key(key: str) -> dict[str, Any]:
    """The condition for an id or a slug, whichever `key` is."""
    is_id = key.isascii() and key.isdigit() and len(key) < 19
    return {"pk": int(key)} if is_id else {"slug": key.replace("\x00", "").lower()}


def find_pickup_point(key: str, *, archived: bool = False) -> PickupPoint:
    """The pickup point of that id or slug, for display; two statements.

    Raises:
        NoSuchPickupPoint: there is none, or (unless `archived`) it is archived.
    """
    rows = PickupPoint.objects.all() if archived else PickupPoint.objects.filter(is_active=True)
    found = rows.for_display().filter(**by_key(key)).first()
    if found is None:
        raise NoSuchPickupPoint(NO_POINT)
    return found


def create_pickup_point(*, opening_hours: Hours = (), **fields: Any) -> PickupPoint:
    """Add a pickup point.

    Args:
        fields: columns of `PickupPoint` by name; `area` is a row, `phone` E.164.
        opening_hours: `{"weekday": 1, "opens": time, "closes": time}`; none: not told.

    Raises:
        PickupSlugTaken, HoursOverlap, PointSaysNotWhere; Invalid: the translations, or half of a pin.
    """
    given = fields.pop("translations", None) or {}
    point = PickupPoint(**fields)
    point.translations = merged_translations({}, given, fields=PickupPoint.TEXTS)
    _refuse_nowhere(point)
    with transaction.atomic():
        with refusing(BY_CONSTRAINT):
            point.save(force_insert=True)
        _write_hours(point, opening_hours)
    return PickupPoint.objects.for_display().get(pk=point.pk)


def update_pickup_point(*, point_id: int, changes: Mapping[str, Any]) -> PickupPoint:
    """Change a pickup point; `opening_hours`, where given, are all there are. Translations are merged, null removes.

    Raises:
        NotFound, PickupSlugTaken, HoursOverlap, PointSaysNotWhere; Invalid: the translations, or half of a pin.
    """
    with transaction.atomic():
        point = lock_row(PickupPoint.objects.all(), point_id, missing=NO_POINT)
        new = dict(changes)
        hours = new.pop("opening_hours", None)
        if "translations" in new:
            new["translations"] = merged_translations(
                point.translations, new["translations"] or {}, fields=PickupPoint.TEXTS
            )
        changed = [name for name, value in new.items() if getattr(point, name) != value]
        for name in changed:
            setattr(point, name, new[name])
        _refuse_nowhere(point)
        new_hours = hours is not None and _spans(hours) != _present_spans(point)
        if changed or new_hours:
            point.version += 1
            point.updated_at = Now()
            with refusing(BY_CONSTRAINT):
                point.save(update_fields=[*changed, "version", "updated_at"])
        if new_hours:
            _write_hours(point, hours or ())
    return PickupPoint.objects.for_display().get(pk=point.pk)


def delete_pickup_point(*, point_id: int) -> None:
    """Remove a pickup point; orders keep copies of what they need.

    Raises:
        NotFound
    """
    with transaction.atomic():
        lock_row(PickupPoint.objects.all(), point_id, missing=NO_POINT).delete()


def _refuse_nowhere(point: PickupPoint) -> None:
    has_pin = point.latitude is not None
    if has_pin != (point.longitude is not None):
        missing = "longitude" if has_pin else "latitude"
        raise invalid_field(missing, "required", "A pin has a latitude and a longitude.")
    if not has_pin and not point.address and not point.landmark:
        detail = "Say where it is: an address, a landmark, or a pin on the map."
        entry = {"field": "address", "code": PointSaysNotWhere.code, "detail": detail}
        raise PointSaysNotWhere(detail, errors=[entry])


def _write_hours(point: PickupPoint, hours: Hours) -> None:
    """These hours, and no others."""
    if len(hours) > MOST_HOURS:
        raise HoursOverlap(f"At most {MOST_HOURS} spans.")
    PickupHours.objects.filter(point=point).delete()
    with refusing(BY_CONSTRAINT):
        PickupHours.objects.bulk_create(PickupHours(point=point, **span) for span in hours)


def _spans(hours: Hours) -> list[tuple[int, time, time]]:
    return sorted((span["weekday"], span["opens"], span["closes"]) for span in hours)


def _present_spans(point: PickupPoint) -> list[tuple[int, time, time]]:
    return sorted(point.hours.values_list("weekday", "opens", "closes"))
