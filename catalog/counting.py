# ruff: noqa: S608 (every piece of SQL below is a constant of this file or of catalog.filters; values are parameters)
"""The SQL of facets: sets of products, and from each a row for every value with how many products have it.

The rows that the statement gives are `catalog.facets.Counted`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.models import RETAIL
from catalog.reads.context import Context

FEW_NUMBERS = 12  # so many different numbers are shown one by one, more in bands
BANDS = 6

SHARE = """
    least(100, 100.0 * %(sample)s / greatest(1, (
        SELECT reltuples FROM pg_class WHERE oid = 'catalog_traits'::regclass)))
"""
SCALE = f"SELECT (100 / ({SHARE}))::numeric AS factor"


def set_of(columns: str, meets: str, context: Context, *, sampled: bool) -> str:
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
        table += f" TABLESAMPLE SYSTEM ({SHARE}) REPEATABLE (1)"
    return f"""
        SELECT {columns} FROM {table} CROSS JOIN LATERAL (SELECT {price} AS price) o
         WHERE o.price IS NOT NULL AND {meets}
    """


def counting(
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
