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

from catalog.models import RETAIL, CatalogVersion
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


# --- the tree of categories, the languages and the price lists, kept per process ---------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """What every product shares and every read needs: the tree of categories, the languages, whose price list is which.

    Attributes:
        version: of the scope of shared things, for which this is true.
        languages: codes, the one the catalogue is written in first.
        price_lists: ids, by the id of the customer group they are for.
    """

    version: int
    by_slug: dict[str, int]
    children: dict[int, list[int]]
    ids: frozenset[int]
    languages: tuple[str, ...]
    price_lists: dict[int, int]

    def price_list_of(self, group: int | None) -> int:
        """The price list of customers of this group, else the retail list."""
        return RETAIL if group is None else self.price_lists.get(group, RETAIL)

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
    SELECT 'version', -1::bigint, coalesce((SELECT version FROM catalog_catalogversion WHERE scope = -1), 0), NULL::text
     UNION ALL SELECT 'category', id, parent_id, slug FROM catalog_category
     UNION ALL SELECT 'language', NULL, position, code FROM catalog_language
     UNION ALL SELECT 'price list', id, group_id, NULL FROM catalog_pricelist WHERE group_id IS NOT NULL
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
    price_lists: dict[int, int] = {}
    for kind, pk, number, text in rows(_SHARED, {}):
        if kind == "version":
            version = number
        elif kind == "language":
            languages.append((number, text))
        elif kind == "price list":
            price_lists[number] = pk
        else:
            by_slug[text] = pk
            if number is not None:
                children[number].append(pk)
    codes = tuple(code for _, code in sorted(languages)) or ("en",)
    return Shared(version, by_slug, dict(children), frozenset(by_slug.values()), codes, price_lists)
