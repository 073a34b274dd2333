"""The verbs of areas. What orders, fees and taxes ask is `resolve`: one statement from a code to all that it is in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError
from django.db.models.functions import Now

from common.constraints import refusing
from common.languages import merged_translations
from common.transactions import lock_row
from places.models import CODE_PATTERN, LEVELS, Area, AreaQuerySet
from places.refusals import (
    BY_CONSTRAINT,
    AreaCodeStays,
    AreaInUse,
    NoSuchArea,
    NoSuchAreaHere,
    WrongLevel,
)

NO_AREA = "There is no such area."
Translations = Mapping[str, Mapping[str, str | None] | None]


@dataclass(frozen=True, slots=True)
class Place:
    """One area on the way from a region down to another, as it is called in English and in other languages."""

    id: int
    code: str
    kind: str
    name: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AreaPath:
    """An area with all that it is in, the region first and itself last."""

    places: tuple[Place, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids, the widest area's first."""
        return tuple(place.id for place in self.places)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes, the widest area's first: what fees and tax rates are chosen by, the most specific one winning."""
        return tuple(place.code for place in self.places)

    @property
    def code(self) -> str:
        """The code of the area itself."""
        return self.places[-1].code

    def __str__(self) -> str:
        """As on a label: from the nearest to the widest."""
        return ", ".join(place.name for place in reversed(self.places))


# --- finding ----------------------------------------------------------------------------------


def for_display() -> AreaQuerySet:
    """Areas with their paths, and whether there is something in them (`has_children`); one statement."""
    children = Area.objects.filter(parent=OuterRef("pk"), is_active=True)
    return Area.objects.with_path().annotate(has_children=Exists(children))


def by_key(key: str) -> dict[str, Any]:
    """The condition for an id or a code in any case, whichever `key` is."""
    is_id = key.isascii() and key.isdigit() and len(key) < 19
    return {"pk": int(key)} if is_id else {"code": key.replace("\x00", "").upper()}


def is_code(text: str) -> bool:
    """Whether an area may have this code: `ET-AA-BOLE`."""
    return re.match(CODE_PATTERN, text) is not None


def find_area(key: str, *, archived: bool = False) -> Area:
    """The area of that id or code.

    Args:
        archived: also one that was archived, or lies in one that was.

    Raises:
        NoSuchAreaHere
    """
    rows = Area.objects.all() if archived else Area.objects.in_use()
    found = rows.with_path().filter(**by_key(key)).first()
    if found is None:
        raise NoSuchAreaHere(NO_AREA)
    return found


def resolve(key: str, *, field: str = "area") -> AreaPath:
    """An area that can be delivered to, with all that it is in. One statement.

    Args:
        key: its code (ET-AA-BOLE, in any case), or its id.
        field: how the caller's body calls it, for the refusal.

    Raises:
        NoSuchArea: there is none, or it is archived.
    """
    found = Area.objects.in_use().with_path().filter(**by_key(key)).first()
    if found is None:
        raise NoSuchArea(NO_AREA, field=field)
    return path_of(found)


def path_of(area: Area) -> AreaPath:
    """The path of a row that was fetched `with_path`."""
    return AreaPath(
        tuple(
            Place(
                id=one.pk,
                code=one.code,
                kind=one.kind,
                name=one.name,
                names={
                    code: texts["name"]
                    for code, texts in one.translations.items()
                    if texts.get("name")
                },
            )
            for one in area.path
        )
    )


# --- writing ----------------------------------------------------------------------------------


def create_area(
    *,
    code: str,
    name: str,
    kind: str,
    parent: Area | None = None,
    aliases: str = "",
    translations: Translations | None = None,
    is_active: bool = True,
) -> Area:
    """Add an area, in another or (a region) in none.

    Raises:
        AreaCodeTaken, AreaNameTaken, WrongLevel; Invalid: the translations.
    """
    area = Area(code=code.upper(), name=name, kind=kind, aliases=aliases, is_active=is_active)
    area.translations = merged_translations({}, translations or {}, fields=Area.TEXTS)
    with transaction.atomic():
        _put(area, parent)
        with refusing(BY_CONSTRAINT):
            area.save(force_insert=True)
    area.refresh_from_db(fields=["created_at", "updated_at", "searched"])
    return area


def update_area(*, area_id: int, changes: Mapping[str, Any]) -> Area:
    """Change an area, or put it into another; what is in it goes with it. Its translations are merged, null removes.

    Args:
        changes: any of the arguments of `create_area`; the code only as it is.

    Raises:
        NotFound, AreaCodeStays, AreaNameTaken, WrongLevel; Invalid: the translations.
    """
    with transaction.atomic():
        area = lock_row(Area.objects.all(), area_id, missing=NO_AREA)
        new = dict(changes)
        if "translations" in new:
            new["translations"] = merged_translations(
                area.translations, new["translations"] or {}, fields=Area.TEXTS
            )
        if new.pop("code", area.code).upper() != area.code:
            raise AreaCodeStays
        parent = new.pop("parent", area.parent)
        before = {
            field.attname: getattr(area, field.attname) for field in Area._meta.concrete_fields
        }
        for name, value in new.items():
            setattr(area, name, value)
        _put(area, parent)
        changed = [name for name, value in before.items() if getattr(area, name) != value]
        if changed:
            area.version += 1
            area.updated_at = Now()
            with refusing(BY_CONSTRAINT):
                area.save(update_fields=[*changed, "version", "updated_at"])
            area.refresh_from_db(fields=["updated_at", "searched"])
    return area


def delete_area(*, area_id: int) -> None:
    """Remove an area that nothing refers to; orders keep copies of theirs.

    Raises:
        NotFound; AreaInUse: archive it instead.
    """
    with transaction.atomic():
        area = lock_row(Area.objects.all(), area_id, missing=NO_AREA)
        try:
            with refusing({"area_knows_the_level_of_its_parent": AreaInUse}):
                area.delete()
        except ProtectedError as error:
            raise AreaInUse from error


def _put(area: Area, parent: Area | None) -> None:
    """Into another area; the level follows from the kind, the parent's is copied, and the database compares the two."""
    area.level = LEVELS[area.kind]
    if (parent is None) != (area.level == 1):
        detail = (
            f"A {area.get_kind_display()} lies in another area: name it."
            if parent is None
            else f"A {area.get_kind_display()} lies in no other area."
        )
        raise WrongLevel(detail)
    if parent is not None and parent.level >= area.level:
        raise WrongLevel(
            f"A {area.get_kind_display()} cannot lie in a {parent.get_kind_display()}."
        )
    area.parent = parent
    area.parent_level = None if parent is None else parent.level
