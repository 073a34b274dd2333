"""What somebody with a copy of the catalogue has to hear of: `updated_since` (catalog/sync.py, docs/lists.md).

* `Product.updated_at` moves with `version`: with every change that is shown, whoever makes it.
* `catalog_departure` remembers the products that were on sale and are not any more, deleted ones among them: an id and a moment,
  written by triggers alone and read by `catalog.sync` alone; it has no model. It is never emptied: sixteen bytes for each product
  that there ever was, and a copy may be as old as it likes.
* Indexes on moments at which something changes by the clock.
"""

from django.db import migrations

# Its name sorts behind product_has_a_version, which raises the version.
UPDATED = """
CREATE FUNCTION catalog_product_is_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER product_is_updated BEFORE UPDATE ON catalog_product FOR EACH ROW
WHEN (NEW.version <> OLD.version AND NEW.updated_at = OLD.updated_at)
EXECUTE FUNCTION catalog_product_is_updated();
CREATE FUNCTION catalog_category_is_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER category_is_updated BEFORE UPDATE ON catalog_category FOR EACH ROW
WHEN ((NEW.name, NEW.slug, NEW.translations) IS DISTINCT FROM (OLD.name, OLD.slug, OLD.translations)
      AND NEW.updated_at = OLD.updated_at)
EXECUTE FUNCTION catalog_category_is_updated()
"""
UNDO_UPDATED = """
DROP TRIGGER category_is_updated ON catalog_category;
DROP FUNCTION catalog_category_is_updated();
DROP TRIGGER product_is_updated ON catalog_product;
DROP FUNCTION catalog_product_is_updated()
"""

DEPARTURES = """
CREATE TABLE catalog_departure (id bigint PRIMARY KEY, at timestamptz NOT NULL);
CREATE INDEX departure_by_moment ON catalog_departure (at, id);
CREATE FUNCTION catalog_products_departed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO catalog_departure (id, at)
        SELECT id, now() FROM old_rows WHERE is_published AND archived_at IS NULL ORDER BY id
            ON CONFLICT (id) DO UPDATE SET at = excluded.at;
    ELSE
        INSERT INTO catalog_departure (id, at)
        SELECT old_rows.id, now() FROM old_rows JOIN new_rows USING (id)
         WHERE old_rows.is_published AND old_rows.archived_at IS NULL
           AND NOT (new_rows.is_published AND new_rows.archived_at IS NULL)
         ORDER BY id
            ON CONFLICT (id) DO UPDATE SET at = excluded.at;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER departures_follow_products AFTER UPDATE ON catalog_product
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
EXECUTE FUNCTION catalog_products_departed();
CREATE TRIGGER departures_follow_deleted_products AFTER DELETE ON catalog_product
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_departed();
INSERT INTO catalog_departure (id, at)
SELECT id, greatest(updated_at, archived_at) FROM catalog_product
 WHERE published_at IS NOT NULL AND NOT (is_published AND archived_at IS NULL)
"""
UNDO_DEPARTURES = """
DROP TRIGGER departures_follow_products ON catalog_product;
DROP TRIGGER departures_follow_deleted_products ON catalog_product;
DROP FUNCTION catalog_products_departed();
DROP TABLE catalog_departure
"""

INDEXES = """
CREATE INDEX product_by_appearance ON catalog_product (publish_from, id) WHERE publish_from IS NOT NULL;
CREATE INDEX product_by_disappearance ON catalog_product (publish_until, id) WHERE publish_until IS NOT NULL;
CREATE INDEX price_by_begin ON catalog_price (valid_from);
CREATE INDEX price_by_end ON catalog_price (valid_until) WHERE valid_until IS NOT NULL;
CREATE INDEX traits_by_category_and_id ON catalog_traits (category_id, id);
CREATE INDEX attribute_value_by_number ON catalog_attributevalue (attribute_id, number, product_id)
 WHERE number IS NOT NULL;
DROP INDEX traits_by_category
"""
UNDO_INDEXES = """
CREATE INDEX traits_by_category ON catalog_traits (category_id);
DROP INDEX product_by_appearance, product_by_disappearance, price_by_begin, price_by_end, traits_by_category_and_id,
           attribute_value_by_number
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_transfer_chunks")]

    operations = [
        migrations.RunSQL(UPDATED, UNDO_UPDATED),
        migrations.RunSQL(DEPARTURES, UNDO_DEPARTURES),
        migrations.RunSQL(INDEXES, UNDO_INDEXES),
    ]
