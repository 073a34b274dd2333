"""Promotions and their codes; categories, areas and exemptions of taxes.

The previous release goes on reading and writing tax rates: what it leaves out is the standard category, everywhere.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import pricing.models.taxes


def add_categories(apps, schema_editor):
    """What the law knows of: taxed goods, goods that are taxed at nothing, and goods that are not taxed."""
    categories = apps.get_model("pricing", "TaxCategory").objects
    categories.create(code="standard", name="Standard", treatment="taxed")
    categories.create(code="zero", name="Zero-rated", treatment="zero_rated")
    categories.create(code="exempt", name="Exempt", treatment="exempt")


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0008_customer_groups"),
        ("catalog", "0016_lasting_versions"),
        ("pricing", "0002_ethiopian_vat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Coupon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("batch", models.CharField(blank=True, default="", max_length=120)),
                (
                    "limit",
                    models.PositiveIntegerField(blank=True, help_text="Uses in all.", null=True),
                ),
                ("limit_per_customer", models.PositiveIntegerField(blank=True, null=True)),
                ("uses", models.PositiveIntegerField(db_default=0, default=0)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CouponUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder", models.UUIDField()),
                (
                    "customers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("given_back", "Given Back")],
                        default="active",
                        max_length=10,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("given_back_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "translations",
                    models.JSONField(
                        blank=True, db_default=models.Value({}, models.JSONField()), default=dict
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("percentage", "percentage"),
                            ("amount", "amount"),
                            ("buy_x_get_y", "buy x get y"),
                            ("free_delivery", "free delivery"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("line", "line"), ("order", "order"), ("delivery", "delivery")],
                        max_length=8,
                    ),
                ),
                (
                    "percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Of `percentage` and `buy_x_get_y`: 10 is 10 %.",
                        max_digits=5,
                        null=True,
                    ),
                ),
                ("buy", models.PositiveIntegerField(default=0)),
                ("get", models.PositiveIntegerField(default=0)),
                (
                    "times",
                    models.PositiveIntegerField(
                        blank=True, help_text="At most so often a basket.", null=True
                    ),
                ),
                (
                    "is_about_everything",
                    models.BooleanField(
                        default=True, help_text="If not, only about the targets that are included."
                    ),
                ),
                (
                    "has_reward",
                    models.BooleanField(
                        default=False,
                        help_text="What one gets are the targets that are a reward, not more of the same.",
                    ),
                ),
                ("minimum_pieces", models.PositiveIntegerField(default=0)),
                (
                    "is_for_groups",
                    models.BooleanField(
                        default=False,
                        help_text="Only for the groups named, even when none of them is left.",
                    ),
                ),
                ("first_order_only", models.BooleanField(default=False)),
                ("needs_code", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "valid_from",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "valid_until",
                    models.DateTimeField(
                        blank=True, help_text="Exclusive; empty: until further notice.", null=True
                    ),
                ),
                ("priority", models.IntegerField(default=0, help_text="The higher goes first.")),
                (
                    "is_exclusive",
                    models.BooleanField(default=False, help_text="Combines with no other."),
                ),
                (
                    "exclusivity_group",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Of those with the same name one applies.",
                        max_length=40,
                    ),
                ),
                (
                    "limit",
                    models.PositiveIntegerField(blank=True, help_text="Uses in all.", null=True),
                ),
                ("limit_per_customer", models.PositiveIntegerField(blank=True, null=True)),
                ("uses", models.PositiveIntegerField(db_default=0, default=0)),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PromotionAmount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="What is taken off, of kind `amount`.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "minimum",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="What the goods it is about have to come to.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "most",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="At most so much is taken off.",
                        max_digits=14,
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PromotionGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PromotionTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("included", "Included"),
                            ("excluded", "Excluded"),
                            ("reward", "Reward"),
                        ],
                        default="included",
                        max_length=8,
                    ),
                ),
                ("tag", models.CharField(blank=True, default="", max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="TaxAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TaxCategory",
            fields=[
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                (
                    "treatment",
                    models.CharField(
                        choices=[
                            ("taxed", "taxed"),
                            ("zero_rated", "zero rated"),
                            ("exempt", "exempt"),
                        ],
                        default="taxed",
                        help_text="Taxed at the dated rate of the category, or at nothing by law.",
                        max_length=10,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "verbose_name_plural": "tax categories",
            },
        ),
        migrations.RunPython(add_categories, migrations.RunPython.noop),
        migrations.CreateModel(
            name="TaxExemption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("certificate", models.CharField(max_length=64)),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="Codes of the tax categories it is for; empty: all.",
                        size=None,
                    ),
                ),
                ("valid_from", models.DateTimeField()),
                (
                    "valid_until",
                    models.DateTimeField(
                        blank=True, help_text="Exclusive; empty: until further notice.", null=True
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="taxrate",
            name="one_tax_rate_at_a_time",
        ),
        migrations.AddField(
            model_name="taxrate",
            name="area",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Code of the area where it holds, and in all below it; empty: everywhere.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="couponuse",
            name="coupon",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="coupon_uses",
                to="pricing.coupon",
            ),
        ),
        migrations.AddField(
            model_name="couponuse",
            name="promotion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="coupon_uses",
                to="pricing.promotion",
            ),
        ),
        migrations.AddField(
            model_name="coupon",
            name="promotion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="coupons",
                to="pricing.promotion",
            ),
        ),
        migrations.AddField(
            model_name="promotionamount",
            name="promotion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="amounts",
                to="pricing.promotion",
            ),
        ),
        migrations.AddField(
            model_name="promotiongroup",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="promotion_rows",
                to="account.customergroup",
            ),
        ),
        migrations.AddField(
            model_name="promotiongroup",
            name="promotion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="group_rows",
                to="pricing.promotion",
            ),
        ),
        migrations.AddField(
            model_name="promotion",
            name="groups",
            field=models.ManyToManyField(
                blank=True,
                related_name="promotions",
                through="pricing.PromotionGroup",
                to="account.customergroup",
            ),
        ),
        migrations.AddField(
            model_name="promotiontarget",
            name="brand",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="catalog.brand",
            ),
        ),
        migrations.AddField(
            model_name="promotiontarget",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="catalog.category",
            ),
        ),
        migrations.AddField(
            model_name="promotiontarget",
            name="collection",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="catalog.collection",
            ),
        ),
        migrations.AddField(
            model_name="promotiontarget",
            name="product",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="catalog.product",
            ),
        ),
        migrations.AddField(
            model_name="promotiontarget",
            name="promotion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="targets",
                to="pricing.promotion",
            ),
        ),
        migrations.AddField(
            model_name="taxassignment",
            name="category",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tax_assignment",
                to="catalog.category",
            ),
        ),
        migrations.AddField(
            model_name="taxassignment",
            name="product",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tax_assignment",
                to="catalog.product",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[a-z][a-z0-9_-]*$")),
                name="tax_category_code_is_plain",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="tax_category_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="taxcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(("treatment__in", ["taxed", "zero_rated", "exempt"])),
                name="tax_treatment_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", "standard"), _negated=True),
                    ("treatment", "taxed"),
                    _connector="OR",
                ),
                name="standard_goods_are_taxed",
            ),
        ),
        migrations.AddField(
            model_name="taxassignment",
            name="tax_category",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="pricing.taxcategory",
            ),
        ),
        migrations.AddField(
            model_name="taxrate",
            name="tax_category",
            field=models.ForeignKey(
                db_default="standard",
                default="standard",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rates",
                to="pricing.taxcategory",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("tax_category", "="),
                    ("area", "="),
                    (
                        pricing.models.taxes.TsTzRange(
                            "valid_from", "valid_until", models.Value("[)")
                        ),
                        "&&",
                    ),
                ],
                name="one_tax_rate_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="taxexemption",
            name="group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tax_exemptions",
                to="account.customergroup",
            ),
        ),
        migrations.AddField(
            model_name="taxexemption",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tax_exemptions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="couponuse",
            index=models.Index(
                condition=models.Q(("state", "active")),
                fields=["promotion", "coupon"],
                name="coupon_use_counted",
            ),
        ),
        migrations.AddIndex(
            model_name="couponuse",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("state", "active")),
                fastupdate=False,
                fields=["customers"],
                name="coupon_use_by_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponuse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")),
                fields=("holder", "promotion"),
                name="promotion_is_used_once_by_its_holder",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("given_back_at__isnull", True), ("state", "active")),
                    models.Q(("given_back_at__isnull", False), ("state", "given_back")),
                    _connector="OR",
                ),
                name="coupon_use_is_active_or_given_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("limit__isnull", True), ("uses__lte", models.F("limit")), _connector="OR"
                ),
                name="coupon_is_used_within_its_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(fields=("code",), name="coupon_code_is_unique"),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code", django.db.models.functions.text.Upper("code")),
                    models.Q(("code__contains", " "), _negated=True),
                    models.Q(("code", ""), _negated=True),
                ),
                name="coupon_code_is_normalised",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotionamount",
            constraint=models.UniqueConstraint(
                fields=("promotion", "currency"), name="promotion_has_one_amount_by_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotionamount",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                name="promotion_currency_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotionamount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("value__isnull", True), ("value__gt", 0), _connector="OR"),
                    models.Q(("minimum__isnull", True), ("minimum__gt", 0), _connector="OR"),
                    models.Q(("most__isnull", True), ("most__gt", 0), _connector="OR"),
                ),
                name="promotion_amounts_are_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiongroup",
            constraint=models.UniqueConstraint(
                fields=("promotion", "group"), name="promotion_names_a_group_once"
            ),
        ),
        migrations.AddIndex(
            model_name="promotion",
            index=models.Index(
                condition=models.Q(("is_active", True), ("needs_code", False)),
                fields=["valid_from"],
                name="promotion_automatic",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("limit__isnull", True), ("uses__lte", models.F("limit")), _connector="OR"
                ),
                name="promotion_is_used_within_its_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="promotion_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["percentage", "amount"]), ("level__in", ["line", "order"])
                    ),
                    models.Q(("kind", "buy_x_get_y"), ("level", "line")),
                    models.Q(("kind", "free_delivery"), ("level", "delivery")),
                    _connector="OR",
                ),
                name="promotion_kind_fits_its_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["percentage", "buy_x_get_y"]),
                        ("percent__gt", 0),
                        ("percent__lte", 100),
                    ),
                    models.Q(("kind__in", ["amount", "free_delivery"]), ("percent__isnull", True)),
                    _connector="OR",
                ),
                name="promotion_has_a_percentage_where_it_needs_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("buy__gte", 1), ("get__gte", 1), ("kind", "buy_x_get_y")),
                    models.Q(
                        ("buy", 0), ("get", 0), ("has_reward", False), ("times__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="promotion_says_what_to_buy_and_get",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True),
                    ("valid_until__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="promotion_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                fields=("promotion", "role", "product", "category", "brand", "collection", "tag"),
                name="promotion_names_a_target_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["included", "excluded", "reward"])),
                name="promotion_target_role_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("brand", None),
                        ("category", None),
                        ("collection", None),
                        ("product__isnull", False),
                        ("tag", ""),
                    ),
                    models.Q(
                        ("brand", None),
                        ("category__isnull", False),
                        ("collection", None),
                        ("product", None),
                        ("tag", ""),
                    ),
                    models.Q(
                        ("brand__isnull", False),
                        ("category", None),
                        ("collection", None),
                        ("product", None),
                        ("tag", ""),
                    ),
                    models.Q(
                        ("brand", None),
                        ("category", None),
                        ("collection__isnull", False),
                        ("product", None),
                        ("tag", ""),
                    ),
                    models.Q(
                        ("brand", None),
                        ("category", None),
                        ("collection", None),
                        ("product", None),
                        models.Q(("tag", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="promotion_target_is_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("product__isnull", True), ("category__isnull", True), _connector="XOR"
                ),
                name="tax_is_assigned_to_a_product_or_a_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxexemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("user__isnull", True), ("group__isnull", True), _connector="XOR"
                ),
                name="tax_exemption_is_of_a_customer_or_a_group",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxexemption",
            constraint=models.CheckConstraint(
                condition=models.Q(("certificate", ""), _negated=True),
                name="tax_exemption_has_a_certificate",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxexemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True),
                    ("valid_until__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="tax_exemption_ends_after_it_begins",
            ),
        ),
    ]
