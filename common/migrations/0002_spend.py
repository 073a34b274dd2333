"""The limiter's function. It uses the counters' table as it is: the previous release goes on counting in it."""

from django.db import migrations

CREATE = """
CREATE FUNCTION common_spend(keys text[], times bigint[], spans bigint[], at bigint DEFAULT NULL)
RETURNS TABLE (used bigint, wait bigint, reset bigint)
LANGUAGE plpgsql AS $$
DECLARE
    present bigint;   -- microseconds since 1970, read only once every key is ours
    step bigint;      -- a sixtieth of the window
    slot_now bigint;
    refused boolean := false;
    oldest bigint;
BEGIN
    -- One order for everybody, so that no two calls wait for each other.
    PERFORM pg_advisory_xact_lock(1314211660, lock)
       FROM (SELECT DISTINCT hashtext(key) AS lock FROM unnest(keys) AS key ORDER BY 1) AS locks;
    present := coalesce(at, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

    FOR i IN 1 .. cardinality(keys) LOOP
        step := (spans[i] + 59) / 60;
        SELECT coalesce(sum(count), 0) INTO used FROM common_ratecounter
         WHERE key = keys[i] AND slot BETWEEN present / step - 60 AND present / step + 60;
        refused := refused OR used >= times[i];
    END LOOP;

    FOR i IN 1 .. cardinality(keys) LOOP
        step := (spans[i] + 59) / 60;
        slot_now := present / step;
        IF NOT refused THEN
            INSERT INTO common_ratecounter (key, slot, count, expires_at)
            VALUES (keys[i], slot_now, 1, to_timestamp((slot_now + 61) * step / 1000000.0))
            ON CONFLICT (key, slot) DO UPDATE SET count = common_ratecounter.count + 1;
        END IF;
        SELECT coalesce(sum(count), 0), min(slot) INTO used, oldest FROM common_ratecounter
         WHERE key = keys[i] AND slot BETWEEN slot_now - 60 AND slot_now + 60;
        reset := coalesce((oldest + 61) * step - present, 0);
        wait := 0;
        IF refused AND used >= times[i] THEN
            -- The first moment at which enough has been forgotten.
            SELECT (slot + 61) * step - present INTO wait
              FROM (SELECT slot, used - sum(count) OVER (ORDER BY slot) AS rest FROM common_ratecounter
                     WHERE key = keys[i] AND slot BETWEEN slot_now - 60 AND slot_now + 60) AS forgotten
             WHERE rest < times[i] ORDER BY slot LIMIT 1;
        END IF;
        RETURN NEXT;
    END LOOP;

    IF random() < 0.01 THEN
        DELETE FROM common_ratecounter WHERE id = ANY (ARRAY(
            SELECT id FROM common_ratecounter WHERE expires_at < now() ORDER BY expires_at LIMIT 500
            FOR UPDATE SKIP LOCKED));
    END IF;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0001_floor")]

    operations = [
        migrations.RunSQL(
            CREATE, "DROP FUNCTION common_spend(text[], bigint[], bigint[], bigint);"
        ),
    ]
