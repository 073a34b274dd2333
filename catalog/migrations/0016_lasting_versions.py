"""Versions never come back: not after the shop was restored from a backup, not in another database behind the same cache.

A version is the milliseconds since 1970 at which it grew, or one more than before when that is more. So what was kept of a
state of the catalogue that is gone is never mistaken for what a later state would be called.
"""

from django.db import migrations

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def counting(number: str, again: str) -> str:
    """The two functions of 0008_versions that write versions: `number` is a new scope's, `again` what follows a version."""
    return f"""
CREATE OR REPLACE FUNCTION catalog_count_touches() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
BEGIN
    WITH mine AS (
        DELETE FROM catalog_catalogtouch
         WHERE transaction = pg_current_xact_id()::text::bigint RETURNING scope
    )
    SELECT array_agg(scope ORDER BY scope) INTO touched FROM mine;
    -- In one order for everybody; the first of a transaction's rows does the work of all.
    INSERT INTO catalog_catalogversion (scope, version) SELECT scope, {number} FROM unnest(touched) scope ORDER BY scope
        ON CONFLICT (scope) DO UPDATE SET version = {again};
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION catalog_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_catalogversion (scope, version) VALUES (0, {number}), (-1, {number})
        ON CONFLICT (scope) DO UPDATE SET version = {again};
    RETURN NULL;
END $$
"""


FORWARD = counting(NOW, f"greatest(catalog_catalogversion.version + 1, {NOW})")
BACKWARD = counting("1", "catalog_catalogversion.version + 1")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0015_moments")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(
            f"UPDATE catalog_catalogversion SET version = greatest(version + 1, {NOW})",
            migrations.RunSQL.noop,
        ),
    ]
