"""Keep a product's cheapest price, availability and SKUs right, whoever changes a variant or its stock.

Locks: a product row is taken after stock rows, always, and several in the order of their ids; two checkouts cannot wait for
each other here. A stock change that does not switch "can be bought" for any item reads two small transition tables and
touches nothing else.
"""

from django.db import migrations

# PERFORM first, UPDATE second: the second statement has a snapshot taken after the lock was won, and sees what the
# transaction it waited for has committed.
REFRESH = """
CREATE FUNCTION catalog_refresh_products(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE catalog_product product
       SET min_price = fresh.min_price, in_stock = fresh.in_stock, sku_list = fresh.sku_list
      FROM (
          SELECT parent.id,
                 coalesce(min(variant.price), parent.min_price) AS min_price,
                 coalesce(bool_or(item.on_hand > item.reserved), false) AS in_stock,
                 coalesce(string_agg(variant.sku, ' ' ORDER BY variant.id), '') AS sku_list
            FROM catalog_product parent
            LEFT JOIN catalog_variant variant
                   ON variant.product_id = parent.id AND variant.archived_at IS NULL
            LEFT JOIN inventory_stockitem item ON item.id = variant.stock_item_id
           WHERE parent.id = ANY (ids)
           GROUP BY parent.id
      ) fresh
     WHERE product.id = fresh.id
       AND (product.min_price, product.in_stock, product.sku_list)
           IS DISTINCT FROM (fresh.min_price, fresh.in_stock, fresh.sku_list);
END $$
"""

VARIANT_INSERTED = """
CREATE FUNCTION catalog_variant_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_refresh_products(ARRAY(SELECT DISTINCT product_id FROM new_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER product_follows_new_variants AFTER INSERT ON catalog_variant
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_variant_inserted()
"""

VARIANT_UPDATED = """
CREATE FUNCTION catalog_variant_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT new_rows.product_id FROM new_rows JOIN old_rows USING (id)
         WHERE (new_rows.product_id, new_rows.price, new_rows.sku, new_rows.stock_item_id, new_rows.archived_at)
               IS DISTINCT FROM
               (old_rows.product_id, old_rows.price, old_rows.sku, old_rows.stock_item_id, old_rows.archived_at)
         UNION
        SELECT old_rows.product_id FROM old_rows JOIN new_rows USING (id)
         WHERE old_rows.product_id <> new_rows.product_id
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_products(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER product_follows_changed_variants AFTER UPDATE ON catalog_variant
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_variant_updated()
"""

VARIANT_DELETED = """
CREATE FUNCTION catalog_variant_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_refresh_products(ARRAY(SELECT DISTINCT product_id FROM old_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER product_follows_deleted_variants AFTER DELETE ON catalog_variant
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_variant_deleted()
"""

STOCK_UPDATED = """
CREATE FUNCTION catalog_stock_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    flipped bigint[] := ARRAY(
        SELECT new_rows.id FROM new_rows JOIN old_rows USING (id)
         WHERE (new_rows.on_hand > new_rows.reserved) <> (old_rows.on_hand > old_rows.reserved)
    );
BEGIN
    IF cardinality(flipped) > 0 THEN
        PERFORM catalog_refresh_products(ARRAY(
            SELECT DISTINCT product_id FROM catalog_variant
             WHERE stock_item_id = ANY (flipped) AND archived_at IS NULL
        ));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER product_follows_stock AFTER UPDATE ON inventory_stockitem
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_stock_updated()
"""


def _undo(trigger: str, table: str, function: str) -> str:
    return f"DROP TRIGGER {trigger} ON {table}; DROP FUNCTION {function}()"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_catalog"), ("inventory", "0001_stock")]

    operations = [
        migrations.RunSQL(REFRESH, "DROP FUNCTION catalog_refresh_products(bigint[])"),
        migrations.RunSQL(
            VARIANT_INSERTED,
            _undo("product_follows_new_variants", "catalog_variant", "catalog_variant_inserted"),
        ),
        migrations.RunSQL(
            VARIANT_UPDATED,
            _undo("product_follows_changed_variants", "catalog_variant", "catalog_variant_updated"),
        ),
        migrations.RunSQL(
            VARIANT_DELETED,
            _undo("product_follows_deleted_variants", "catalog_variant", "catalog_variant_deleted"),
        ),
        migrations.RunSQL(
            STOCK_UPDATED,
            _undo("product_follows_stock", "inventory_stockitem", "catalog_stock_updated"),
        ),
    ]
