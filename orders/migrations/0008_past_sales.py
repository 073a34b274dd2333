"""Past sales: where their lines come from, and orders that nobody here placed.

The two rules of orders that become wider hold under new names for new rows at once and are then checked against the old ones,
without keeping anybody from buying meanwhile; the narrower ones go last.
"""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

import common.ids

WIDER = [
    models.CheckConstraint(
        condition=models.Q(
            ("owner__isnull", False),
            models.Q(("token_hash", ""), _negated=True),
            ("source", "history"),
            _connector="OR",
        ),
        name="order_has_an_owner_or_a_token_or_is_past",
    ),
    models.CheckConstraint(
        condition=models.Q(
            models.Q(("email", ""), _negated=True),
            models.Q(("phone", ""), _negated=True),
            ("redacted_at__isnull", False),
            ("source", "history"),
            _connector="OR",
        ),
        name="order_can_be_answered_or_is_past",
    ),
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0007_rules_of_changes")]

    operations = [
        *(AddConstraintNotValid("order", rule) for rule in WIDER),
        *(ValidateConstraint("order", rule.name) for rule in WIDER),
        migrations.RemoveConstraint("order", "order_has_an_owner_or_a_token"),
        migrations.RemoveConstraint("order", "order_can_be_answered"),
        migrations.CreateModel(
            name="PastCredit",
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
                ("invoice", models.CharField(max_length=40)),
                ("customer", models.CharField(blank=True, max_length=40)),
                ("country", models.CharField(blank=True, max_length=80)),
                ("sku", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=400)),
                ("quantity", models.PositiveIntegerField()),
                ("exact_unit_price", models.DecimalField(decimal_places=8, max_digits=20)),
                ("exact_amount", models.DecimalField(decimal_places=8, max_digits=20)),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, help_text="Rounded.", max_digits=14),
                ),
                (
                    "tax",
                    models.DecimalField(
                        decimal_places=2, help_text="Within `amount`.", max_digits=14
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("credited_at", models.DateTimeField()),
                ("line", models.PositiveIntegerField()),
                ("key", models.UUIDField()),
                ("piece", models.PositiveSmallIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PastFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the unpacked file.", max_length=64, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("currency", models.CharField(max_length=3)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PastLine",
            fields=[
                (
                    "order_line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="past_line",
                        serialize=False,
                        to="orders.orderline",
                    ),
                ),
                (
                    "line",
                    models.PositiveIntegerField(help_text="Of the file, from 1, the header's."),
                ),
                ("key", models.UUIDField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="PastSale",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="past_sale",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("invoice", models.CharField(max_length=40)),
                ("part", models.PositiveSmallIntegerField(default=1)),
                ("customer", models.CharField(blank=True, max_length=40)),
                (
                    "country",
                    models.CharField(blank=True, help_text="As the file spells it.", max_length=80),
                ),
            ],
        ),
        migrations.AddField(
            model_name="pastcredit",
            name="sold_line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="past_credits",
                to="orders.orderline",
            ),
        ),
        migrations.AddField(
            model_name="pastcredit",
            name="file",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credits",
                to="orders.pastfile",
            ),
        ),
        migrations.AddField(
            model_name="pastline",
            name="file",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="orders.pastfile",
            ),
        ),
        migrations.AddIndex(
            model_name="pastsale",
            index=models.Index(
                condition=models.Q(("customer", ""), _negated=True),
                fields=["customer"],
                name="past_sale_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="pastsale",
            constraint=models.UniqueConstraint(
                fields=("invoice", "part"), name="past_invoice_is_imported_once"
            ),
        ),
        migrations.AddIndex(
            model_name="pastcredit",
            index=models.Index(fields=["-credited_at", "-id"], name="past_credit_by_age"),
        ),
        migrations.AddConstraint(
            model_name="pastcredit",
            constraint=models.UniqueConstraint(
                fields=("key", "piece"), name="past_credit_is_imported_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="pastcredit",
            constraint=models.UniqueConstraint(
                fields=("file", "line", "piece"), name="past_credit_has_its_own_line"
            ),
        ),
        migrations.AddConstraint(
            model_name="pastcredit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("quantity__gt", 0),
                    ("exact_unit_price__gte", 0),
                    ("amount__gte", 0),
                    ("tax__gte", 0),
                    ("tax__lte", models.F("amount")),
                ),
                name="past_credit_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="pastcredit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "exact_amount",
                        django.db.models.expressions.CombinedExpression(
                            models.F("quantity"), "*", models.F("exact_unit_price")
                        ),
                    ),
                    (
                        "exact_amount__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("amount"), "-", models.Value(1)
                        ),
                    ),
                    (
                        "exact_amount__lt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("amount"), "+", models.Value(1)
                        ),
                    ),
                ),
                name="past_credit_is_its_pieces_at_their_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="pastline",
            constraint=models.UniqueConstraint(
                fields=("file", "line"), name="past_line_is_imported_once"
            ),
        ),
    ]
