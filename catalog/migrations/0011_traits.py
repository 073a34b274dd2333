"""What a product on sale is counted by, in one narrow row: facets read thousands of them, and a product's own row is wide.

A row follows from its product and its offers, is written by triggers alone, and is read by `catalog.facets` alone; it has no
model. `keys` are the product's tokens, in their order, as numbers (half from the name of the facet, half from the whole
token), because numbers are counted several times faster than texts; `counted` are those that have no column of their own.
`numbers` are the values of numeric attributes,
`number_of` whose they are. `price` is what everybody pays in the shop's currency, for as long as nothing is written; null: look
at the offers.

`catalog_round_edge` finds the roundest number between two: where a band of prices ends.
"""

from django.db import migrations

TABLE = """
CREATE TABLE catalog_traits (
    id bigint PRIMARY KEY,
    category_id bigint,
    brand_id bigint,
    in_stock boolean NOT NULL,
    price numeric(14, 2),
    keys bigint[] NOT NULL,
    counted bigint[] NOT NULL,
    number_of integer[] NOT NULL,
    numbers float8[] NOT NULL
);
CREATE INDEX traits_by_key ON catalog_traits USING gin (keys);
CREATE INDEX traits_by_category ON catalog_traits (category_id);
CREATE INDEX traits_by_brand ON catalog_traits (brand_id)
"""

# md5, as PostgreSQL's own hash functions may differ between its releases.
KEYS = """
CREATE FUNCTION catalog_facet_of(token text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN left(token, 2) IN ('a:', 'o:') THEN split_part(token, '=', 1) ELSE left(token, 1) END;
CREATE FUNCTION catalog_facet_key(facet text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || left(md5(facet), 8))::bit(32)::integer;
CREATE FUNCTION catalog_token_key(token text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || left(md5(catalog_facet_of(token)), 8) || left(md5(token), 8))::bit(64)::bigint;
CREATE FUNCTION catalog_token_keys(tokens text[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT catalog_token_key(token) FROM unnest(tokens) token)
"""
UNDO_KEYS = """
DROP FUNCTION catalog_token_keys(text[]);
DROP FUNCTION catalog_token_key(text);
DROP FUNCTION catalog_facet_key(text);
DROP FUNCTION catalog_facet_of(text)
"""

# The product's row is locked by whoever changed it or its offers. Called on its own, for a backfill, it locks them itself.
REFRESH = """
CREATE FUNCTION catalog_refresh_traits(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM catalog_traits
     WHERE id = ANY (ids)
       AND id NOT IN (SELECT product.id FROM catalog_product product
                       WHERE product.id = ANY (ids) AND product.is_published AND product.archived_at IS NULL);
    INSERT INTO catalog_traits AS traits (id, category_id, brand_id, in_stock, price, keys, counted, number_of, numbers)
    SELECT product.id, product.category_id, product.brand_id, product.in_stock, constant.price,
           coalesce(told.keys, '{}'), coalesce(told.counted, '{}'), coalesce(told.number_of, '{}'),
           coalesce(told.numbers, '{}')
      FROM catalog_product product
      LEFT JOIN LATERAL (
          SELECT min(offer.price) AS price
            FROM catalog_offer offer
           WHERE offer.product_id = product.id AND offer.price_list_id = 1 AND offer.currency = ''
          HAVING count(*) = 1 AND min(offer.valid_from) < '0002-01-01' AND max(offer.valid_until) > '9999-01-01'
      ) constant ON true
      LEFT JOIN LATERAL (
          SELECT array_agg(catalog_token_key(token) ORDER BY place) AS keys,
                 array_agg(catalog_token_key(token) ORDER BY place)
                     FILTER (WHERE attribute.id IS NULL AND left(token, 2) NOT IN ('b:', 'c:')) AS counted,
                 array_agg(catalog_facet_key('a:' || attribute.code) ORDER BY place)
                     FILTER (WHERE attribute.id IS NOT NULL) AS number_of,
                 array_agg(split_part(token, '=', 2)::float8 ORDER BY place)
                     FILTER (WHERE attribute.id IS NOT NULL) AS numbers
            FROM unnest(product.tokens) WITH ORDINALITY one (token, place)
            LEFT JOIN catalog_attribute attribute
                   ON attribute.kind = 'number' AND catalog_facet_of(token) = 'a:' || attribute.code
                  AND split_part(token, '=', 2) ~ '^-?[0-9]+([.][0-9]+)?$'
      ) told ON true
     WHERE product.id = ANY (ids) AND product.is_published AND product.archived_at IS NULL
        ON CONFLICT (id) DO UPDATE
       SET (category_id, brand_id, in_stock, price, keys, counted, number_of, numbers)
         = (excluded.category_id, excluded.brand_id, excluded.in_stock, excluded.price, excluded.keys, excluded.counted,
            excluded.number_of, excluded.numbers)
     WHERE (traits.category_id, traits.brand_id, traits.in_stock, traits.price, traits.keys, traits.counted,
            traits.number_of, traits.numbers)
           IS DISTINCT FROM
           (excluded.category_id, excluded.brand_id, excluded.in_stock, excluded.price, excluded.keys, excluded.counted,
            excluded.number_of, excluded.numbers);
END $$
"""

PRODUCTS = """
CREATE FUNCTION catalog_traits_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    -- One IF for each: an expression may only name the transition tables that its statement has.
    IF TG_OP = 'INSERT' THEN
        IF TG_TABLE_NAME = 'catalog_offer' THEN
            ids := ARRAY(SELECT DISTINCT product_id FROM new_rows WHERE price_list_id = 1 AND currency = '');
        ELSE
            ids := ARRAY(SELECT id FROM new_rows WHERE is_published);
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF TG_TABLE_NAME = 'catalog_offer' THEN
            ids := ARRAY(SELECT DISTINCT product_id FROM old_rows WHERE price_list_id = 1 AND currency = '');
        ELSE
            ids := ARRAY(SELECT id FROM old_rows);
        END IF;
    ELSIF TG_TABLE_NAME = 'catalog_offer' THEN
        ids := ARRAY(
            SELECT product_id FROM new_rows WHERE price_list_id = 1 AND currency = ''
             UNION SELECT product_id FROM old_rows WHERE price_list_id = 1 AND currency = ''
        );
    ELSE
        ids := ARRAY(
            SELECT new_rows.id FROM new_rows JOIN old_rows USING (id)
             WHERE (new_rows.category_id, new_rows.brand_id, new_rows.in_stock, new_rows.tokens, new_rows.is_published,
                    new_rows.archived_at)
                   IS DISTINCT FROM
                   (old_rows.category_id, old_rows.brand_id, old_rows.in_stock, old_rows.tokens, old_rows.is_published,
                    old_rows.archived_at)
        );
    END IF;
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_traits(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_traits_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM catalog_traits;
    RETURN NULL;
END $$;
CREATE TRIGGER traits_follow_emptied_products AFTER TRUNCATE ON catalog_product
FOR EACH STATEMENT EXECUTE FUNCTION catalog_traits_emptied()
"""

ROUND_EDGE = """
CREATE FUNCTION catalog_round_edge(low numeric, high numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    power integer;
    step numeric;
    edge numeric;
BEGIN
    IF low <= 0 AND high >= 0 THEN
        RETURN 0;
    END IF;
    power := ceil(log(greatest(abs(low), abs(high))));
    WHILE power >= -6 LOOP
        FOREACH step IN ARRAY ARRAY[5, 2, 1] LOOP
            edge := ceil(low / (step * 10::numeric ^ power)) * (step * 10::numeric ^ power);
            IF edge <= high THEN
                RETURN trim_scale(edge);
            END IF;
        END LOOP;
        power := power - 1;
    END LOOP;
    RETURN low;
END $$
"""

BACKFILL = """
DO $$
DECLARE
    last bigint := 0;
    ids bigint[];
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM catalog_product WHERE id > last ORDER BY id LIMIT 5000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM catalog_refresh_traits(ids);
        last := ids[cardinality(ids)];
    END LOOP;
END $$
"""


def _watch(table: str) -> migrations.RunSQL:
    """Triggers on everything that happens to the rows of a table."""
    what = table.removeprefix("catalog_") + "s"
    old, new = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
    events = {
        f"traits_follow_new_{what}": ("INSERT", new),
        f"traits_follow_{what}": ("UPDATE", f"{old} {new}"),
        f"traits_follow_deleted_{what}": ("DELETE", old),
    }
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} "
            "FOR EACH STATEMENT EXECUTE FUNCTION catalog_traits_follow()"
            for name, (event, rows) in events.items()
        ],
        [f"DROP TRIGGER {name} ON {table}" for name in events],
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0010_documents")]

    operations = [
        migrations.RunSQL(TABLE, "DROP TABLE catalog_traits"),
        migrations.RunSQL(KEYS, UNDO_KEYS),
        migrations.RunSQL(ROUND_EDGE, "DROP FUNCTION catalog_round_edge(numeric, numeric)"),
        migrations.RunSQL(REFRESH, "DROP FUNCTION catalog_refresh_traits(bigint[])"),
        migrations.RunSQL(
            PRODUCTS,
            "DROP TRIGGER traits_follow_emptied_products ON catalog_product;"
            " DROP FUNCTION catalog_traits_follow(); DROP FUNCTION catalog_traits_emptied()",
        ),
        _watch("catalog_product"),
        _watch("catalog_offer"),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
    ]
