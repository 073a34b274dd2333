"""Areas and pickup points, and what the database itself keeps true of them.

An area holds its parent's level, which a composite foreign key keeps true, and is below it: no ring can be written, by no verb
and by no hand in psql.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models

import places.models

# Bodies in the standard's form (RETURN) are bound when created: a restored dump, which starts with an empty search_path,
# still finds what they call. Folded are case, accents, apostrophes, hyphens, and the Amharic letters that sound alike.
FOLD = r"""
CREATE FUNCTION places_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    regexp_replace(lower(normalize(value, NFKD)), '[\u0300-\u036f]', '', 'g'),
    'ሐሑሒሓሔሕሖኀኁኂኃኄኅኆኸሃሠሡሢሣሤሥሦዐዑዒዓዔዕዖኣፀፁፂፃፄፅፆ-/''’ʼ`',
    'ሀሁሂሀሄህሆሀሁሂሀሄህሆሀሀሰሱሲሳሴስሶአኡኢአኤእኦአጸጹጺጻጼጽጾ  '
)
"""
SEARCHED = """
CREATE FUNCTION places_searched(code text, name text, aliases text, translations jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ' ' || places_fold(
    code || ' ' || name || ' ' || aliases || ' '
    || coalesce((SELECT string_agg(text ->> 'name', ' ') FROM jsonb_each(translations) AS one (language, text)), '')
) || ' '
"""
# Haversine over a sphere of 6,371,009 m: wrong by half a percent at most, which is nothing to somebody who looks for a shop.
DISTANCE = """
CREATE FUNCTION places_distance(latitude numeric, longitude numeric, near_latitude float8, near_longitude float8)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN latitude IS NULL OR longitude IS NULL THEN 2147483647 ELSE
    round(2 * 6371009 * asin(least(1, sqrt(
        sin(radians(latitude::float8 - near_latitude) / 2) ^ 2
        + cos(radians(near_latitude)) * cos(radians(latitude::float8))
        * sin(radians(longitude::float8 - near_longitude) / 2) ^ 2
    ))))::integer
END
"""
MINUTES = """
CREATE FUNCTION places_minutes(opens time, closes time) RETURNS int4range
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN int4range(
    (extract(epoch FROM opens) / 60)::integer,
    greatest((extract(epoch FROM closes) / 60)::integer, (extract(epoch FROM opens) / 60)::integer),
    '[)'
)
"""
NO_RINGS = """
ALTER TABLE places_area ADD CONSTRAINT area_knows_the_level_of_its_parent
    FOREIGN KEY (parent_id, parent_level) REFERENCES places_area (id, level)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.RunSQL(FOLD, "DROP FUNCTION places_fold(text)"),
        migrations.RunSQL(SEARCHED, "DROP FUNCTION places_searched(text, text, text, jsonb)"),
        migrations.RunSQL(
            DISTANCE, "DROP FUNCTION places_distance(numeric, numeric, float8, float8)"
        ),
        migrations.RunSQL(MINUTES, "DROP FUNCTION places_minutes(time, time)"),
        migrations.CreateModel(
            name="Area",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Such as ET-AA-BOLE. Orders and fees keep it: choose well.",
                        max_length=40,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("region", "region"),
                            ("chartered_city", "chartered city"),
                            ("zone", "zone"),
                            ("city", "city administration"),
                            ("sub_city", "sub-city"),
                            ("woreda", "woreda"),
                            ("kebele", "kebele"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "level",
                    models.PositiveSmallIntegerField(help_text="From 1, a region, to 4, a kebele."),
                ),
                ("parent_level", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("name", models.CharField(help_text="In English.", max_length=120)),
                (
                    "aliases",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Other spellings to find it by.",
                        max_length=300,
                    ),
                ),
                ("translations", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "is_active",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="Archived areas, and all in them, are not chosen.",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_default=1, default=1, help_text="Grows at each edit."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "searched",
                    models.GeneratedField(
                        db_persist=True,
                        expression=places.models.SearchedText(
                            "code", "name", "aliases", "translations"
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="places.area",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PickupPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                ("address", models.CharField(blank=True, db_default="", max_length=200)),
                (
                    "landmark",
                    models.CharField(
                        blank=True, db_default="", help_text="How people find it.", max_length=200
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Holidays, what to bring.",
                        max_length=500,
                    ),
                ),
                (
                    "latitude",
                    models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True),
                ),
                (
                    "longitude",
                    models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True),
                ),
                ("phone", models.CharField(blank=True, db_default="", max_length=16)),
                ("translations", models.JSONField(blank=True, db_default={}, default=dict)),
                ("position", models.PositiveIntegerField(db_default=0, default=0)),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_default=1, default=1, help_text="Grows at each edit."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pickup_points",
                        to="places.area",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PickupHours",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(help_text="1 is Monday, 7 Sunday (ISO 8601)."),
                ),
                ("opens", models.TimeField()),
                ("closes", models.TimeField()),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hours",
                        to="places.pickuppoint",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "pickup hours",
            },
        ),
        migrations.AddIndex(
            model_name="area",
            index=models.Index(fields=["name", "id"], name="area_by_name"),
        ),
        migrations.AddIndex(
            model_name="area",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("searched"), name="gin_trgm_ops"),
                name="area_by_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(fields=("code",), name="area_code_is_unique"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(fields=("id", "level"), name="area_has_one_level"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(
                fields=("parent", "kind", "name"),
                name="area_name_is_unique_in_its_parent",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[A-Z]{2}(-[A-Z0-9]{1,20}){1,6}$")),
                name="area_code_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "region"), ("level", 1)),
                    models.Q(("kind", "chartered_city"), ("level", 1)),
                    models.Q(("kind", "zone"), ("level", 2)),
                    models.Q(("kind", "city"), ("level", 2)),
                    models.Q(("kind", "sub_city"), ("level", 2)),
                    models.Q(("kind", "woreda"), ("level", 3)),
                    models.Q(("kind", "kebele"), ("level", 4)),
                    _connector="OR",
                ),
                name="area_level_is_that_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("level", 1), ("parent__isnull", True), ("parent_level__isnull", True)
                    ),
                    models.Q(
                        ("level__gt", 1),
                        ("parent__isnull", False),
                        ("parent_level__isnull", False),
                        ("parent_level__lt", models.F("level")),
                    ),
                    _connector="OR",
                ),
                name="area_is_below_its_parent",
            ),
        ),
        migrations.AddIndex(
            model_name="pickuppoint",
            index=models.Index(fields=["position", "id"], name="pickup_point_in_order"),
        ),
        migrations.AddConstraint(
            model_name="pickuppoint",
            constraint=models.UniqueConstraint(
                fields=("slug",), name="pickup_point_slug_is_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuppoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*$"), ("slug__regex", "[a-z]")
                ),
                name="pickup_point_slug_is_a_slug",
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuppoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                    models.Q(
                        ("latitude__gte", -90),
                        ("latitude__isnull", False),
                        ("latitude__lte", 90),
                        ("longitude__gte", -180),
                        ("longitude__isnull", False),
                        ("longitude__lte", 180),
                    ),
                    _connector="OR",
                ),
                name="pickup_point_is_on_earth",
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuppoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("address", ""), ("landmark", ""), ("latitude__isnull", True), _negated=True
                ),
                name="pickup_point_says_where",
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuppoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("phone", ""), ("phone__regex", "^\\+[1-9][0-9]{6,14}$"), _connector="OR"
                ),
                name="pickup_point_phone_is_e164",
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuphours",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__gte", 1), ("weekday__lte", 7)),
                name="pickup_hours_are_of_a_weekday",
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuphours",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes__gt", models.F("opens"))),
                name="pickup_hours_end_after_they_begin",
            ),
        ),
        migrations.AddConstraint(
            model_name="pickuphours",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("point", "="),
                    ("weekday", "="),
                    (places.models.MinutesRange("opens", "closes"), "&&"),
                ],
                name="pickup_hours_do_not_overlap",
            ),
        ),
        migrations.RunSQL(
            NO_RINGS, "ALTER TABLE places_area DROP CONSTRAINT area_knows_the_level_of_its_parent"
        ),
    ]
