"""Locations and what is there; back-orders; limits; whom a reservation counts against. The release before this one ignores all of it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

DEFAULT = """
INSERT INTO inventory_location (code, name, is_default, is_active, priority, place, version)
VALUES ('main', 'Main shelf', true, true, 0, '', 1)
"""

# The release before this one deletes items that nobody ever ordered, and knows no levels.
CASCADE = """
DO $$
DECLARE
    present text := (
        SELECT con.conname FROM pg_constraint con
          JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
         WHERE con.contype = 'f' AND con.conrelid = 'inventory_stocklevel'::regclass AND att.attname = 'stock_item_id'
    );
BEGIN
    EXECUTE format('ALTER TABLE inventory_stocklevel DROP CONSTRAINT %I', present);
    EXECUTE format(
        'ALTER TABLE inventory_stocklevel ADD CONSTRAINT %I FOREIGN KEY (stock_item_id)'
        ' REFERENCES inventory_stockitem (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED',
        present
    );
END $$
"""

# The lock first, the look second, in one round trip: each statement of a volatile function sees what was committed before
# it began, so that the second sees whatever the customer's other checkouts did while this one waited for the lock.
HOLDINGS = """
CREATE FUNCTION inventory_holdings(whose text, items bigint[])
RETURNS TABLE (item bigint, holders bigint, pieces bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('inventory.customer:' || whose, 0));
    RETURN QUERY
        SELECT NULL::bigint, count(DISTINCT held.holder), coalesce(sum(held.quantity), 0)::bigint
          FROM inventory_reservation held
         WHERE held.customer = whose AND held.customer <> '' AND held.state <> 'released' AND held.state = 'active'
         UNION ALL
        SELECT taken.stock_item_id, count(DISTINCT taken.holder), sum(taken.quantity)::bigint
          FROM inventory_reservation taken
         WHERE taken.customer = whose AND taken.customer <> '' AND taken.state <> 'released'
           AND taken.stock_item_id = ANY (items)
         GROUP BY taken.stock_item_id;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0001_stock"),
    ]

    operations = [
        migrations.CreateModel(
            name="Location",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.SlugField(
                        help_text="Short and lasting, such as bole-store.", max_length=40
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("is_default", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Selling takes from the default location first, then the lowest number.",
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The code of a delivery area or pickup point, if it is one.",
                        max_length=80,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, help_text="Grows at every edit."),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StockLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on_hand", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="movement",
            name="note",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="reservation",
            name="customer",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Whose limits it counts against: a key that the order's side makes; empty: nobody's.",
                max_length=80,
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="alerted_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When staff were told that it runs low; empty again once restocked.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="backorder_limit",
            field=models.PositiveIntegerField(
                db_default=0,
                help_text="Pieces that may be promised beyond what is on hand; 0: none.",
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="elsewhere",
            field=models.PositiveIntegerField(
                db_default=0, help_text="Pieces on hand that are not at the default location."
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="low_stock_at",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Staff are told when no more than this can be sold; empty: as LOW_STOCK_AT says.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="max_per_customer",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Pieces that one customer may take in all their orders; empty: any.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="max_per_order",
            field=models.PositiveIntegerField(
                blank=True, help_text="Pieces that one order may take; empty: any.", null=True
            ),
        ),
        migrations.AddField(
            model_name="stockitem",
            name="version",
            field=models.PositiveIntegerField(
                db_default=1, help_text="Grows at every edit by staff."
            ),
        ),
        migrations.AlterField(
            model_name="movement",
            name="reason",
            field=models.CharField(
                choices=[
                    ("opening", "opening stock"),
                    ("count", "counted"),
                    ("received", "received"),
                    ("sold", "sold"),
                    ("returned", "returned"),
                    ("damaged", "damaged or lost"),
                    ("correction", "corrected"),
                    ("transfer", "moved between locations"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="reservation",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("owed", "Owed"),
                    ("committed", "Committed"),
                    ("released", "Released"),
                ],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="stockitem",
            name="on_hand",
            field=models.PositiveIntegerField(default=0, help_text="Pieces on all shelves."),
        ),
        migrations.AlterField(
            model_name="stockitem",
            name="reserved",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Pieces promised to orders that are not paid yet, or owed to paid ones.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(fields=("code",), name="location_code_is_unique"),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("is_default",),
                name="at_most_one_location_is_the_default",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_default", False), ("is_active", True), _connector="OR"),
                name="default_location_is_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(("code", ""), _negated=True), name="location_has_a_code"
            ),
        ),
        migrations.AddField(
            model_name="movement",
            name="location",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the default one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="movements",
                to="inventory.location",
            ),
        ),
        migrations.AddField(
            model_name="stocklevel",
            name="location",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="levels",
                to="inventory.location",
            ),
        ),
        migrations.AddField(
            model_name="stocklevel",
            name="stock_item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="levels",
                to="inventory.stockitem",
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.UniqueConstraint(
                fields=("stock_item", "location"), name="one_level_per_item_and_location"
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_hand__gte", 0)), name="level_is_never_negative"
            ),
        ),
        migrations.RunSQL(DEFAULT, migrations.RunSQL.noop),
        # Deferred constraints of the rows above are checked before their tables are altered again.
        migrations.RunSQL(
            "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop
        ),
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
        migrations.RunSQL(HOLDINGS, "DROP FUNCTION inventory_holdings(text, bigint[])"),
    ]
