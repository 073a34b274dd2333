"""How a reader who kept something learns that it has changed: versions, which grow when a shown value changes.

A product has its own. Beside it stand the versions of scopes: of a category's products, of any product (0), and of what all
products share (-1). They grow at the very end of the transaction, so that two writers wait for each other's commit and for
nothing else: what a statement touches is noted in a row of its own transaction, and a deferred trigger adds it all up.
"""

from django.db import migrations

TOUCH = """
CREATE FUNCTION catalog_touch(scopes bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO catalog_catalogtouch (transaction, scope)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, scope FROM unnest(scopes) scope
        ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION catalog_count_touches() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
BEGIN
    WITH mine AS (
        DELETE FROM catalog_catalogtouch
         WHERE transaction = pg_current_xact_id()::text::bigint RETURNING scope
    )
    SELECT array_agg(scope ORDER BY scope) INTO touched FROM mine;
    -- In one order for everybody; the first of a transaction's rows does the work of all.
    INSERT INTO catalog_catalogversion (scope, version) SELECT scope, 1 FROM unnest(touched) scope ORDER BY scope
        ON CONFLICT (scope) DO UPDATE SET version = catalog_catalogversion.version + 1;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER versions_grow_at_commit AFTER INSERT ON catalog_catalogtouch
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION catalog_count_touches();
INSERT INTO catalog_catalogversion (scope, version) VALUES (0, 1), (-1, 1) ON CONFLICT DO NOTHING
"""

# What a product shows of itself. Columns that follow from these (words, tokens) need no mention.
SHOWN = (
    "name", "slug", "description", "brand", "tags", "category_id", "product_type_id", "translations", "is_published",
    "publish_from", "publish_until", "archived_at", "min_price", "in_stock", "variant_count", "created_at", "updated_at",
)  # fmt: skip
OLD, NEW = (", ".join(f"{row}.{column}" for column in SHOWN) for row in ("OLD", "NEW"))

PRODUCT = f"""
CREATE FUNCTION catalog_product_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version = OLD.version THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER product_has_a_version BEFORE UPDATE ON catalog_product
FOR EACH ROW WHEN (({OLD}) IS DISTINCT FROM ({NEW})) EXECUTE FUNCTION catalog_product_changed();

CREATE FUNCTION catalog_products_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_touch(ARRAY(
        SELECT category_id FROM new_rows WHERE is_published AND category_id IS NOT NULL
         UNION SELECT 0 FROM new_rows WHERE is_published
    ));
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_products_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_touch(ARRAY(
        SELECT scope
          FROM new_rows JOIN old_rows USING (id)
         CROSS JOIN LATERAL (VALUES (0), (new_rows.category_id), (old_rows.category_id)) AS touched (scope)
         WHERE new_rows.version <> old_rows.version AND (new_rows.is_published OR old_rows.is_published)
           AND scope IS NOT NULL
    ));
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_products_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_touch(ARRAY(
        SELECT category_id FROM old_rows WHERE is_published AND category_id IS NOT NULL
         UNION SELECT 0 FROM old_rows WHERE is_published
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER versions_follow_new_products AFTER INSERT ON catalog_product
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_inserted();
CREATE TRIGGER versions_follow_changed_products AFTER UPDATE ON catalog_product
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_updated();
CREATE TRIGGER versions_follow_deleted_products AFTER DELETE ON catalog_product
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_deleted()
"""

# Rows that hang on a product and are shown with it. A rewrite with the same values touches nothing.
PART = """
CREATE FUNCTION catalog_part_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        ids := ARRAY(SELECT DISTINCT product_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        ids := ARRAY(SELECT DISTINCT product_id FROM old_rows);
    ELSE
        ids := ARRAY(
            SELECT product_id FROM (SELECT * FROM new_rows EXCEPT SELECT * FROM old_rows) AS became
             UNION
            SELECT product_id FROM (SELECT * FROM old_rows EXCEPT SELECT * FROM new_rows) AS was
        );
    END IF;
    IF cardinality(ids) > 0 THEN
        PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        UPDATE catalog_product SET version = version + 1 WHERE id = ANY (ids);
    END IF;
    RETURN NULL;
END $$
"""

# What many products share.
SHARED = """
CREATE FUNCTION catalog_shared_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One IF for each: an expression may only name the transition tables that its statement has.
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT * FROM new_rows EXCEPT SELECT * FROM old_rows) THEN
            RETURN NULL;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM new_rows) THEN
            RETURN NULL;
        END IF;
    ELSIF NOT EXISTS (SELECT FROM old_rows) THEN
        RETURN NULL;
    END IF;
    PERFORM catalog_touch(ARRAY[-1]);
    RETURN NULL;
END $$
"""

EMPTIED = """
CREATE FUNCTION catalog_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_catalogversion (scope, version) VALUES (0, 1), (-1, 1)
        ON CONFLICT (scope) DO UPDATE SET version = catalog_catalogversion.version + 1;
    RETURN NULL;
END $$
"""


def _triggers(table: str, function: str, noun: str) -> str:
    short = table.removeprefix("catalog_")
    call = f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    return f"""
    CREATE TRIGGER {noun}_follows_new_{short} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows {call};
    CREATE TRIGGER {noun}_follows_changed_{short} AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows {call};
    CREATE TRIGGER {noun}_follows_deleted_{short} AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows {call}
    """


PARTS = ("catalog_image", "catalog_attributevalue", "catalog_collectionproduct")
COMMON = (
    "catalog_category", "catalog_brand", "catalog_collection", "catalog_attribute", "catalog_attributechoice",
    "catalog_producttype", "catalog_typeattribute", "catalog_term", "catalog_language", "catalog_pricelist",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_words")]

    operations = [
        migrations.RunSQL(sql)
        for sql in (
            TOUCH, PRODUCT, PART, SHARED, EMPTIED,
            *(_triggers(table, "catalog_part_changed", "product") for table in PARTS),
            *(_triggers(table, "catalog_shared_changed", "version") for table in COMMON),
            *(
                f"CREATE TRIGGER versions_follow_emptied_{table} AFTER TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION catalog_emptied()"
                for table in ("catalog_product", "catalog_variant", *PARTS, *COMMON)
            ),
        )
    ]  # fmt: skip
