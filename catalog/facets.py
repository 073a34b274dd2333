# ruff: noqa: S608 (every piece of SQL below is a constant of this file or of catalog.filters; values are parameters)
"""Facets: what a list could be narrowed by further, and how many products each choice would leave.

Each facet respects every filter that was chosen but its own, so that `brand=abay` still shows how many there are of `omo`.
The products that meet all filters are read once (`m`), and once more for each facet that has a choice, without that choice;
all of it is one statement over catalog_traits (migrations/0011_traits.py).

Counts are exact while no such set has more than EXACT products (EXACT_PLAIN, where only one column is counted). Of larger
ones a sample of the table's pages is counted in another statement, and what follows from it says `is_estimate`: the work is
bounded however large the catalogue is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog import search
from catalog.counting import SCALE, counting, set_of
from catalog.filters import ATTRIBUTE, OPTION, Condition, conditions, named
from catalog.reads.context import Context
from catalog.reads.database import rows
from catalog.tokens import facet_key
from common.money import EXPONENTS, Money

EXACT = 50_000
EXACT_PLAIN = 250_000  # where only one column is counted
SAMPLE = 40_000
MOST_VALUES = 50


def facets(query: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The facets of a list, as JSON: one statement, three at the most when some of it is an estimate.

    Args:
        query: what `ProductQuerySerializer` made of the parameters.
        context: whose prices, in which currency, and the language of labels.
    """
    chosen = conditions({**query, "search": None}, keyed=True)
    if words := query.get("search"):
        sql, params = search.matches(words)
        chosen.append(Condition("", f"p.id IN (SELECT hit.product_id FROM ({sql}) hit)", params))
    sets = {"m": chosen} | {
        f"w{place}": [one for one in chosen if one is not own]
        for place, own in enumerate(chosen)
        if own.facet
    }
    own_set = {own.facet: f"w{place}" for place, own in enumerate(chosen) if own.facet}
    fixed = [one for one in chosen if not one.facet]
    found = _read(sets, own_set, context, wanted=set(sets), fixed=fixed)
    if any(one.set_name == "base" and one.count > EXACT for one in found):
        found = _read(sets, own_set, context, wanted=set(sets))
    sizes = {one.set_name.removesuffix("_all"): one.count for one in found if one.kind == "set"}
    large = {name for name in sets if sizes.get(name, 0) > _most(_facet_of(name, own_set))}
    if large:
        found = [one for one in found if one.set_name not in large]
        found += _read(sets, own_set, context, wanted=large, sampled=True)
    return _as_json(found, context, estimated=large)


def _facet_of(set_name: str | None, own_set: Mapping[str, str]) -> str:
    """The facet whose own choice a set ignores; empty: it ignores none."""
    return next((facet for facet, name in own_set.items() if name == set_name), "")


def _most(facet: str) -> int:
    return EXACT_PLAIN if facet in _COLUMNS else EXACT


# What is read of a product to count everything, or one facet.
_ALL_COLUMNS = "p.id, p.category_id, p.brand_id, p.in_stock, p.counted, p.number_of, p.numbers, o.price AS asked"
_COLUMNS = {
    "category": "p.category_id", "brand": "p.brand_id", "in_stock": "p.in_stock", "price": "o.price AS asked",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """A row of the statement: so many products have that value."""

    set_name: str
    kind: str
    facet: str | None
    value: str | None
    label: str | None
    count: int
    rest: int | None  # products with values behind this one
    low: Decimal | None
    high: Decimal | None
    beside: Any


def _read(
    sets: Mapping[str, Sequence[Condition]],
    own_set: Mapping[str, str],
    context: Context,
    *,
    wanted: set[str],
    fixed: Sequence[Condition] = (),
    sampled: bool = False,
) -> list[Counted]:
    """Count sets. What all of them share (`fixed`, such as a search) is looked for once, when there is something."""
    parameters: dict[str, Any] = {**context.parameters, "sample": SAMPLE}
    pieces = []
    if fixed:
        sql, params = named(fixed, "base_")
        parameters |= params
        columns = f"p.keys, {_ALL_COLUMNS}"
        pieces.append(
            f"base AS MATERIALIZED ({set_of(columns, sql, context, sampled=False)} LIMIT {EXACT + 1})"
        )
    for name in sorted(wanted):
        own = [one for one in sets[name] if not fixed or one.facet]
        sql, params = named(own, f"{name}_")
        parameters |= params
        facet = _facet_of(name, own_set)
        columns = _COLUMNS.get(facet, _ALL_COLUMNS)
        if fixed:
            found = f"SELECT {columns} FROM base p CROSS JOIN LATERAL (SELECT p.asked AS price) o WHERE {sql}"
            found += f" AND (SELECT count(*) FROM base) <= {EXACT}"
        else:
            found = set_of(columns, sql, context, sampled=sampled)
            if not sampled:  # what is too large is not counted in vain
                most = _most(facet)
                pieces.append(f"{name}_all AS MATERIALIZED ({found} LIMIT {most + 1})")
                found = (
                    f"SELECT * FROM {name}_all WHERE (SELECT count(*) FROM {name}_all) <= {most}"
                )
        pieces.append(f"{name} AS MATERIALIZED ({found})")
    keyed = {own: name for own, name in own_set.items() if own.startswith((ATTRIBUTE, OPTION))}
    facets_of_sets = {
        name: facet_key(("a:" if own.startswith(ATTRIBUTE) else "o:") + own.partition(".")[2])
        for own, name in keyed.items()
    }
    parameters["apart"] = list(facets_of_sets.values())
    parameters["shown"] = MOST_VALUES
    for name, key in facets_of_sets.items():
        parameters[f"{name}_key"] = key
    scale = "1::numeric"
    if sampled:
        pieces.insert(0, f"scale AS MATERIALIZED ({SCALE})")
        scale = "(SELECT factor FROM scale)"
    sizes = ["base"] if fixed else [] if sampled else [f"{name}_all" for name in sorted(wanted)]
    statement = counting(
        pieces, sizes, own_set, facets_of_sets, wanted, scale, bool(context.language)
    )
    return [Counted(*row) for row in rows(statement, parameters, prepared=False)]


# --- the answer -------------------------------------------------------------------------------


def _as_json(found: Sequence[Counted], context: Context, *, estimated: set[str]) -> dict[str, Any]:
    labels = {one.facet: one for one in found if one.kind in {"attribute", "option"}}
    by_key = {one.value: one.facet for one in labels.values() if one.kind == "attribute"}
    by_facet: dict[str | None, list[Counted]] = defaultdict(list)
    for one in sorted(found, key=_place):
        by_facet[by_key.get(one.facet) if one.kind == "number" else one.facet].append(one)

    def facet(name: str, shown: Callable[[Counted], dict[str, Any]] = _value) -> dict[str, Any]:
        values = [one for one in by_facet[name] if one.kind not in {"attribute", "option"}]
        return {
            "values": [shown(one) for one in values],
            "other": min((one.rest for one in values if one.rest is not None), default=0),
            "is_estimate": any(one.set_name in estimated for one in values),
        }

    attributes = {
        code[2:]: {"name": one.label, **one.beside, **facet(code)}
        for code, one in sorted(labels.items(), key=lambda item: item[0] or "")
        if code and one.kind == "attribute"
    }
    options = {
        name[2:]: {"name": one.label, **facet(name)}
        for name, one in sorted(labels.items(), key=lambda item: item[0] or "")
        if name and one.kind == "option"
    }
    return {
        "count": sum(one.count for one in found if one.kind == "total"),
        "is_estimate": "m" in estimated,
        "category": facet("category"),
        "price": facet(
            "price", lambda one: _price_band(one, context, open_ends=one.set_name in estimated)
        ),
        "brand": facet("brand"),
        "in_stock": facet("in_stock"),
        "tags": facet("t"),
        "attributes": {code: one for code, one in attributes.items() if one["values"]},
        "options": options,
    }


def _place(one: Counted) -> tuple[Any, ...]:
    """Bands as numbers go, everything else with the most products first."""
    if one.low is not None:
        return (0, one.low)
    return (1, -one.count, one.value or "")


def _value(one: Counted) -> dict[str, Any]:
    if one.low is not None and one.high is not None:
        value, label = _number(one, one.low, one.high)
        return {"value": value, "label": label, "count": one.count}
    label = one.label if one.label is not None else one.value
    return {"value": one.value, "label": label, "count": one.count, **(one.beside or {})}


def _number(one: Counted, lowest: Decimal, highest: Decimal) -> tuple[str | None, str | None]:
    """A number, or a band from a round number to the largest that there is in it: as a filter, it has as many products."""
    if lowest == highest:
        return _plain(lowest), _plain(lowest)
    start = one.beside[0]
    low, high = _plain(lowest if start is None else Decimal(repr(start))), _plain(highest)
    return f"{low}..{high}", f"{low}\u2013{high}"


def _price_band(one: Counted, context: Context, *, open_ends: bool) -> dict[str, Any]:
    """From a round price to just below the next: with `min_price` and `max_price` of a band one sees what it counts."""
    start, end = one.beside
    unit = Decimal(1).scaleb(-EXPONENTS[context.currency])
    low = Decimal(repr(start)) if start is not None else None if open_ends else one.low
    high = Decimal(repr(end)) - unit if end is not None else None if open_ends else one.high
    return {"min": _money(low, context), "max": _money(high, context), "count": one.count}


def _money(amount: Decimal | None, context: Context) -> dict[str, str] | None:
    if amount is None:
        return None
    return Money(amount, context.currency).as_json()


def _plain(number: Decimal) -> str:
    plain = f"{number:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"
