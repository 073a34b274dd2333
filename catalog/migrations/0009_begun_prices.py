"""A price that has begun is history: it can be ended sooner, and nothing else; bundles are not made of bundles.

Deleting is looked at when the transaction commits: a product that is deleted takes its prices with it, and so does a price
list; whoever deletes only the price is refused.
"""

from django.db import migrations

# clock_timestamp(), not now(): a transaction that was open when the price began may not edit it either.
UPDATED = """
CREATE FUNCTION catalog_price_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.valid_from > clock_timestamp() THEN
        RETURN NEW;
    END IF;
    IF (NEW.variant_id, NEW.price_list_id, NEW.currency, NEW.is_sale, NEW.min_quantity, NEW.amount, NEW.valid_from)
       IS DISTINCT FROM
       (OLD.variant_id, OLD.price_list_id, OLD.currency, OLD.is_sale, OLD.min_quantity, OLD.amount, OLD.valid_from)
       OR coalesce(NEW.valid_until, 'infinity') > coalesce(OLD.valid_until, 'infinity')
       OR (NEW.valid_until IS DISTINCT FROM OLD.valid_until AND NEW.valid_until < now())
    THEN
        RAISE EXCEPTION 'price % has begun: end it, and add another', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'begun_price_is_history', TABLE = 'catalog_price';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER begun_price_is_not_edited BEFORE UPDATE ON catalog_price
FOR EACH ROW EXECUTE FUNCTION catalog_price_updated()
"""

# What begins now was written by the very transaction that deletes it: nobody has seen it.
DELETED = """
CREATE FUNCTION catalog_price_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM catalog_variant WHERE id = OLD.variant_id)
       AND EXISTS (SELECT FROM catalog_pricelist WHERE id = OLD.price_list_id)
    THEN
        RAISE EXCEPTION 'price % has begun: end it', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'begun_price_is_history', TABLE = 'catalog_price';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER begun_price_is_not_deleted AFTER DELETE ON catalog_price
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.valid_from < now())
EXECUTE FUNCTION catalog_price_deleted()
"""

# Whoever makes a part of something takes its stock item's lock first (catalog/bundles.py); this is for everybody else.
BUNDLES = """
CREATE FUNCTION catalog_part_is_no_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM catalog_variant variant
         WHERE variant.stock_item_id = NEW.stock_item_id
           AND (variant.id = NEW.variant_id
                OR EXISTS (SELECT FROM catalog_bundlepart part WHERE part.variant_id = variant.id))
    ) OR EXISTS (
        SELECT FROM catalog_bundlepart part
          JOIN catalog_variant variant ON variant.stock_item_id = part.stock_item_id
         WHERE variant.id = NEW.variant_id
    ) THEN
        RAISE EXCEPTION 'a bundle is not made of bundles'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'bundle_part_is_no_bundle', TABLE = 'catalog_bundlepart';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bundle_part_is_no_bundle AFTER INSERT OR UPDATE ON catalog_bundlepart
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION catalog_part_is_no_bundle()
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_versions")]

    operations = [
        migrations.RunSQL(
            UPDATED,
            "DROP TRIGGER begun_price_is_not_edited ON catalog_price; DROP FUNCTION catalog_price_updated()",
        ),
        migrations.RunSQL(
            DELETED,
            "DROP TRIGGER begun_price_is_not_deleted ON catalog_price; DROP FUNCTION catalog_price_deleted()",
        ),
        migrations.RunSQL(
            BUNDLES,
            "DROP TRIGGER bundle_part_is_no_bundle ON catalog_bundlepart;"
            " DROP FUNCTION catalog_part_is_no_bundle()",
        ),
    ]
