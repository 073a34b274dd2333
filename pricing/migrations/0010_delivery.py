"""Delivery: methods, their tables of fees by area, weight and value, their windows."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
from django.db import migrations, models

import places.models
import pricing.models.delivery
from audit import triggers


def record_changes(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_parts_of_order_lines"),
        ("places", "0001_places"),
        ("pricing", "0003_promotions_and_tax_categories"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryMethod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(help_text="Orders keep it.", max_length=40)),
                ("name", models.CharField(help_text="In English.", max_length=120)),
                ("description", models.CharField(blank=True, db_default="", max_length=500)),
                ("translations", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("courier", "a courier brings it"),
                            ("pickup", "the customer fetches it"),
                            ("post", "the post brings it"),
                        ],
                        max_length=8,
                    ),
                ),
                ("position", models.PositiveIntegerField(db_default=0, default=0)),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_default=1,
                        default=1,
                        help_text="Grows at each edit, also of fees and windows.",
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
                    "tax_category",
                    models.ForeignKey(
                        db_default="standard",
                        default="standard",
                        help_text="How the fee is taxed.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delivery_methods",
                        to="pricing.taxcategory",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryFee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "min_weight",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="Grams, inclusive."
                    ),
                ),
                (
                    "max_weight",
                    models.PositiveIntegerField(
                        blank=True, help_text="Grams, exclusive; empty: without end.", null=True
                    ),
                ),
                (
                    "min_value",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=0,
                        help_text="Of the goods before promotions, inclusive.",
                        max_digits=14,
                    ),
                ),
                (
                    "max_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Exclusive; empty: without end.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                ("fee", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "free_above",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="No fee when the goods come to so much, before promotions.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: everywhere that has no table of its own.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delivery_fees",
                        to="places.area",
                    ),
                ),
                (
                    "method",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="fees",
                        to="pricing.deliverymethod",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryWindow",
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
                ("begins", models.TimeField()),
                ("ends", models.TimeField()),
                (
                    "cutoff_hours",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Order so many hours before it begins."
                    ),
                ),
                (
                    "capacity",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Orders that one window takes; empty: any number.",
                        null=True,
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: everywhere that has no windows of its own.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delivery_windows",
                        to="places.area",
                    ),
                ),
                (
                    "method",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="pricing.deliverymethod",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="deliverymethod",
            index=models.Index(fields=["position", "id"], name="delivery_method_in_order"),
        ),
        migrations.AddConstraint(
            model_name="deliverymethod",
            constraint=models.UniqueConstraint(
                fields=("code",), name="delivery_method_code_is_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverymethod",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[a-z][a-z0-9]*(-[a-z0-9]+)*$")),
                name="delivery_method_code_is_plain",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverymethod",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["courier", "pickup", "post"])),
                name="delivery_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryfee",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("currency__in", ["ETB", "EUR", "GBP", "KES", "RWF", "TZS", "UGX", "USD"])
                ),
                name="delivery_fee_currency_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryfee",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fee__gte", 0),
                    ("min_value__gte", 0),
                    models.Q(("free_above__isnull", True), ("free_above__gte", 0), _connector="OR"),
                ),
                name="delivery_fee_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryfee",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("max_weight__isnull", True),
                        ("max_weight__gt", models.F("min_weight")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("max_value__isnull", True),
                        ("max_value__gt", models.F("min_value")),
                        _connector="OR",
                    ),
                ),
                name="delivery_fee_covers_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryfee",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("method", "="),
                    (
                        django.db.models.functions.comparison.Coalesce("area_id", models.Value(0)),
                        "=",
                    ),
                    ("currency", "="),
                    (
                        pricing.models.delivery.Span(
                            "min_weight", "max_weight", function="int4range"
                        ),
                        "&&",
                    ),
                    (
                        pricing.models.delivery.Span("min_value", "max_value", function="numrange"),
                        "&&",
                    ),
                ],
                name="one_delivery_fee_for_each_parcel",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverywindow",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__gte", 1), ("weekday__lte", 7)),
                name="delivery_window_is_of_a_weekday",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverywindow",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("begins"))),
                name="delivery_window_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverywindow",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("method", "="),
                    (
                        django.db.models.functions.comparison.Coalesce("area_id", models.Value(0)),
                        "=",
                    ),
                    ("weekday", "="),
                    (places.models.MinutesRange("begins", "ends"), "&&"),
                ],
                name="delivery_windows_do_not_overlap",
            ),
        ),
        migrations.RunPython(record_changes, migrations.RunPython.noop, elidable=False),
    ]
