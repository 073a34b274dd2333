"""What a product costs at the least, to whom and when (`Offer`); what its price was (`PriceChange`); its brand's row; bundles.

Everything here follows from other rows and is kept by triggers, whoever writes: the shop, the release before this one, psql.
Locks are taken as before: stock rows, then products in the order of their ids, then what hangs on them.
"""

from django.db import migrations

# The release before this one deletes products and variants without knowing what hangs on them now.
CASCADES = """
DO $$
DECLARE
    child record;
BEGIN
    FOR child IN
        SELECT con.conname, con.conrelid::regclass AS owner, con.confrelid::regclass AS parent, att.attname
          FROM pg_constraint con
          JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
         WHERE con.contype = 'f'
           AND (con.conrelid::regclass::text, att.attname) IN (
               ('catalog_attributevalue', 'product_id'), ('catalog_collectionproduct', 'product_id'),
               ('catalog_offer', 'product_id'), ('catalog_offer', 'price_list_id'),
               ('catalog_price', 'variant_id'), ('catalog_pricechange', 'variant_id'),
               ('catalog_bundlepart', 'variant_id')
           )
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', child.owner, child.conname);
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %s (id)'
            ' ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED',
            child.owner, child.conname, child.attname, child.parent
        );
    END LOOP;
END $$
"""

# A bundle can be bought while every part of it can be bought often enough; anything else while its own stock lasts.
CAN_BE_BOUGHT = """
CREATE FUNCTION catalog_can_be_bought(variant bigint, on_hand integer, reserved integer) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    (SELECT bool_and(item.on_hand - item.reserved >= part.quantity)
       FROM catalog_bundlepart part JOIN inventory_stockitem item ON item.id = part.stock_item_id
      WHERE part.variant_id = variant),
    on_hand > reserved
)
"""

# PERFORM first, UPDATE second: the second statement has a snapshot taken after the lock was won. With `touched`, something
# shown has changed even if none of these columns has: a picture, a barcode, the stock of one variant among several.
REFRESH = """
CREATE FUNCTION catalog_refresh_products(ids bigint[], touched boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE catalog_product product
       SET min_price = fresh.min_price, in_stock = fresh.in_stock, sku_list = fresh.sku_list,
           variant_count = fresh.variant_count, version = product.version + 1
      FROM (
          SELECT parent.id,
                 coalesce(min(variant.price), parent.min_price) AS min_price,
                 coalesce(bool_or(catalog_can_be_bought(variant.id, item.on_hand, item.reserved)), false) AS in_stock,
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
END $$;
CREATE OR REPLACE FUNCTION catalog_refresh_products(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT catalog_refresh_products(ids, false)
$$
"""

# For every product that is published: for every price list, in every currency in which it has a price, in every stretch of time
# in which nothing changes, the lowest price. Open ends are the years 1 and 9999, so that no comparison needs to think of null.
WANTED = """
CREATE FUNCTION catalog_wanted_offers(ids bigint[])
RETURNS TABLE (product_id bigint, price_list_id bigint, currency varchar, category_id bigint, price numeric,
               valid_from timestamptz, valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    WITH shown AS (
        SELECT id, category_id,
               coalesce(publish_from, '0001-01-02 00:00+00') AS since,
               coalesce(publish_until, '9999-12-30 00:00+00') AS until
          FROM catalog_product
         WHERE id = ANY (ids) AND is_published AND archived_at IS NULL
    ), asked AS (
        SELECT shown.id AS product_id, 1::bigint AS price_list_id, ''::varchar AS currency, variant.price AS amount,
               '0001-01-02 00:00+00'::timestamptz AS since, '9999-12-30 00:00+00'::timestamptz AS until
          FROM shown JOIN catalog_variant variant ON variant.product_id = shown.id AND variant.archived_at IS NULL
         UNION ALL
        SELECT shown.id, price.price_list_id, price.currency, price.amount, price.valid_from,
               coalesce(price.valid_until, '9999-12-30 00:00+00')
          FROM shown
          JOIN catalog_variant variant ON variant.product_id = shown.id AND variant.archived_at IS NULL
          JOIN catalog_price price ON price.variant_id = variant.id AND price.min_quantity = 1
    ), applies AS (
        SELECT asked.product_id, list.id AS price_list_id, asked.currency, asked.amount, asked.since, asked.until
          FROM asked JOIN catalog_pricelist list ON asked.price_list_id IN (1, list.id)
    ), edges AS (
        SELECT product_id, price_list_id, currency, since AS at FROM applies
         UNION
        SELECT product_id, price_list_id, currency, until FROM applies
         UNION
        SELECT applies.product_id, price_list_id, currency, shown.since
          FROM applies JOIN shown ON shown.id = applies.product_id
         UNION
        SELECT applies.product_id, price_list_id, currency, shown.until
          FROM applies JOIN shown ON shown.id = applies.product_id
    ), stretches AS (
        SELECT edges.product_id, price_list_id, currency, shown.category_id, at AS since,
               lead(at) OVER (PARTITION BY edges.product_id, price_list_id, currency ORDER BY at) AS until
          FROM edges JOIN shown ON shown.id = edges.product_id AND at BETWEEN shown.since AND shown.until
    )
    SELECT stretches.product_id, stretches.price_list_id, stretches.currency, stretches.category_id,
           min(applies.amount), stretches.since, stretches.until
      FROM stretches JOIN applies USING (product_id, price_list_id, currency)
     WHERE stretches.until IS NOT NULL AND stretches.until > now()
       AND applies.since <= stretches.since AND applies.until > stretches.since
     GROUP BY 1, 2, 3, 4, 6, 7
$$
"""

# A new price list and a new price may come at the same moment: the list waits for the price, see catalog_price_list_inserted.
OFFERS = """
CREATE FUNCTION catalog_refresh_offers(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('catalog_offer'));
    WITH wanted AS MATERIALIZED (
        SELECT * FROM catalog_wanted_offers(ids)
    ), gone AS (
        DELETE FROM catalog_offer offer
         WHERE offer.product_id = ANY (ids)
           AND NOT EXISTS (
               SELECT FROM wanted
                WHERE (wanted.product_id, wanted.price_list_id, wanted.currency, wanted.valid_from)
                    = (offer.product_id, offer.price_list_id, offer.currency, offer.valid_from)
           )
    )
    INSERT INTO catalog_offer (product_id, price_list_id, currency, category_id, price, valid_from, valid_until)
    SELECT * FROM wanted
        ON CONFLICT (product_id, price_list_id, currency, valid_from) DO UPDATE
       SET (category_id, price, valid_until) = (excluded.category_id, excluded.price, excluded.valid_until)
     WHERE (catalog_offer.category_id, catalog_offer.price, catalog_offer.valid_until)
           IS DISTINCT FROM (excluded.category_id, excluded.price, excluded.valid_until);
END $$
"""

# What the base price was. A price that lasted for less than one transaction was never seen.
HISTORY = """
CREATE FUNCTION catalog_record_prices(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM catalog_pricechange WHERE variant_id = ANY (ids) AND valid_until IS NULL AND valid_from >= now();
    UPDATE catalog_pricechange SET valid_until = now() WHERE variant_id = ANY (ids) AND valid_until IS NULL;
    INSERT INTO catalog_pricechange (variant_id, price, valid_from)
    SELECT id, price, now() FROM catalog_variant WHERE id = ANY (ids);
END $$
"""

VARIANT_INSERTED = """
CREATE OR REPLACE FUNCTION catalog_variant_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT DISTINCT product_id FROM new_rows);
BEGIN
    PERFORM catalog_refresh_products(ids, true);
    PERFORM catalog_refresh_offers(ids);
    INSERT INTO catalog_pricechange (variant_id, price, valid_from) SELECT id, price, now() FROM new_rows;
    RETURN NULL;
END $$
"""

VARIANT_UPDATED = """
CREATE OR REPLACE FUNCTION catalog_variant_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT new_rows.product_id FROM new_rows JOIN old_rows USING (id)
         WHERE (new_rows.product_id, new_rows.price, new_rows.compare_at_price, new_rows.sku, new_rows.name, new_rows.options,
                new_rows.position, new_rows.barcode, new_rows.weight_grams, new_rows.stock_item_id, new_rows.archived_at)
               IS DISTINCT FROM
               (old_rows.product_id, old_rows.price, old_rows.compare_at_price, old_rows.sku, old_rows.name, old_rows.options,
                old_rows.position, old_rows.barcode, old_rows.weight_grams, old_rows.stock_item_id, old_rows.archived_at)
         UNION
        SELECT old_rows.product_id FROM old_rows JOIN new_rows USING (id)
         WHERE old_rows.product_id <> new_rows.product_id
    );
    priced bigint[] := ARRAY(
        SELECT id FROM new_rows JOIN old_rows USING (id) WHERE new_rows.price <> old_rows.price
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_products(ids, true);
        PERFORM catalog_refresh_offers(ids);
    END IF;
    IF cardinality(priced) > 0 THEN
        PERFORM catalog_record_prices(priced);
    END IF;
    RETURN NULL;
END $$
"""

VARIANT_DELETED = """
CREATE OR REPLACE FUNCTION catalog_variant_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT DISTINCT product_id FROM old_rows);
BEGIN
    PERFORM catalog_refresh_products(ids, true);
    PERFORM catalog_refresh_offers(ids);
    RETURN NULL;
END $$
"""

# Only items that begin or cease to be enough: for their own variant, or for a bundle that takes several of them.
STOCK_UPDATED = """
CREATE OR REPLACE FUNCTION catalog_stock_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT variant.product_id
          FROM new_rows JOIN old_rows USING (id) JOIN catalog_variant variant ON variant.stock_item_id = new_rows.id
         WHERE (new_rows.on_hand > new_rows.reserved) <> (old_rows.on_hand > old_rows.reserved)
           AND variant.archived_at IS NULL
         UNION
        SELECT variant.product_id
          FROM new_rows JOIN old_rows USING (id)
          JOIN catalog_bundlepart part ON part.stock_item_id = new_rows.id
          JOIN catalog_variant variant ON variant.id = part.variant_id
         WHERE (new_rows.on_hand - new_rows.reserved >= part.quantity)
            <> (old_rows.on_hand - old_rows.reserved >= part.quantity)
           AND variant.archived_at IS NULL
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM catalog_refresh_products(ids, true);
    END IF;
    RETURN NULL;
END $$
"""

# Fires for both kinds of rows that hang on a variant; which transition tables there are depends on the statement.
BUNDLES = """
CREATE FUNCTION catalog_bundle_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    variants bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        variants := ARRAY(SELECT variant_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        variants := ARRAY(SELECT variant_id FROM old_rows);
    ELSE
        variants := ARRAY(SELECT variant_id FROM new_rows UNION SELECT variant_id FROM old_rows);
    END IF;
    PERFORM catalog_refresh_products(
        ARRAY(SELECT DISTINCT product_id FROM catalog_variant WHERE id = ANY (variants)), true
    );
    RETURN NULL;
END $$
"""

PRICES = """
CREATE FUNCTION catalog_price_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    variants bigint[];
    ids bigint[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        variants := ARRAY(SELECT variant_id FROM old_rows);
    ELSE
        IF TG_OP = 'INSERT' THEN
            variants := ARRAY(SELECT variant_id FROM new_rows);
        ELSE
            variants := ARRAY(SELECT variant_id FROM new_rows UNION SELECT variant_id FROM old_rows);
        END IF;
        INSERT INTO catalog_catalogmoment (at)
        SELECT valid_from FROM new_rows UNION SELECT valid_until FROM new_rows WHERE valid_until IS NOT NULL
            ON CONFLICT DO NOTHING;
    END IF;
    ids := ARRAY(SELECT DISTINCT product_id FROM catalog_variant WHERE id = ANY (variants));
    PERFORM catalog_refresh_products(ids, true);
    PERFORM catalog_refresh_offers(ids);
    RETURN NULL;
END $$
"""

PRODUCTS = """
CREATE FUNCTION catalog_product_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT id FROM new_rows JOIN old_rows USING (id)
         WHERE (new_rows.is_published, new_rows.archived_at, new_rows.publish_from, new_rows.publish_until,
                new_rows.category_id)
               IS DISTINCT FROM
               (old_rows.is_published, old_rows.archived_at, old_rows.publish_from, old_rows.publish_until,
                old_rows.category_id)
    );
BEGIN
    IF cardinality(ids) > 0 THEN
        INSERT INTO catalog_catalogmoment (at)
        SELECT publish_from FROM new_rows WHERE publish_from IS NOT NULL
         UNION SELECT publish_until FROM new_rows WHERE publish_until IS NOT NULL
            ON CONFLICT DO NOTHING;
        PERFORM catalog_refresh_offers(ids);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_product_scheduled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_catalogmoment (at)
    SELECT publish_from FROM new_rows WHERE publish_from IS NOT NULL
     UNION SELECT publish_until FROM new_rows WHERE publish_until IS NOT NULL
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""

# A list that says nothing yet costs what retail costs.
LISTS = """
CREATE FUNCTION catalog_price_list_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('catalog_offer'));
    INSERT INTO catalog_offer (product_id, price_list_id, currency, category_id, price, valid_from, valid_until)
    SELECT offer.product_id, list.id, offer.currency, offer.category_id, offer.price, offer.valid_from, offer.valid_until
      FROM catalog_offer offer CROSS JOIN new_rows list
     WHERE offer.price_list_id = 1 AND list.id <> 1;
    RETURN NULL;
END $$
"""

# The words are the truth; the row follows, and is made where there is none. Renaming the row renames the words.
BRANDS = r"""
CREATE FUNCTION catalog_brand_of(word text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
    plain text := trim(BOTH '-' FROM regexp_replace(lower(left(word, 80)), '[^a-z0-9]+', '-', 'g'));
BEGIN
    IF word = '' THEN
        RETURN NULL;
    END IF;
    SELECT id INTO found FROM catalog_brand WHERE name = word;
    IF found IS NULL THEN
        IF plain !~ '[a-z]' OR EXISTS (SELECT FROM catalog_brand WHERE slug = plain) THEN
            plain := concat_ws('-', nullif(plain, ''), 'b' || left(md5(word), 10));
        END IF;
        INSERT INTO catalog_brand (name, slug, description) VALUES (word, plain, '') ON CONFLICT DO NOTHING RETURNING id INTO found;
        IF found IS NULL THEN
            SELECT id INTO found FROM catalog_brand WHERE name = word;
        END IF;
        IF found IS NULL THEN  -- another brand took the slug at the same moment
            INSERT INTO catalog_brand (name, slug, description) VALUES (word, 'b' || md5(word), '') RETURNING id INTO found;
        END IF;
    END IF;
    RETURN found;
END $$;
CREATE FUNCTION catalog_product_branded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.brand IS DISTINCT FROM OLD.brand THEN
        NEW.brand_id := catalog_brand_of(NEW.brand);
    ELSIF NEW.brand_id IS DISTINCT FROM OLD.brand_id THEN
        NEW.brand := coalesce((SELECT name FROM catalog_brand WHERE id = NEW.brand_id), '');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER product_knows_its_brand BEFORE INSERT OR UPDATE OF brand, brand_id ON catalog_product
FOR EACH ROW EXECUTE FUNCTION catalog_product_branded();
CREATE FUNCTION catalog_brand_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog_product SET brand = NEW.name WHERE brand_id = NEW.id AND brand <> NEW.name;
    RETURN NULL;
END $$;
CREATE TRIGGER products_follow_their_brand AFTER UPDATE OF name ON catalog_brand
FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION catalog_brand_renamed()
"""

TRIGGERS = """
CREATE TRIGGER product_follows_new_parts AFTER INSERT ON catalog_bundlepart
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_bundle_changed();
CREATE TRIGGER product_follows_changed_parts AFTER UPDATE ON catalog_bundlepart
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_bundle_changed();
CREATE TRIGGER product_follows_deleted_parts AFTER DELETE ON catalog_bundlepart
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_bundle_changed();
CREATE TRIGGER offers_follow_new_prices AFTER INSERT ON catalog_price
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_price_changed();
CREATE TRIGGER offers_follow_changed_prices AFTER UPDATE ON catalog_price
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_price_changed();
CREATE TRIGGER offers_follow_deleted_prices AFTER DELETE ON catalog_price
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_price_changed();
CREATE TRIGGER offers_follow_publication AFTER UPDATE ON catalog_product
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_product_published();
CREATE TRIGGER moments_follow_new_products AFTER INSERT ON catalog_product
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_product_scheduled();
CREATE TRIGGER offers_follow_new_lists AFTER INSERT ON catalog_pricelist
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_price_list_inserted()
"""

# What is in the shop already. In one statement each; the triggers above are not needed for it.
BACKFILL = """
INSERT INTO catalog_pricechange (variant_id, price, valid_from) SELECT id, price, created_at FROM catalog_variant;
UPDATE catalog_product SET brand_id = catalog_brand_of(brand) WHERE brand <> '';
UPDATE catalog_product product SET variant_count = counted.variants
  FROM (SELECT product_id, count(*) AS variants FROM catalog_variant WHERE archived_at IS NULL GROUP BY product_id) counted
 WHERE counted.product_id = product.id;
INSERT INTO catalog_offer (product_id, price_list_id, currency, category_id, price, valid_from, valid_until)
SELECT product.id, 1, '', product.category_id, min(variant.price), '0001-01-02 00:00+00', '9999-12-30 00:00+00'
  FROM catalog_product product JOIN catalog_variant variant ON variant.product_id = product.id
 WHERE product.is_published AND product.archived_at IS NULL AND variant.archived_at IS NULL
 GROUP BY product.id
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_whole_model")]

    operations = [
        migrations.RunSQL(sql)
        for sql in (
            CASCADES, CAN_BE_BOUGHT, REFRESH, WANTED, OFFERS, HISTORY, BACKFILL.partition(";")[0],
            VARIANT_INSERTED, VARIANT_UPDATED, VARIANT_DELETED, STOCK_UPDATED, BUNDLES, PRICES, PRODUCTS, LISTS, BRANDS,
            BACKFILL.partition(";")[2], TRIGGERS,
        )
    ]  # fmt: skip
