# ruff: noqa: S608 (every piece of SQL below is a constant of this file or of catalog.filters; values are parameters)
"""Facets: what a list could be narrowed by further, and how many products each choice would leave.

Each facet respects every filter that was chosen but its own, so that `brand=abay` still shows how many there are of `omo`.
The products that meet all filters are read once (`m`), and once more for each facet that has a choice, without that choice;
all of it is one statement over catalog_traits (migrations/0011_traits.py).

Counts are exact while no such set has more than EXACT products. Of larger ones a sample of the table's pages is counted in a
second statement, and the answer says `is_estimate`: the work is bounded however large the catalogue is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog import search
from catalog.filters import ATTRIBUTE, OPTION, Condition, conditions, facet_key, named
from catalog.models import RETAIL
from catalog.reads.context import Context
from catalog.reads.database import rows
from common.money import EXPONENTS, Money

EXACT = 50_000
SAMPLE = 40_000
MOST_VALUES = 50
FEW_NUMBERS = 12  # so many different numbers are shown one by one, more in bands
BANDS = 6


def facets(query: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The facets of a list, as JSON: one statement, or two when some of it is an estimate.

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
    found = _read(sets, own_set, context, wanted=set(sets))
    large = {one.value or "" for one in found if one.kind == "set" and one.count > EXACT}
    if large:
        found = [one for one in found if one.kind != "set" or one.value not in large]
        found += _read(sets, own_set, context, wanted=large, sampled=True)
    return _as_json(found, context, is_estimate=bool(large))


@dataclass(frozen=True, slots=True)
class _Counted:
    """A row of the statement: so many products have that value."""

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
    sampled: bool = False,
) -> list[_Counted]:
    parameters: dict[str, Any] = {**context.parameters, "sample": SAMPLE}
    pieces = []
    for name in sorted(wanted):
        sql, params = named(sets[name], f"{name}_")
        parameters |= params
        pieces.append(f"{name} AS MATERIALIZED ({_set_of(sql, context, sampled=sampled)})")
    keyed = {own: name for own, name in own_set.items() if own.startswith((ATTRIBUTE, OPTION))}
    facets_of_sets = {
        name: facet_key(("a:" if own.startswith(ATTRIBUTE) else "o:") + own.partition(".")[2])
        for own, name in keyed.items()
    }
    parameters["apart"] = [facet_key("b"), facet_key("c"), *facets_of_sets.values()]
    parameters["shown"] = MOST_VALUES
    for name, key in facets_of_sets.items():
        parameters[f"{name}_key"] = key
    scale = "1::numeric"
    if sampled:
        pieces.insert(0, f"scale AS MATERIALIZED ({_SCALE})")
        scale = "(SELECT factor FROM scale)"
    statement = _counting(pieces, own_set, facets_of_sets, wanted, scale, bool(context.language))
    return [_Counted(*row) for row in rows(statement, parameters)]


_SHARE = """
    least(100, 100.0 * %(sample)s / greatest(1, (
        SELECT reltuples FROM pg_class WHERE oid = 'catalog_traits'::regclass)))
"""
_SCALE = f"SELECT (100 / ({_SHARE}))::numeric AS factor"


def _set_of(meets: str, context: Context, *, sampled: bool) -> str:
    """Products that this caller can buy and that meet the conditions; one more than EXACT at the most."""
    offer = """
        SELECT offer.price FROM catalog_offer offer
         WHERE offer.product_id = p.id AND offer.price_list_id = %(price_list)s AND offer.currency = %(currency)s
           AND offer.valid_from <= now() AND offer.valid_until > now()
    """
    own = context.price_list != RETAIL or context.stored_currency
    price = f"({offer})" if own else f"coalesce(p.price, ({offer}))"
    table = "catalog_traits p"
    if sampled:
        table += f" TABLESAMPLE SYSTEM ({_SHARE}) REPEATABLE (1)"
    return f"""
        SELECT p.*, o.price AS asked FROM {table} CROSS JOIN LATERAL (SELECT {price} AS price) o
         WHERE o.price IS NOT NULL AND {meets} {"" if sampled else f"LIMIT {EXACT + 1}"}
    """


def _counting(
    pieces: Sequence[str],
    own_set: Mapping[str, str],
    facets_of_sets: Mapping[str, int],
    wanted: set[str],
    scale: str,
    translated: bool,
) -> str:
    """The statement: sets, what they have in common, and a row for each value."""

    def word(text: str) -> str:
        if not translated:
            return text
        return (
            "coalesce((SELECT nullif(term.translations ->> %(language)s, '') FROM catalog_term term"
            f" WHERE term.text = {text}), {text})"
        )

    def name_of(row: str) -> str:
        if not translated:
            return f"{row}.name"
        return f"coalesce(nullif({row}.translations -> %(language)s ->> 'name', ''), {row}.name)"

    selects = [
        f"SELECT 'set', NULL, '{name}', NULL, count(*), NULL::bigint, NULL::numeric, NULL::numeric, NULL::jsonb FROM {name}"
        for name in sorted(wanted)
    ]
    if "m" in wanted:
        selects.append(
            f"SELECT 'total', NULL, NULL, NULL, round(count(*) * {scale})::bigint, NULL, NULL, NULL, NULL FROM m"
        )

    def of(facet: str) -> str | None:
        name = own_set.get(facet, "m")
        return name if name in wanted else None

    if source := of("in_stock"):
        selects.append(
            "SELECT 'in_stock', 'in_stock', in_stock::text, NULL, round(count(*) * "
            f"{scale})::bigint, 0, NULL, NULL, NULL FROM {source} GROUP BY in_stock"
        )
    if source := of("brand"):
        selects.append(f"""
            SELECT 'brand', 'brand', brand.slug, {word("brand.name")}, round(many.n * {scale})::bigint,
                   round(many.rest * {scale})::bigint, NULL, NULL, jsonb_build_object('id', brand.id)
              FROM (
                SELECT brand_id, count(*) AS n, row_number() OVER (ORDER BY count(*) DESC, brand_id) AS place,
                       sum(count(*)) OVER () - sum(count(*)) OVER (
                           ORDER BY count(*) DESC, brand_id ROWS UNBOUNDED PRECEDING) AS rest
                  FROM {source} WHERE brand_id IS NOT NULL GROUP BY brand_id
              ) many JOIN catalog_brand brand ON brand.id = many.brand_id WHERE many.place <= %(shown)s
        """)
    if source := of("category"):
        pieces = [*pieces, f"""
            shelf AS MATERIALIZED (
                SELECT category_id AS id, count(*) AS n FROM {source} WHERE category_id IS NOT NULL GROUP BY 1
            )""", """
            tree AS (
                SELECT id, n, n AS own, 1 AS level FROM shelf
                 UNION ALL
                SELECT parent_id, n, 0, level + 1 FROM tree JOIN catalog_category USING (id)
                 WHERE parent_id IS NOT NULL AND level <= 10
            )"""]  # fmt: skip
        selects.append(f"""
            SELECT 'category', 'category', category.slug, {name_of("category")}, round(many.n * {scale})::bigint,
                   round(many.rest * {scale})::bigint, NULL, NULL,
                   jsonb_build_object('id', category.id, 'parent', category.parent_id)
              FROM (
                SELECT id, sum(n) AS n, row_number() OVER (ORDER BY sum(n) DESC, id) AS place,
                       sum(sum(own)) OVER () - sum(sum(own)) OVER (
                           ORDER BY sum(n) DESC, id ROWS UNBOUNDED PRECEDING) AS rest
                  FROM tree GROUP BY id
              ) many JOIN catalog_category category USING (id) WHERE many.place <= %(shown)s
        """)
    if source := of("price"):
        selects.append(_bands(
            "price", f"SELECT 0 AS of, asked::float8 AS number FROM {source}", "NULL", scale, few=0
        ))  # fmt: skip
    counted = [
        f"""SELECT key, count(*) AS n, min(id) AS someone FROM (SELECT id, unnest(keys) AS key FROM {name}) one
             WHERE {which} GROUP BY key"""
        for name, which in {
            "m": "(key >> 32)::integer <> ALL (ARRAY("
            "SELECT catalog_facet_key('a:' || code) FROM catalog_attribute WHERE kind = 'number') || %(apart)s::integer[])",
            **{name: f"(key >> 32)::integer = %({name}_key)s" for name in facets_of_sets},
        }.items()
        if name in wanted
    ]
    numbers = [
        f"SELECT of, number FROM (SELECT unnest(number_of) AS of, unnest(numbers) AS number FROM {name}) one"
        f" WHERE {which}"
        for name, which in {
            "m": "of <> ALL (%(apart)s::integer[])",
            **{name: f"of = %({name}_key)s" for name in facets_of_sets},
        }.items()
        if name in wanted
    ]
    if counted:
        pieces = [*pieces, f"""
            ranked AS MATERIALIZED (
                SELECT key, n, someone, row_number() OVER most AS place,
                       sum(n) OVER (PARTITION BY key >> 32) - sum(n) OVER (most ROWS UNBOUNDED PRECEDING) AS rest
                  FROM ({" UNION ALL ".join(counted)}) many
                WINDOW most AS (PARTITION BY key >> 32 ORDER BY n DESC, key)
            )""", """
            told AS MATERIALIZED (
                SELECT catalog_facet_of(product.tokens[array_position(traits.keys, ranked.key)]) AS facet,
                       product.tokens[array_position(traits.keys, ranked.key)] AS token, ranked.n, ranked.rest
                  FROM ranked JOIN catalog_traits traits ON traits.id = someone
                  JOIN catalog_product product ON product.id = someone
                 WHERE place <= %(shown)s
            )"""]  # fmt: skip
        value = "substr(told.token, length(told.facet) + 2)"
        selects.append(f"""
            SELECT 'token', told.facet, {value}, {word(value)}, round(told.n * {scale})::bigint,
                   round(told.rest * {scale})::bigint, NULL, NULL, NULL FROM told
        """)
        selects.append(f"""
            SELECT 'option', one.facet, NULL, {word("substr(one.facet, 3)")}, 0, NULL, NULL, NULL, NULL
              FROM (SELECT DISTINCT facet FROM told WHERE facet LIKE 'o:%%') one
        """)
        selects.append(
            _bands("number", " UNION ALL ".join(numbers), "of::text", scale, few=FEW_NUMBERS)
        )
        selects.append(f"""
            SELECT 'attribute', 'a:' || code, catalog_facet_key('a:' || code)::text, {word("name")}, 0, NULL, NULL, NULL,
                   jsonb_build_object('kind', kind, 'unit', {word("unit")})
              FROM catalog_attribute attribute WHERE is_filterable
        """)
    return f"WITH RECURSIVE {', '.join(pieces)} {' UNION ALL '.join(f'({one})' for one in selects)}"


def _bands(kind: str, numbers: str, facet: str, scale: str, *, few: int) -> str:
    """Numbers in bands that hold about as many products each and end at round numbers; few different ones one by one."""
    return f"""
        WITH number AS MATERIALIZED ({numbers}),
        spread AS (
            SELECT of, count(DISTINCT number) AS kinds, percentile_disc(
                       ARRAY(SELECT (2 * place - 1) / {2.0 * BANDS} FROM generate_series(1, {BANDS}) place)
                   ) WITHIN GROUP (ORDER BY number) AS at
              FROM number GROUP BY of
        ),
        edged AS MATERIALIZED (
            SELECT of, kinds, ARRAY(
                SELECT DISTINCT catalog_round_edge(at[place]::numeric, at[place + 1]::numeric)::float8 AS edge
                  FROM generate_series(1, {BANDS - 1}) place ORDER BY edge
            ) AS edges FROM spread
        )
        SELECT '{kind}', {facet}, NULL, NULL, round(count(*) * {scale})::bigint, 0::bigint,
               min(number)::numeric, max(number)::numeric, jsonb_build_array(min(edges[band]), min(edges[band + 1]))
          FROM (
            SELECT of, number, kinds, edges, CASE WHEN kinds > {few} THEN width_bucket(number, edges) END AS band
              FROM number JOIN edged USING (of)
          ) one
         GROUP BY of, band, CASE WHEN band IS NULL THEN number END
    """


# --- the answer -------------------------------------------------------------------------------


def _as_json(found: Sequence[_Counted], context: Context, *, is_estimate: bool) -> dict[str, Any]:
    total = sum(one.count for one in found if one.kind == "total")
    labels = {one.facet: one for one in found if one.kind in {"attribute", "option"}}
    by_facet: dict[str, list[_Counted]] = defaultdict(list)
    for one in sorted(found, key=_place):
        if one.kind in {"category", "brand", "in_stock", "price", "token"}:
            by_facet[one.facet or one.kind].append(one)
    by_key = {one.value: code for code, one in labels.items() if one.kind == "attribute"}
    for one in sorted((one for one in found if one.kind == "number"), key=_place):
        if (code := by_key.get(one.facet)) is not None:
            by_facet[code].append(one)
    attributes, options = {}, {}
    for facet, values in by_facet.items():
        if facet[:2] == "a:" and (named_by := labels.get(facet)) is not None:
            attributes[facet[2:]] = {
                "name": named_by.label,
                **named_by.beside,
                **_values(values, open_ends=is_estimate),
            }
        elif facet[:2] == "o:":
            options[facet[2:]] = {"name": labels[facet].label, **_values(values)}
    return {
        "count": total,
        "is_estimate": is_estimate,
        "category": _values(by_facet["category"]),
        "price": {
            "values": [
                _price_band(one, context, open_ends=is_estimate) for one in by_facet["price"]
            ]
        },
        "brand": _values(by_facet["brand"]),
        "in_stock": _values(by_facet["in_stock"]),
        "tags": _values(by_facet["t"]),
        "attributes": dict(sorted(attributes.items())),
        "options": dict(sorted(options.items())),
    }


def _place(one: _Counted) -> tuple[Any, ...]:
    """Bands as numbers go, everything else with the most products first."""
    if one.low is not None:
        return (0, one.low)
    return (1, -one.count, one.value or "")


def _values(found: Sequence[_Counted], *, open_ends: bool = False) -> dict[str, Any]:
    return {
        "values": [
            _number(one, open_ends=open_ends)
            if one.low is not None
            else {
                "value": one.value,
                "label": one.label if one.label is not None else one.value,
                "count": one.count,
                **(one.beside or {}),
            }
            for one in found
        ],
        "other": min((one.rest for one in found if one.rest is not None), default=0),
    }


def _number(one: _Counted, *, open_ends: bool) -> dict[str, Any]:
    """A number, or a band from a round number to the largest that there is in it: as a filter, it has as many products."""
    start, end = one.beside
    if one.low == one.high or one.low is None or one.high is None:
        value = label = _plain(one.low)
    else:
        low = _plain(Decimal(repr(start)) if start is not None else one.low)
        high = _plain(one.high)
        value, label = f"{low}..{high}", f"{low}\u2013{high}"
        if open_ends:  # the sample may have missed the smallest and the largest
            value = f"{low if start is not None else ''}..{high if end is not None else ''}"
    return {"value": value, "label": label, "count": one.count}


def _price_band(one: _Counted, context: Context, *, open_ends: bool) -> dict[str, Any]:
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


def _plain(number: Decimal | None) -> str:
    plain = f"{number or Decimal(0):f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"
