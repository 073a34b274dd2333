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


BY_CONSTRAINT: Mapping[str, type[Refusal]] = {
    "delivery_method_code_is_unique": DeliveryMethodCodeTaken,
    "one_delivery_fee_for_each_parcel": FeesOverlap,
    "delivery_fee_covers_something": FeesOverlap,
    "delivery_windows_do_not_overlap": WindowsOverlap,
    "delivery_window_ends_after_it_begins": WindowsOverlap,
}
