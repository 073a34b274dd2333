"""The catalogue's tables, and the words it can be searched by."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

# Bodies in the standard's form (RETURN) are bound when created: a restored dump, which starts with an empty search_path,
# still finds what they call.
#
# Folding makes spellings equal that readers take for equal: case, accents, and the Amharic letters that sound alike
# (ሐ ኀ as ሀ, ሠ as ሰ, ዐ as አ, ፀ as ጸ). normalize() instead of the extension unaccent, which is not immutable.
FOLD = r"""
CREATE FUNCTION catalog_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    regexp_replace(lower(normalize(value, NFKD)), '[\u0300-\u036f]', '', 'g'),
    'ሐሑሒሓሔሕሖኀኁኂኃኄኅኆሃሠሡሢሣሤሥሦዐዑዒዓዔዕዖኣፀፁፂፃፄፅፆ',
    'ሀሁሂሀሄህሆሀሁሂሀሄህሆሀሰሱሲሳሴስሶአኡኢአኤእኦአጸጹጺጻጼጽጾ'
)
"""
# Weights: name first, then brand, tags and SKUs, the description last. Tags of HTML are no words.
SEARCH_VECTOR = r"""
CREATE FUNCTION catalog_search_vector(
    name text, brand text, tags text[], sku_list text, description text
) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('simple'::regconfig, catalog_fold(name)), 'A')
    || setweight(to_tsvector('simple'::regconfig, catalog_fold(
           brand || ' ' || array_to_string(tags, ' ') || ' ' || regexp_replace(sku_list, '\W', ' ', 'g'))), 'B')
    || setweight(to_tsvector('simple'::regconfig, catalog_fold(
           regexp_replace(description, '<[^>]*>|&[a-z]+;', ' ', 'g'))), 'D')
"""
# The sum of "how well do the words match" and "how near is the name"; six decimals, so that a cursor can hold it exactly.
RELEVANCE = """
CREATE FUNCTION catalog_relevance(search tsvector, folded_name text, query text, words text) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE
RETURN round((
    ts_rank(search, to_tsquery('simple'::regconfig, catalog_fold(query)))
    + word_similarity(catalog_fold(words), folded_name)
    + similarity(catalog_fold(words), folded_name) / 2
)::numeric, 6)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("inventory", "0001_stock"),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(FOLD, "DROP FUNCTION catalog_fold(text)"),
        migrations.RunSQL(
            SEARCH_VECTOR, "DROP FUNCTION catalog_search_vector(text, text, text[], text, text)"
        ),
        migrations.RunSQL(RELEVANCE, "DROP FUNCTION catalog_relevance(tsvector, text, text, text)"),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("slug", models.CharField(max_length=120)),
                (
                    "description",
                    models.TextField(blank=True, default="", help_text="Sanitised HTML."),
                ),
                (
                    "position",
                    models.PositiveIntegerField(default=0, help_text="Order among siblings."),
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
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="catalog.category",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("slug", models.CharField(max_length=120)),
                (
                    "description",
                    models.TextField(blank=True, default="", help_text="Sanitised HTML."),
                ),
                ("brand", models.CharField(blank=True, default="", max_length=255)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("is_published", models.BooleanField(default=False)),
                (
                    "published_at",
                    models.DateTimeField(blank=True, help_text="First publication.", null=True),
                ),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "min_price",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=Decimal("0"),
                        editable=False,
                        help_text="Of the cheapest live variant; kept by triggers.",
                        max_digits=14,
                    ),
                ),
                (
                    "in_stock",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        editable=False,
                        help_text="Whether a live variant can be bought; kept by triggers.",
                    ),
                ),
                (
                    "sku_list",
                    models.TextField(
                        db_default="",
                        default="",
                        editable=False,
                        help_text="SKUs of live variants, for the search; kept by triggers.",
                    ),
                ),
                (
                    "folded_name",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("name"),
                            function="catalog_fold",
                            output_field=models.TextField(),
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("name"),
                            models.F("brand"),
                            models.F("tags"),
                            models.F("sku_list"),
                            models.F("description"),
                            function="catalog_search_vector",
                            output_field=django.contrib.postgres.search.SearchVectorField(),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="catalog.category",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Variant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sku",
                    models.CharField(help_text="Stock-keeping unit; case matters.", max_length=100),
                ),
                ("name", models.CharField(blank=True, default="", max_length=140)),
                (
                    "options",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='Such as [{"name": "Size", "value": "Large"}].',
                    ),
                ),
                ("price", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "compare_at_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="The price before a reduction.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                ("barcode", models.CharField(blank=True, default="", max_length=64)),
                ("weight_grams", models.PositiveIntegerField(blank=True, null=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="variants",
                        to="catalog.product",
                    ),
                ),
                (
                    "stock_item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="variant",
                        to="inventory.stockitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file", models.FileField(blank=True, max_length=200, upload_to="")),
                (
                    "source_url",
                    models.URLField(
                        blank=True,
                        default="",
                        help_text="Where an import found it.",
                        max_length=2000,
                    ),
                ),
                ("alt", models.CharField(blank=True, default="", max_length=300)),
                ("position", models.PositiveIntegerField(default=0)),
                ("width", models.PositiveIntegerField(blank=True, help_text="Pixels.", null=True)),
                ("height", models.PositiveIntegerField(blank=True, help_text="Pixels.", null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="catalog.product",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="images",
                        to="catalog.variant",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug__regex", "^[a-z0-9_]+(-[a-z0-9_]+)*$")),
                name="category_slug_is_lowercase_ascii",
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug__regex", "[^0-9]")),
                name="category_slug_contains_a_non_digit",
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.UniqueConstraint(fields=("slug",), name="category_slug_is_unique"),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="category_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True),
                    models.Q(("parent", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="category_is_not_its_own_parent",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", True), ("is_published", True)),
                fields=["min_price", "id"],
                name="on_sale_by_price",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", True), ("is_published", True)),
                fields=["folded_name", "id"],
                name="on_sale_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", True), ("is_published", True)),
                fields=["created_at", "id"],
                name="on_sale_by_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", True), ("is_published", True)),
                fields=["category", "min_price", "id"],
                name="on_sale_by_category_price",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["created_at", "id"], name="product_by_newest"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="product_search"
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    models.F("folded_name"), name="gin_trgm_ops"
                ),
                name="product_name_trigrams",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug__regex", "^[a-z0-9_]+(-[a-z0-9_]+)*$")),
                name="product_slug_is_lowercase_ascii",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug__regex", "[^0-9]")),
                name="product_slug_contains_a_non_digit",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at__isnull", True)),
                fields=("slug",),
                name="product_slug_is_unique_unless_archived",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="product_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_published", False), ("archived_at__isnull", True), _connector="OR"
                ),
                name="archived_product_is_not_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at__isnull", True)),
                fields=("sku",),
                name="variant_sku_is_unique_unless_archived",
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.UniqueConstraint(
                models.F("product"),
                django.db.models.functions.text.MD5(
                    django.db.models.functions.comparison.Cast("options", models.TextField())
                ),
                condition=models.Q(("archived_at__isnull", True)),
                name="variant_options_are_unique_in_product",
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.CheckConstraint(
                condition=models.Q(("sku", ""), _negated=True), name="variant_has_a_sku"
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gte", 0)), name="variant_price_is_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("compare_at_price__isnull", True),
                    ("compare_at_price__gte", models.F("price")),
                    _connector="OR",
                ),
                name="compare_at_price_is_not_below_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("file", ""), _negated=True),
                    models.Q(("source_url", ""), _negated=True),
                    _connector="OR",
                ),
                name="image_has_a_file_or_a_source",
            ),
        ),
    ]
