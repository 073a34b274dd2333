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
from catalog.filters import ATTRIBUTE, OPTION, Condition, conditions, facet_key, named
from catalog.models import RETAIL
from catalog.reads.context import Context
from catalog.reads.database import rows
from common.money import EXPONENTS, Money

EXACT = 50_000
EXACT_PLAIN = 250_000  # where only one column is counted
SAMPLE = 40_000
MOST_VALUES = 50
FEW_NUMBERS = 12  # so many different numbers are shown one by one, more in bands
BANDS = 6


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
class _Counted:
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
) -> list[_Counted]:
    """Count sets. What all of them share (`fixed`, such as a search) is looked for once, when there is something."""
    parameters: dict[str, Any] = {**context.parameters, "sample": SAMPLE}
    pieces = []
    if fixed:
        sql, params = named(fixed, "base_")
        parameters |= params
        columns = f"p.keys, {_ALL_COLUMNS}"
        pieces.append(
            f"base AS MATERIALIZED ({_set_of(columns, sql, context, sampled=False)} LIMIT {EXACT + 1})"
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
            found = _set_of(columns, sql, context, sampled=sampled)
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
        pieces.insert(0, f"scale AS MATERIALIZED ({_SCALE})")
        scale = "(SELECT factor FROM scale)"
    sizes = ["base"] if fixed else [] if sampled else [f"{name}_all" for name in sorted(wanted)]
    statement = _counting(
        pieces, sizes, own_set, facets_of_sets, wanted, scale, bool(context.language)
    )
    return [_Counted(*row) for row in rows(statement, parameters)]


_SHARE = """
    least(100, 100.0 * %(sample)s / greatest(1, (
        SELECT reltuples FROM pg_class WHERE oid = 'catalog_traits'::regclass)))
"""
_SCALE = f"SELECT (100 / ({_SHARE}))::numeric AS factor"


def _set_of(columns: str, meets: str, context: Context, *, sampled: bool) -> str:
    """Products that this caller can buy and that meet the conditions."""
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
        SELECT {columns} FROM {table} CROSS JOIN LATERAL (SELECT {price} AS price) o
         WHERE o.price IS NOT NULL AND {meets}
    """


def _counting(
    pieces: Sequence[str],
    sizes: Sequence[str],
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
        "SELECT '', '', NULL::text, NULL::text, NULL::text, 0::bigint, NULL::bigint, NULL::numeric, NULL::numeric,"
        " NULL::jsonb WHERE false",
        *(
            f"SELECT '{name}', 'set', NULL, NULL, NULL, count(*), NULL, NULL, NULL, NULL FROM {name}"
            for name in sizes
        ),
    ]
    if "m" in wanted:
        selects.append(
            f"SELECT 'm', 'total', NULL, NULL, NULL, round(count(*) * {scale})::bigint, NULL, NULL, NULL, NULL FROM m"
        )

    def of(facet: str) -> str | None:
        name = own_set.get(facet, "m")
        return name if name in wanted else None

    if source := of("in_stock"):
        selects.append(
            f"SELECT '{source}', 'in_stock', 'in_stock', in_stock::text, NULL, round(count(*) * {scale})::bigint, 0, NULL,"
            f" NULL, NULL FROM {source} GROUP BY in_stock"
        )
    if source := of("brand"):
        selects.append(f"""
            SELECT '{source}', 'brand', 'brand', brand.slug, {word("brand.name")}, round(many.n * {scale})::bigint,
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
            SELECT '{source}', 'category', 'category', category.slug, {name_of("category")},
                   round(many.n * {scale})::bigint, round(many.rest * {scale})::bigint, NULL, NULL,
                   jsonb_build_object('id', category.id, 'parent', category.parent_id)
              FROM (
                SELECT id, sum(n) AS n, row_number() OVER (ORDER BY sum(n) DESC, id) AS place,
                       sum(sum(own)) OVER () - sum(sum(own)) OVER (
                           ORDER BY sum(n) DESC, id ROWS UNBOUNDED PRECEDING) AS rest
                  FROM tree GROUP BY id
              ) many JOIN catalog_category category USING (id) WHERE many.place <= %(shown)s
        """)
    if source := of("price"):
        asked = f"SELECT '{source}' AS source, 0 AS of, asked::float8 AS number FROM {source}"
        selects.append(_bands("price", asked, "'price'", scale, few=0))
    keyed = {
        "m": "",
        **{name: f" WHERE (key >> 32)::integer = %({name}_key)s" for name in facets_of_sets},
    }
    if facets_of_sets:
        keyed["m"] = " WHERE (key >> 32)::integer <> ALL (%(apart)s::integer[])"
    counted = [
        f"SELECT '{name}' AS source, key, count(*) AS n, min(id) AS someone"
        f" FROM (SELECT id, unnest(counted) AS key FROM {name}) one{which} GROUP BY key"
        for name, which in keyed.items()
        if name in wanted
    ]
    if counted:
        numbers = " UNION ALL ".join(
            f"SELECT '{name}' AS source, of, number"
            f" FROM (SELECT unnest(number_of) AS of, unnest(numbers) AS number FROM {name}) one"
            + which.replace("(key >> 32)::integer", "of")
            for name, which in keyed.items()
            if name in wanted
        )
        pieces = [*pieces, f"""
            ranked AS MATERIALIZED (
                SELECT source, key, n, someone, row_number() OVER most AS place,
                       sum(n) OVER (PARTITION BY key >> 32) - sum(n) OVER (most ROWS UNBOUNDED PRECEDING) AS rest
                  FROM ({" UNION ALL ".join(counted)}) many
                WINDOW most AS (PARTITION BY key >> 32 ORDER BY n DESC, key)
            )""", """
            told AS MATERIALIZED (
                SELECT ranked.source, catalog_facet_of(said.token) AS facet, said.token, ranked.n, ranked.rest
                  FROM ranked JOIN catalog_traits traits ON traits.id = someone
                  JOIN catalog_product product ON product.id = someone
                 CROSS JOIN LATERAL (SELECT product.tokens[array_position(traits.keys, ranked.key)] AS token) said
                 WHERE place <= %(shown)s
            )"""]  # fmt: skip
        value = "substr(told.token, length(told.facet) + 2)"
        selects.append(f"""
            SELECT told.source, 'token', told.facet, {value}, {word(value)}, round(told.n * {scale})::bigint,
                   round(told.rest * {scale})::bigint, NULL, NULL, NULL FROM told
        """)
        selects.append(f"""
            SELECT '', 'option', one.facet, NULL, {word("substr(one.facet, 3)")}, 0, NULL, NULL, NULL, NULL
              FROM (SELECT DISTINCT facet FROM told WHERE facet LIKE 'o:%%') one
        """)
        selects.append(_bands("number", numbers, "of::text", scale, few=FEW_NUMBERS))
        selects.append(f"""
            SELECT '', 'attribute', 'a:' || code, catalog_facet_key('a:' || code)::text, {word("attribute.name")}, 0, NULL,
                   NULL, NULL, jsonb_build_object('kind', kind, 'unit', {word("attribute.unit")})
              FROM catalog_attribute attribute WHERE is_filterable
        """)
    return f"WITH RECURSIVE {', '.join(pieces)} {' UNION ALL '.join(f'({one})' for one in selects)}"


def _bands(kind: str, numbers: str, facet: str, scale: str, *, few: int) -> str:
    """Numbers in bands that hold about as many products each and end at round numbers; few different ones one by one."""
    kinds = "count(DISTINCT number)" if few else "1"
    return f"""
        WITH number AS MATERIALIZED ({numbers}),
        spread AS (
            SELECT of, {kinds} AS kinds, percentile_disc(
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
        SELECT min(source), '{kind}', {facet}, NULL, NULL, round(count(*) * {scale})::bigint, 0::bigint,
               min(number)::numeric, max(number)::numeric, jsonb_build_array(min(edges[band]), min(edges[band + 1]))
          FROM (
            SELECT source, of, number, edges,
                   CASE WHEN kinds > {few} THEN width_bucket(number, edges) END AS band
              FROM number JOIN edged USING (of)
          ) one
         GROUP BY of, band, CASE WHEN band IS NULL THEN number END
    """


# --- the answer -------------------------------------------------------------------------------


def _as_json(found: Sequence[_Counted], context: Context, *, estimated: set[str]) -> dict[str, Any]:
    labels = {one.facet: one for one in found if one.kind in {"attribute", "option"}}
    by_key = {one.value: one.facet for one in labels.values() if one.kind == "attribute"}
    by_facet: dict[str | None, list[_Counted]] = defaultdict(list)
    for one in sorted(found, key=_place):
        by_facet[by_key.get(one.facet) if one.kind == "number" else one.facet].append(one)

    def facet(name: str, shown: Callable[[_Counted], dict[str, Any]] = _value) -> dict[str, Any]:
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


def _place(one: _Counted) -> tuple[Any, ...]:
    """Bands as numbers go, everything else with the most products first."""
    if one.low is not None:
        return (0, one.low)
    return (1, -one.count, one.value or "")


def _value(one: _Counted) -> dict[str, Any]:
    if one.low is not None and one.high is not None:
        value, label = _number(one, one.low, one.high)
        return {"value": value, "label": label, "count": one.count}
    label = one.label if one.label is not None else one.value
    return {"value": one.value, "label": label, "count": one.count, **(one.beside or {})}


def _number(one: _Counted, lowest: Decimal, highest: Decimal) -> tuple[str | None, str | None]:
    """A number, or a band from a round number to the largest that there is in it: as a filter, it has as many products."""
    if lowest == highest:
        return _plain(lowest), _plain(lowest)
    start = one.beside[0]
    low, high = _plain(lowest if start is None else Decimal(repr(start))), _plain(highest)
    return f"{low}..{high}", f"{low}\u2013{high}"


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


def _plain(number: Decimal) -> str:
    plain = f"{number:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"
