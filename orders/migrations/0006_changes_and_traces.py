"""What happens to an order after it was placed: edits, discounts, tax by line, partial shipments, money owed back."""

from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0017_backorders"),
        ("orders", "0005_audited"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderTrace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "revision",
                    models.PositiveSmallIntegerField(
                        help_text="0: as placed; then one for each edit."
                    ),
                ),
                ("trace", models.JSONField()),
                ("actor", models.CharField(max_length=80)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefundDue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=common.ids.uuid7, editable=False, unique=True),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, help_text="In the order's currency.", max_digits=14
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("reason", models.CharField(max_length=300)),
                ("actor", models.CharField(max_length=80)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="cart",
            field=models.UUIDField(
                blank=True, help_text="The cart that it was: one order per cart.", null=True
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="discounts",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="What took something off: name, code as typed, amount as text.",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="paid_total",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="What was paid for it. Empty: nothing yet, or all of `total` before this was written down.",
                max_digits=14,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="delivery_tax",
            field=models.DecimalField(
                db_default=models.Value(Decimal("0")),
                decimal_places=2,
                default=Decimal("0"),
                help_text="The delivery's part of `tax_total`.",
                max_digits=14,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="delivery_tax_rate",
            field=models.DecimalField(
                db_default=models.Value(Decimal("0")),
                decimal_places=4,
                default=Decimal("0"),
                max_digits=5,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="prices_include_tax",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="order",
            name="refund_due",
            field=models.DecimalField(
                db_default=models.Value(Decimal("0")),
                decimal_places=2,
                default=Decimal("0"),
                help_text="What must go back to the customer, of what was paid.",
                max_digits=14,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="source",
            field=models.CharField(
                choices=[
                    ("shop", "placed in the shop"),
                    ("staff", "placed by staff for a customer"),
                    ("history", "sold elsewhere, before"),
                ],
                db_default="shop",
                default="shop",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="cancelled",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="orderline",
            name="discount",
            field=models.DecimalField(
                db_default=models.Value(Decimal("0")),
                decimal_places=2,
                default=Decimal("0"),
                max_digits=14,
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="exact_total",
            field=models.DecimalField(
                blank=True,
                decimal_places=8,
                help_text="Of a past sale: quantity times the exact price; `total` is this, rounded.",
                max_digits=20,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="exact_unit_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=8,
                help_text="Of a past sale: the price as it was, where the currency has no such coin.",
                max_digits=20,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="returned",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="orderline",
            name="shipped",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="orderline",
            name="tax_category",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="orderline",
            name="tax_rate",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Empty: the order's.",
                max_digits=5,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="tax_rate",
            field=models.DecimalField(
                decimal_places=4,
                help_text="The highest of its lines; each line has its own.",
                max_digits=5,
            ),
        ),
        migrations.AddField(
            model_name="ordertrace",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="traces",
                to="orders.order",
            ),
        ),
        migrations.AddField(
            model_name="ordertrace",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="refunddue",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds_due",
                to="orders.order",
            ),
        ),
        migrations.AddField(
            model_name="refunddue",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="ordertrace",
            constraint=models.UniqueConstraint(
                fields=("order", "revision"), name="order_has_one_trace_per_revision"
            ),
        ),
        migrations.AddIndex(
            model_name="refunddue",
            index=models.Index(fields=["-created_at", "-id"], name="refund_due_by_age"),
        ),
        migrations.AddConstraint(
            model_name="refunddue",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="refund_due_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refunddue",
            constraint=models.UniqueConstraint(fields=("order", "key"), name="a_cause_owes_once"),
        ),
    ]
