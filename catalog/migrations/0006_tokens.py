"""Keep `Product.tokens`, what can be filtered and counted, right, whoever changes whatever they come from.

A token is one fact about a product, as the catalogue writes it, cut at the column's 400 characters:

* `a:<attribute code>=<value>`: filterable attributes; numbers without needless zeros, dates as ISO 8601, booleans as words
* `o:<option name>=<value>`: of live variants
* `t:<tag>`, `c:<collection's id>`, `b:<brand's id>`

Locks are those of `0002_availability`: products in the order of their ids, after everything else. Renaming an attribute or a
choice rewrites every product that has it; that is rare and costs what it says.
"""

from django.db import migrations

TOKENS = """
CREATE FUNCTION catalog_attribute_token(
    code text, number numeric, choice text, truth boolean, day date, words text
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left('a:' || code || '=' || coalesce(
        choice, trim_scale(number)::text, truth::text, to_char(day, 'YYYY-MM-DD'), words
    ), 400)
$$;
CREATE FUNCTION catalog_tokens_of(ids bigint[]) RETURNS TABLE (product_id bigint, tokens varchar(400)[])
LANGUAGE sql STABLE AS $$
    WITH said AS (
        SELECT product.id, 't:' || tag AS token
          FROM catalog_product product, unnest(product.tags) tag WHERE product.id = ANY (ids)
         UNION
        SELECT id, 'b:' || brand_id FROM catalog_product WHERE id = ANY (ids) AND brand_id IS NOT NULL
         UNION
        SELECT entry.product_id, 'c:' || entry.collection_id
          FROM catalog_collectionproduct entry WHERE entry.product_id = ANY (ids)
         UNION
        SELECT variant.product_id, left('o:' || (option ->> 'name') || '=' || (option ->> 'value'), 400)
          FROM catalog_variant variant,
               jsonb_array_elements(
                   CASE jsonb_typeof(variant.options) WHEN 'array' THEN variant.options ELSE '[]' END
               ) option
         WHERE variant.product_id = ANY (ids) AND variant.archived_at IS NULL
         UNION
        SELECT said.product_id, catalog_attribute_token(
                   attribute.code, said.number, choice.value, said.boolean, said.date, said.text)
          FROM catalog_attributevalue said
          JOIN catalog_attribute attribute ON attribute.id = said.attribute_id AND attribute.is_filterable
          LEFT JOIN catalog_attributechoice choice ON choice.id = said.choice_id
         WHERE said.product_id = ANY (ids)
    )
    SELECT product.id,
           coalesce(array_agg(said.token ORDER BY said.token COLLATE "C")
                        FILTER (WHERE said.token IS NOT NULL), '{}')::varchar(400)[]
      FROM catalog_product product LEFT JOIN said ON said.id = product.id
     WHERE product.id = ANY (ids)
     GROUP BY product.id
$$
"""
UNDO_TOKENS = """
DROP FUNCTION catalog_tokens_of(bigint[]);
DROP FUNCTION catalog_attribute_token(text, numeric, text, boolean, date, text)
"""

# PERFORM first, UPDATE second: as in 0002_availability, the second statement sees what the lock has waited for.
REFRESH = """
CREATE FUNCTION catalog_refresh_tokens(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE catalog_product product SET tokens = fresh.tokens
      FROM catalog_tokens_of(ids) fresh
     WHERE product.id = fresh.product_id AND product.tokens IS DISTINCT FROM fresh.tokens;
END $$
"""

# The depth tells a statement of somebody, which may have written tokens by hand, from our own.
PRODUCT = """
CREATE FUNCTION catalog_tokens_follow_new_products() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT id FROM new_rows
         WHERE cardinality(tags) > 0 OR brand_id IS NOT NULL OR cardinality(tokens) > 0
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_tokens(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_follow_new_products AFTER INSERT ON catalog_product
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_tokens_follow_new_products();

CREATE FUNCTION catalog_tokens_follow_products() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT new_rows.id FROM new_rows JOIN old_rows USING (id)
         WHERE (new_rows.tags, new_rows.brand_id) IS DISTINCT FROM (old_rows.tags, old_rows.brand_id)
            OR (pg_trigger_depth() = 1 AND new_rows.tokens IS DISTINCT FROM old_rows.tokens)
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_tokens(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_follow_products AFTER UPDATE ON catalog_product
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_tokens_follow_products()
"""
UNDO_PRODUCT = """
DROP TRIGGER tokens_follow_new_products ON catalog_product;
DROP TRIGGER tokens_follow_products ON catalog_product;
DROP FUNCTION catalog_tokens_follow_new_products();
DROP FUNCTION catalog_tokens_follow_products()
"""

# What hangs on a product: rows of new_rows and old_rows name it in product_id.
ROWS_INSERTED = """
CREATE FUNCTION catalog_tokens_follow_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_refresh_tokens(ARRAY(SELECT DISTINCT product_id FROM new_rows));
    RETURN NULL;
END $$
"""
ROWS_DELETED = """
CREATE FUNCTION catalog_tokens_follow_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_refresh_tokens(ARRAY(SELECT DISTINCT product_id FROM old_rows));
    RETURN NULL;
END $$
"""
# Whole rows are compared where every column counts; a variant has many that do not.
ROWS_UPDATED = """
CREATE FUNCTION catalog_tokens_follow_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT new_rows.product_id FROM new_rows JOIN old_rows USING (id)
         WHERE new_rows IS DISTINCT FROM old_rows
         UNION
        SELECT old_rows.product_id FROM old_rows JOIN new_rows USING (id)
         WHERE old_rows.product_id <> new_rows.product_id
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_tokens(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_tokens_follow_variants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT new_rows.product_id FROM new_rows JOIN old_rows USING (id)
         WHERE (new_rows.product_id, new_rows.options, new_rows.archived_at)
               IS DISTINCT FROM (old_rows.product_id, old_rows.options, old_rows.archived_at)
         UNION
        SELECT old_rows.product_id FROM old_rows JOIN new_rows USING (id)
         WHERE old_rows.product_id <> new_rows.product_id
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_tokens(ids);
    END IF;
    RETURN NULL;
END $$
"""

# What many products share.
SHARED = """
CREATE FUNCTION catalog_tokens_follow_attributes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT DISTINCT said.product_id
          FROM new_rows JOIN old_rows USING (id)
          JOIN catalog_attributevalue said ON said.attribute_id = new_rows.id
         WHERE (new_rows.code, new_rows.is_filterable)
               IS DISTINCT FROM (old_rows.code, old_rows.is_filterable)
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_tokens(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_follow_attributes AFTER UPDATE ON catalog_attribute
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_tokens_follow_attributes();

CREATE FUNCTION catalog_tokens_follow_choices() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT DISTINCT said.product_id
          FROM new_rows JOIN old_rows USING (id)
          JOIN catalog_attributevalue said ON said.choice_id = new_rows.id
         WHERE new_rows.value <> old_rows.value
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_tokens(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_follow_choices AFTER UPDATE ON catalog_attributechoice
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_tokens_follow_choices()
"""
UNDO_SHARED = """
DROP TRIGGER tokens_follow_attributes ON catalog_attribute;
DROP TRIGGER tokens_follow_choices ON catalog_attributechoice;
DROP FUNCTION catalog_tokens_follow_attributes();
DROP FUNCTION catalog_tokens_follow_choices()
"""

# Bounded pieces, so that a large catalogue needs no large array.
BACKFILL = """
DO $$
DECLARE
    last bigint := 0;
    ids bigint[];
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM catalog_product WHERE id > last ORDER BY id LIMIT 5000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM catalog_refresh_tokens(ids);
        last := ids[cardinality(ids)];
    END LOOP;
END $$
"""


def _watch(table: str, what: str, updated: str) -> migrations.RunSQL:
    """Three triggers on a table whose rows name their product."""
    old, new = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
    events = {
        f"tokens_follow_new_{what}": ("INSERT", new, "catalog_tokens_follow_inserted"),
        f"tokens_follow_{what}": ("UPDATE", f"{old} {new}", updated),
        f"tokens_follow_deleted_{what}": ("DELETE", old, "catalog_tokens_follow_deleted"),
    }
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            for name, (event, rows, function) in events.items()
        ],
        [f"DROP TRIGGER {name} ON {table}" for name in events],
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_offers")]

    operations = [
        migrations.RunSQL(TOKENS, UNDO_TOKENS),
        migrations.RunSQL(REFRESH, "DROP FUNCTION catalog_refresh_tokens(bigint[])"),
        migrations.RunSQL(PRODUCT, UNDO_PRODUCT),
        migrations.RunSQL(ROWS_INSERTED, "DROP FUNCTION catalog_tokens_follow_inserted()"),
        migrations.RunSQL(ROWS_DELETED, "DROP FUNCTION catalog_tokens_follow_deleted()"),
        migrations.RunSQL(
            ROWS_UPDATED,
            "DROP FUNCTION catalog_tokens_follow_updated(); DROP FUNCTION catalog_tokens_follow_variants()",
        ),
        _watch("catalog_variant", "variants", "catalog_tokens_follow_variants"),
        _watch("catalog_attributevalue", "attribute_values", "catalog_tokens_follow_updated"),
        _watch("catalog_collectionproduct", "collections", "catalog_tokens_follow_updated"),
        migrations.RunSQL(SHARED, UNDO_SHARED),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
    ]
