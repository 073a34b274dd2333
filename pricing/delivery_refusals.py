"""What the verbs of delivery refuse, and which constraint says so when two writers meet."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import Conflict, Invalid, NotFound, OneField, Refusal


class DeliveryMethodCodeTaken(OneField, Conflict):
    """Another delivery method has this code."""

    code = "delivery_method_code_taken"
    title = "Another delivery method has this code"
    field = "code"


class DeliveryMethodCodeStays(OneField, Conflict):
    """Orders know the method by its code: it does not change. Add another method, archive this one."""

    code = "delivery_method_code_stays"
    title = "A delivery method keeps its code"
    field = "code"


class NoSuchDeliveryMethod(NotFound):
    """There is no such delivery method, or it is archived."""


class FeesOverlap(OneField, Invalid):
    """Two rows of one table are about the same parcel, or one is about none."""

    code = "fees_overlap"
    title = "These fees overlap"
    field = "fees"


class WindowsOverlap(OneField, Invalid):
    """Two windows of one area and weekday overlap, or one ends before it begins."""

    code = "windows_overlap"
    title = "These windows overlap"
    field = "windows"


class DeliveryWindowUnavailable(OneField, Conflict):
    """The chosen delivery window is not that method's there, is not offered on that day, or its cut-off has passed."""

    code = "delivery_window_unavailable"
    title = "This delivery window cannot be had"
    field = "delivery.window"


class DeliveryWindowFull(OneField, Conflict):
    """As many orders as the chosen delivery window takes have been placed for that day."""

    code = "delivery_window_full"
    title = "This delivery window is full"
    field = "delivery.window"


class DeliveryWindowBooked(Conflict):
    """More orders have been placed for a day to come than the window would take. Each error says how many, and for when."""

    code = "delivery_window_booked"
    title = "More orders than that have been placed for a window"


BY_CONSTRAINT: Mapping[str, type[Refusal]] = {
    "delivery_method_code_is_unique": DeliveryMethodCodeTaken,
    "one_delivery_fee_for_each_parcel": FeesOverlap,
    "delivery_fee_covers_something": FeesOverlap,
    "delivery_windows_do_not_overlap": WindowsOverlap,
    "delivery_window_ends_after_it_begins": WindowsOverlap,
}
