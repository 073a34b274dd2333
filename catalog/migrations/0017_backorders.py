"""What may be promised beyond the shelf can be bought: a product on back-order is in stock.

The functions keep their signatures, so that the release before this one goes on working: callers count `on_hand` with the
back-orders that are allowed, and the parts of a bundle are counted likewise. A stock change that does not switch "can be bought"
still touches nothing.
"""

from django.db import migrations

CAN_BE_BOUGHT = """
CREATE OR REPLACE FUNCTION catalog_can_be_bought(variant bigint, on_hand integer, reserved integer) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    (SELECT bool_and(item.on_hand + item.backorder_limit - item.reserved >= part.quantity)
       FROM catalog_bundlepart part JOIN inventory_stockitem item ON item.id = part.stock_item_id
      WHERE part.variant_id = variant),
    on_hand > reserved
)
"""

REFRESH = """
CREATE OR REPLACE FUNCTION catalog_refresh_products(ids bigint[], touched boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE catalog_product product
       SET min_price = fresh.min_price, in_stock = fresh.in_stock, sku_list = fresh.sku_list,
           variant_count = fresh.variant_count, version = product.version + 1
      FROM (
          SELECT parent.id,
                 coalesce(min(variant.price), parent.min_price) AS min_price,
                 coalesce(bool_or(catalog_can_be_bought(
                     variant.id, item.on_hand + item.backorder_limit, item.reserved)), false) AS in_stock,
                 coalesce(string_agg(variant.sku, ' ' ORDER BY variant.id), '') AS sku_list,
                 count(variant.id) AS variant_count
            FROM catalog_product parent
            LEFT JOIN catalog_variant variant
                   ON variant.product_id = parent.id AND variant.archived_at IS NULL
            LEFT JOIN inventory_stockitem item ON item.id = variant.stock_item_id
           WHERE parent.id = ANY (ids)
           GROUP BY parent.id
      ) fresh
     WHERE product.id = fresh.id
       AND (touched OR (product.min_price, product.in_stock, product.sku_list, product.variant_count)
           IS DISTINCT FROM (fresh.min_price, fresh.in_stock, fresh.sku_list, fresh.variant_count));
END $$
"""

STOCK_UPDATED = """
CREATE OR REPLACE FUNCTION catalog_stock_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT variant.product_id
          FROM new_rows JOIN old_rows USING (id) JOIN catalog_variant variant ON variant.stock_item_id = new_rows.id
         WHERE (new_rows.on_hand + new_rows.backorder_limit > new_rows.reserved)
            <> (old_rows.on_hand + old_rows.backorder_limit > old_rows.reserved)
           AND variant.archived_at IS NULL
         UNION
        SELECT variant.product_id
          FROM new_rows JOIN old_rows USING (id)
          JOIN catalog_bundlepart part ON part.stock_item_id = new_rows.id
          JOIN catalog_variant variant ON variant.id = part.variant_id
         WHERE (new_rows.on_hand + new_rows.backorder_limit - new_rows.reserved >= part.quantity)
            <> (old_rows.on_hand + old_rows.backorder_limit - old_rows.reserved >= part.quantity)
           AND variant.archived_at IS NULL
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_products(ids, true);
    END IF;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0016_lasting_versions"),
        ("inventory", "0002_locations_and_backorders"),
    ]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (CAN_BE_BOUGHT, REFRESH, STOCK_UPDATED)
    ]
