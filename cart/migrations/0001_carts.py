"""Carts and what is in them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0017_backorders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Cart",
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
                    "token_hash",
                    models.CharField(
                        blank=True, default="", help_text="Of a guest's cart token.", max_length=64
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("ordered", "Ordered"), ("merged", "Merged")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="As they are unique.",
                        size=None,
                    ),
                ),
                ("delivery_method", models.CharField(blank=True, default="", max_length=40)),
                ("delivery_area", models.CharField(blank=True, default="", max_length=40)),
                ("pickup_point", models.CharField(blank=True, default="", max_length=60)),
                (
                    "delivery_window",
                    models.BigIntegerField(
                        blank=True, help_text="Of `pricing.DeliveryWindow`, as wished.", null=True
                    ),
                ),
                ("delivery_day", models.DateField(blank=True, null=True)),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                (
                    "order",
                    models.UUIDField(
                        blank=True, help_text="The order that it has become.", null=True
                    ),
                ),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                ("expires_at", models.DateTimeField(help_text="Forgotten after that.")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When its holder last changed it.",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        help_text="The cart that holds what a guest's cart held before they signed in.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="merged",
                        to="cart.cart",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="carts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CartItem",
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
                ("quantity", models.PositiveIntegerField()),
                (
                    "shown_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Of one piece, in the cart's currency, when its holder last chose it. Empty: it had none.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "added_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "cart",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="cart.cart",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cart_items",
                        to="catalog.variant",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["owner", "-updated_at", "-id"],
                name="cart_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["-updated_at", "-id"],
                name="cart_abandoned",
            ),
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(fields=["expires_at"], name="cart_expiry"),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("owner__isnull", True), ("token_hash__gt", "")),
                    models.Q(("owner__isnull", False), ("token_hash", "")),
                    _connector="OR",
                ),
                name="cart_is_a_users_or_a_guests",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", True), ("order__isnull", True), ("status", "open")
                    ),
                    models.Q(
                        ("merged_into__isnull", True),
                        ("order__isnull", False),
                        ("status", "ordered"),
                    ),
                    models.Q(
                        ("merged_into__isnull", False),
                        ("order__isnull", True),
                        ("status", "merged"),
                    ),
                    _connector="OR",
                ),
                name="cart_says_what_became_of_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="cart_is_not_merged_into_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("currency__in", ["ETB", "EUR", "GBP", "KES", "RWF", "TZS", "UGX", "USD"])
                ),
                name="cart_currency_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(("codes__len__lte", 10)), name="cart_has_few_codes"
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(("delivery_area", ""), ("pickup_point", ""), _connector="OR"),
                name="cart_goes_to_an_area_or_a_pickup_point",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token_hash", ""), _negated=True),
                fields=("token_hash",),
                name="cart_token_is_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order__isnull", False)),
                fields=("order",),
                name="one_cart_per_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="cartitem",
            constraint=models.UniqueConstraint(
                fields=("cart", "variant"), name="cart_names_each_variant_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="cartitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1), ("quantity__lte", 10000)),
                name="cart_item_has_a_sane_quantity",
            ),
        ),
        migrations.AddConstraint(
            model_name="cartitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("shown_price__isnull", True),
                    ("shown_price__gte", models.Value(0)),
                    _connector="OR",
                ),
                name="cart_item_was_shown_no_negative_price",
            ),
        ),
    ]
