"""Notes on orders, and drafts that staff write for customers on the telephone."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import common.ids
from audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0008_past_sales"),
        ("audit", "0005_accounts_of_the_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DraftOrder",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("placed", "Placed"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("created_by", models.CharField(max_length=80)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=20)),
                ("currency", models.CharField(max_length=3)),
                (
                    "items",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Variant, quantity; where a price was agreed, that (as text) and why.",
                    ),
                ),
                ("codes", models.JSONField(blank=True, default=list)),
                ("shipping_address", models.JSONField(blank=True, default=dict)),
                ("delivery", models.JSONField(blank=True, default=dict)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("version", models.PositiveIntegerField(db_default=models.Value(1), default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose order it becomes; empty: a guest's.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="orders.order",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who wrote it.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="draft_by_age"),
                    models.Index(
                        condition=models.Q(("status", "draft")),
                        fields=["updated_at"],
                        name="draft_untouched",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("order__isnull", False), ("status", "placed")),
                            models.Q(
                                models.Q(("status", "placed"), _negated=True),
                                ("order__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="placed_draft_has_its_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "draft"),
                            models.Q(
                                ("customer__isnull", True),
                                ("delivery", {}),
                                ("email", ""),
                                ("note", ""),
                                ("phone", ""),
                                ("shipping_address", {}),
                            ),
                            _connector="OR",
                        ),
                        name="closed_draft_has_no_personal_data",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderNote",
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
                ("text", models.CharField(blank=True, max_length=2000)),
                (
                    "is_for_customer",
                    models.BooleanField(
                        default=False, help_text="Whether the customer reads it too."
                    ),
                ),
                ("actor", models.CharField(max_length=80)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("redacted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="orders.order",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["order", "-created_at", "-id"], name="order_notes")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True),
                            ("redacted_at__isnull", False),
                            _connector="OR",
                        ),
                        name="note_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("redacted_at__isnull", True), ("text", ""), _connector="OR"
                        ),
                        name="redacted_note_is_empty",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, migrations.RunPython.noop, elidable=False),
    ]
