"""What the verbs of places refuse, and which constraint says so when two writers meet."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import Conflict, Invalid, NotFound, OneField, Refusal


class AreaCodeTaken(OneField, Conflict):
    """Another area has this code."""

    code = "area_code_taken"
    title = "Another area has this code"
    field = "code"


class AreaCodeStays(OneField, Conflict):
    """Tax rates, orders and files know the area by its code: it does not change. Add another area, archive this one."""

    code = "area_code_stays"
    title = "An area keeps its code"
    field = "code"


class AreaNameTaken(OneField, Conflict):
    """An area of this kind and name is in the same area already."""

    code = "area_name_taken"
    title = "An area of this kind and name is there already"
    field = "name"


class WrongLevel(OneField, Invalid):
    """An area lies in one of a higher level: a woreda in a zone, never the other way; regions lie in none."""

    code = "wrong_level"
    title = "It cannot lie there"
    field = "parent"


class NoSuchArea(OneField, Invalid):
    """A body or query names an area that does not exist, or is archived."""

    code = "does_not_exist"
    title = "There is no such area"
    field = "area"


class NoSuchAreaHere(NotFound):
    """There is no such area, or it is archived."""


class AreaInUse(Conflict):
    """Areas lie in it, or pickup points or delivery fees are there. Archive it instead."""

    code = "area_in_use"
    title = "Something refers to this area: archive it instead"


class PickupSlugTaken(OneField, Conflict):
    """Another pickup point has this slug."""

    code = "slug_taken"
    title = "This slug is taken"
    field = "slug"


class NoSuchPickupPoint(NotFound):
    """There is no such pickup point, or it is archived."""


class HoursOverlap(OneField, Invalid):
    """Two spans of one weekday overlap, or one ends before it begins."""

    code = "hours_overlap"
    title = "These opening hours overlap"
    field = "opening_hours"


BY_CONSTRAINT: Mapping[str, type[Refusal]] = {
    "area_code_is_unique": AreaCodeTaken,
    "area_name_is_unique_in_its_parent": AreaNameTaken,
    "area_is_below_its_parent": WrongLevel,
    "area_knows_the_level_of_its_parent": WrongLevel,
    "pickup_point_slug_is_unique": PickupSlugTaken,
    "pickup_hours_do_not_overlap": HoursOverlap,
    "pickup_hours_end_after_they_begin": HoursOverlap,
}
