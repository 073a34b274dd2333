"""The verbs of delivery methods. Fees and windows are edited as whole tables: one wrong row, and none is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Now

from common.constraints import refusing
from common.errors import invalid_field
from common.languages import merged_translations
from common.money import has_minor_units_of
from common.transactions import lock_row
from pricing import bookings
from pricing.delivery_refusals import (
    BY_CONSTRAINT,
    DeliveryMethodCodeStays,
    DeliveryWindowBooked,
    FeesOverlap,
    NoSuchDeliveryMethod,
    WindowsOverlap,
)
from pricing.models import DeliveryFee, DeliveryMethod, DeliveryWindow

NO_METHOD = "There is no such delivery method."
MOST_FEES, MOST_WINDOWS = 1000, 500  # of one method
Table = Sequence[Mapping[str, Any]]
_AMOUNTS = ("fee", "min_value", "max_value", "free_above")


# --- finding ----------------------------------------------------------------------------------


def for_display() -> QuerySet[DeliveryMethod]:
    """Methods with their tables; three statements, however many there are."""
    fees = DeliveryFee.objects.select_related("area").order_by(
        "currency", "area__code", "min_weight", "min_value"
    )
    windows = DeliveryWindow.objects.select_related("area").order_by(
        "area__code", "weekday", "begins"
    )
    return DeliveryMethod.objects.prefetch_related(
        Prefetch("fees", fees), Prefetch("windows", windows)
    )


def by_key(key: str) -> dict[str, Any]:
    """The condition for an id or a code, whichever `key` is."""
    is_id = key.isascii() and key.isdigit() and len(key) < 19
    return {"pk": int(key)} if is_id else {"code": key.replace("\x00", "").lower()}


def find_method(key: str, *, archived: bool = False) -> DeliveryMethod:
    """The method of that id or code, for display.

    Raises:
        NoSuchDeliveryMethod: there is none, or (unless `archived`) it is archived.
    """
    rows = for_display() if archived else for_display().filter(is_active=True)
    found = rows.filter(**by_key(key)).first()
    if found is None:
        raise NoSuchDeliveryMethod(NO_METHOD)
    return found


# --- writing ----------------------------------------------------------------------------------


def create_method(**fields: Any) -> DeliveryMethod:
    """Add a method, without fees: until it has some it is offered nowhere.

    Args:
        fields: columns of `DeliveryMethod` by name; `tax_category` is a row.

    Raises:
        DeliveryMethodCodeTaken; Invalid: the translations.
    """
    given = fields.pop("translations", None) or {}
    method = DeliveryMethod(**fields)
    method.translations = merged_translations({}, given, fields=DeliveryMethod.TEXTS)
    with refusing(BY_CONSTRAINT):
        method.save(force_insert=True)
    return for_display().get(pk=method.pk)


def update_method(*, method_id: int, changes: Mapping[str, Any]) -> DeliveryMethod:
    """Change a method, but not its tables. Translations are merged, null removes.

    Raises:
        NotFound, DeliveryMethodCodeStays; Invalid: the translations.
    """
    with transaction.atomic():
        method = lock_row(DeliveryMethod.objects.all(), method_id, missing=NO_METHOD)
        new = dict(changes)
        if new.pop("code", method.code) != method.code:
            raise DeliveryMethodCodeStays
        if "translations" in new:
            new["translations"] = merged_translations(
                method.translations, new["translations"] or {}, fields=DeliveryMethod.TEXTS
            )
        changed = [name for name, value in new.items() if getattr(method, name) != value]
        for name in changed:
            setattr(method, name, new[name])
        if changed:
            _save(method, *changed)
    return for_display().get(pk=method.pk)


def delete_method(*, method_id: int) -> None:
    """Remove a method with its tables. Orders keep copies of what they need."""
    with transaction.atomic():
        method = lock_row(DeliveryMethod.objects.all(), method_id, missing=NO_METHOD)
        _hold_windows(method)
        method.delete()


def set_fees(*, method_id: int, fees: Table) -> DeliveryMethod:
    """These fees and no others.

    Args:
        fees: columns of `DeliveryFee` by name; `area` is a row or None.

    Raises:
        NotFound; FeesOverlap: two rows for one parcel; Invalid: naming an amount that the currency does not have.
    """
    if len(fees) > MOST_FEES:
        raise FeesOverlap(f"At most {MOST_FEES} rows.")
    for number, row in enumerate(fees):
        for name in _AMOUNTS:
            amount = row.get(name)
            if amount is not None and not has_minor_units_of(amount, row["currency"]):
                detail = f"{row['currency']} has fewer decimals."
                raise invalid_field(f"fees.{number}.{name}", "invalid", detail)
    with transaction.atomic():
        method = lock_row(DeliveryMethod.objects.all(), method_id, missing=NO_METHOD)
        DeliveryFee.objects.filter(method=method).delete()
        with refusing(BY_CONSTRAINT):
            DeliveryFee.objects.bulk_create(DeliveryFee(method=method, **row) for row in fees)
        _save(method)
    return for_display().get(pk=method.pk)


def set_windows(*, method_id: int, windows: Table) -> DeliveryMethod:
    """These windows and no others. One that stays (area, weekday, times) keeps its id, by which orders are counted.

    Of one that goes, orders keep the day and the hours that they were promised.

    Raises:
        NotFound, WindowsOverlap
        DeliveryWindowBooked: one that stays would take fewer orders than have been placed for a day to come.
    """
    if len(windows) > MOST_WINDOWS:
        raise WindowsOverlap(f"At most {MOST_WINDOWS} rows.")
    with transaction.atomic():
        method = lock_row(DeliveryMethod.objects.all(), method_id, missing=NO_METHOD)
        present = {_place(row): row for row in _hold_windows(method)}
        new = [DeliveryWindow(method=method, **row) for row in windows]
        wanted = {_place(row) for row in new}
        if len(wanted) < len(new):
            raise WindowsOverlap
        gone = [row.pk for place, row in present.items() if place not in wanted]
        DeliveryWindow.objects.filter(pk__in=gone).delete()
        kept, added = [], []
        for row in new:
            known = present.get(_place(row))
            if known is None:
                added.append(row)
            else:
                known.cutoff_hours, known.capacity = row.cutoff_hours, row.capacity
                kept.append(known)
        _refuse_booked(new, present)
        DeliveryWindow.objects.bulk_update(kept, ["cutoff_hours", "capacity"])
        with refusing(BY_CONSTRAINT):
            DeliveryWindow.objects.bulk_create(added)
        _save(method)
    return for_display().get(pk=method.pk)


def _hold_windows(method: DeliveryMethod) -> list[DeliveryWindow]:
    """All windows of a method, against checkouts that are booking, also where there is no capacity: `pricing.bookings`."""
    rows = DeliveryWindow.objects.filter(method=method).order_by("pk")
    return list(rows.select_for_update())


def _refuse_booked(new: Sequence[DeliveryWindow], present: Mapping[Any, DeliveryWindow]) -> None:
    """Windows that stay must take what has been booked. Under the lock of all that are there."""
    limited = {
        known.pk: (place, row.capacity)
        for place, row in enumerate(new)
        if row.capacity is not None and (known := present.get(_place(row)))
    }
    errors = [
        {
            "field": f"windows.{limited[window][0]}.capacity",
            "code": DeliveryWindowBooked.code,
            "detail": f"{number} orders have been placed for {day}.",
            "booked": number,
            "day": day.isoformat(),
        }
        for (window, day), number in sorted(bookings.taken(limited).items())
        if number > limited[window][1]
    ]
    if errors:
        raise DeliveryWindowBooked(
            "A window takes no fewer orders than it has; as many close it for that day.",
            errors=errors,
        )


def _place(window: DeliveryWindow) -> tuple[Any, ...]:
    return (window.area_id, window.weekday, window.begins, window.ends)


def _save(method: DeliveryMethod, *names: str) -> None:
    method.version += 1
    method.updated_at = Now()
    with refusing(BY_CONSTRAINT):
        method.save(update_fields=[*names, "version", "updated_at"])
