"""Whether something kept is still true, asked of the one who knows: PostgreSQL, in one small statement.

Versions grow when a transaction that changed something shown commits, whoever made the change (migrations/0008_versions.py);
the moment is the last at which a price or a publication began or ended by the clock. While all three are what they were, so
is the catalogue. Therefore a change is seen by the very next read, in every process; no time has to pass.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import CatalogVersion
from catalog.models.naming import by_id_or_slug
from catalog.reads.database import in_transaction, rows

VERSIONS = """
    SELECT coalesce(max(version) FILTER (WHERE scope = -1), 0) AS shared,
           coalesce(sum(version) FILTER (WHERE scope <> -1), 0)::bigint AS products,
           (SELECT max(at) FROM catalog_catalogmoment WHERE at <= now()) AS moment
      FROM catalog_catalogversion WHERE scope = ANY (%(scopes)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The versions at one moment: of what all products share, of the products in question, and of the clock."""

    shared: int
    products: int
    moment: datetime | None


def scopes_of(shelves: Sequence[int] | None) -> list[int]:
    """Whose versions a list depends on: of the categories it shows, or of all products."""
    products = [CatalogVersion.PRODUCTS] if shelves is None else list(shelves)
    return [CatalogVersion.SHARED, *products]


def freshness(scopes: Sequence[int]) -> Freshness:
    """How things stand now. One statement."""
    return Freshness(*rows(VERSIONS, {"scopes": list(scopes)})[0])


# --- the tree of categories and the languages, kept per process ---------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """What every product shares and every read needs: the tree of categories and the languages.

    Attributes:
        version: of the scope of shared things, for which this is true.
        languages: codes, the one the catalogue is written in first.
    """

    version: int
    by_slug: dict[str, int]
    children: dict[int, list[int]]
    ids: frozenset[int]
    languages: tuple[str, ...]

    def below(self, key: str) -> tuple[int, ...]:
        """The ids of a category (id or slug) and of everything below it; of an unknown one, none."""
        ((kind, value),) = by_id_or_slug(key).items()
        start = self.by_slug.get(value) if kind == "slug" else value
        if start not in self.ids:
            return ()
        found: set[int] = set()
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if (
                current not in found
            ):  # nothing but our verbs keeps somebody from closing a ring by SQL
                found.add(current)
                waiting += self.children.get(current, [])
        return tuple(sorted(found))


_SHARED = """
    SELECT NULL::bigint, NULL::text, coalesce((SELECT version FROM catalog_catalogversion WHERE scope = -1), 0), NULL::text
     UNION ALL SELECT id, slug, parent_id, NULL FROM catalog_category
     UNION ALL SELECT NULL, NULL, position, code FROM catalog_language
"""
_lock = threading.Lock()
_known: Shared | None = None


def shared() -> Shared:
    """What this process knows of the shared things. It may be older than a read that uses it; `renewed` mends that."""
    if in_transaction():
        return _load()
    return _known or renewed(-1)


def renewed(version: int) -> Shared:
    """The shared things as they are now, for one who saw this `version` of them. One thread loads, others wait for it."""
    global _known
    if _known is not None and _known.version == version:
        return _known
    with _lock:
        if _known is None or _known.version != version:
            _known = _load()
        return _known


def _load() -> Shared:
    version = 0
    by_slug: dict[str, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    languages: list[tuple[int, str]] = []
    for pk, slug, number, code in rows(_SHARED, {}):
        if code is not None:
            languages.append((number, code))
        elif pk is None:
            version = number
        else:
            by_slug[slug] = pk
            if number is not None:
                children[number].append(pk)
    codes = tuple(code for _, code in sorted(languages)) or ("en",)
    return Shared(version, by_slug, dict(children), frozenset(by_slug.values()), codes)
