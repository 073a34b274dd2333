"""The catalogue as facts: categories, products, variants and images.

Four columns of a product are kept by the database alone and never written here: `min_price`, `in_stock` and `sku_list` by
triggers on variants and stock items, `folded_name` and `search` as generated columns (see the migrations).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import MD5, Cast, Now

from common.money import DECIMAL_PLACES, MAX_DIGITS

NAME_LENGTH = 255
VARIANT_NAME_LENGTH = 140  # an order line holds both, in 400
SLUG_LENGTH = 120
SKU_LENGTH = 100
# What a slug looks like: ASCII, so that it survives being typed, and never all digits, so that it is no id.
SLUG_PATTERN = r"^[a-z0-9_]+(-[a-z0-9_]+)*$"
NON_DIGIT = "[^0-9]"

_FOLDED_NAME = Func(F("name"), function="catalog_fold", output_field=models.TextField())
_SEARCH = Func(
    F("name"),
    F("brand"),
    F("tags"),
    F("sku_list"),
    F("description"),
    function="catalog_search_vector",
    output_field=SearchVectorField(),
)
_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM catalog_category WHERE START
         UNION
        SELECT child.id FROM catalog_category child JOIN below ON child.parent_id = below.id
    )
    SELECT id FROM below
"""
# Words first; names that look alike only when no product on sale has the words, so that one misspelt letter still finds it
# and a right spelling finds nothing else. Each arm has its index.
_MATCHES = """
    WITH exact AS (
        SELECT id, is_published AND archived_at IS NULL AS on_sale FROM catalog_product
         WHERE search @@ to_tsquery('simple', catalog_fold(%s))
    )
    SELECT id FROM exact
     UNION ALL
    SELECT near FROM catalog_near_names(%s) near WHERE NOT EXISTS (SELECT FROM exact WHERE on_sale)
"""


def _slug_is_readable(name: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(
            condition=Q(slug__regex=SLUG_PATTERN), name=f"{name}_slug_is_lowercase_ascii"
        ),
        models.CheckConstraint(
            condition=Q(slug__regex=NON_DIGIT), name=f"{name}_slug_contains_a_non_digit"
        ),
    ]


class CategoryQuerySet(models.QuerySet["Category"]):
    """Which categories."""

    def below(self, *, pk: int | None = None, slug: str | None = None) -> CategoryQuerySet:
        """A category, by id or slug, and everything below it. Unknown: none."""
        start = "id = %s" if pk is not None else "slug = %s"
        ids = RawSQL(_BELOW.replace("START", start), [slug if pk is None else pk])  # noqa: S611
        return self.filter(pk__in=ids)


class Category(models.Model):
    """A shelf label. Categories form a tree: each knows its parent, and nothing else is stored about the tree."""

    MAX_DEPTH = 10

    name = models.CharField(max_length=NAME_LENGTH)
    slug = models.CharField(max_length=SLUG_LENGTH)
    description = models.TextField(blank=True, default="", help_text="Sanitised HTML.")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    position = models.PositiveIntegerField(default=0, help_text="Order among siblings.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            *_slug_is_readable("category"),
            models.UniqueConstraint(fields=["slug"], name="category_slug_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="category_has_a_name"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="category_is_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    """Which products."""

    def on_sale(self) -> ProductQuerySet:
        """What the public may see."""
        return self.filter(is_published=True, archived_at__isnull=True)

    def unarchived(self) -> ProductQuerySet:
        """What the shop still works with: drafts and published products."""
        return self.filter(archived_at__isnull=True)

    def in_category(self, key: str) -> ProductQuerySet:
        """Products of a category (id or slug) or anything below it."""
        chosen = Category.objects.below(**by_id_or_slug(key))
        return self.filter(category__in=chosen.values("pk"))

    def matching(self, words: str) -> ProductQuerySet:
        """Products whose words begin like all of `words`; if there is none, those with a similar name."""
        ids = RawSQL(_MATCHES, [search_query(words), words])  # noqa: S611
        return self.filter(pk__in=ids)

    def with_relevance(self, words: str) -> ProductQuerySet:
        """Annotate `relevance`, larger is better; exact to six decimals so that a cursor can hold it."""
        return self.annotate(
            relevance=Func(
                F("search"),
                F("folded_name"),
                Value(search_query(words)),
                Value(words),
                function="catalog_relevance",
                output_field=models.DecimalField(max_digits=12, decimal_places=6),
            )
        )

    def for_display(self) -> ProductQuerySet:
        """With everything an answer shows, in three statements however many rows there are."""
        live = (
            Variant.objects.filter(archived_at__isnull=True)
            .select_related("stock_item")
            .order_by("position", "pk")
        )
        images = Image.objects.order_by("position", "pk")
        return (
            self.select_related("category")
            .defer("search", "sku_list")
            .prefetch_related(
                models.Prefetch("variants", queryset=live, to_attr="live_variants"),
                models.Prefetch("images", queryset=images, to_attr="shown_images"),
            )
        )


class Product(models.Model):
    """What a customer recognises as one thing, whatever its sizes and colours. It has at least one variant."""

    name = models.CharField(max_length=NAME_LENGTH)
    slug = models.CharField(max_length=SLUG_LENGTH)
    description = models.TextField(blank=True, default="", help_text="Sanitised HTML.")
    brand = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    tags = ArrayField(models.CharField(max_length=100), blank=True, default=list)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products"
    )
    is_published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True, help_text="First publication.")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    min_price = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, default=Decimal(0), db_default=0,
        editable=False, help_text="Of the cheapest live variant; kept by triggers.",
    )  # fmt: skip
    in_stock = models.BooleanField(
        default=False, db_default=False, editable=False,
        help_text="Whether a live variant can be bought; kept by triggers.",
    )  # fmt: skip
    sku_list = models.TextField(
        default="", db_default="", editable=False,
        help_text="SKUs of live variants, for the search; kept by triggers.",
    )  # fmt: skip
    folded_name = models.GeneratedField(
        expression=_FOLDED_NAME, output_field=models.TextField(), db_persist=True
    )
    search = models.GeneratedField(
        expression=_SEARCH, output_field=SearchVectorField(), db_persist=True
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = [
            *_slug_is_readable("product"),
            # Archiving frees the slug: orders copy what they need, and the shop may want the name again.
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(archived_at__isnull=True),
                name="product_slug_is_unique_unless_archived",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="product_has_a_name"),
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(archived_at__isnull=True),
                name="archived_product_is_not_published",
            ),
        ]
        indexes = [
            models.Index(
                fields=columns,
                condition=Q(is_published=True, archived_at__isnull=True),
                name=f"on_sale_by_{name}",
            )
            for name, columns in {
                "price": ["min_price", "id"],
                "name": ["folded_name", "id"],
                "newest": ["created_at", "id"],
                "category_price": ["category", "min_price", "id"],
            }.items()
        ] + [
            models.Index(fields=["created_at", "id"], name="product_by_newest"),
            GinIndex(fields=["search"], name="product_search"),
            GinIndex(OpClass(F("folded_name"), name="gin_trgm_ops"), name="product_name_trigrams"),
        ]

    def __str__(self) -> str:
        return self.name

    # Filled by `for_display`.
    live_variants: list[Variant]
    shown_images: list[Image]

    @property
    def available(self) -> int:
        """Pieces that can be sold, over all variants; of a product fetched `for_display`."""
        return sum(variant.stock_item.available for variant in self.live_variants)

    @property
    def status(self) -> str:
        """Draft, published or archived."""
        if self.archived_at is not None:
            return "archived"
        return "published" if self.is_published else "draft"


class VariantQuerySet(models.QuerySet["Variant"]):
    """Which variants."""

    def live(self) -> VariantQuerySet:
        """Those that are not archived."""
        return self.filter(archived_at__isnull=True)

    def for_sale(self) -> VariantQuerySet:
        """What a checkout accepts: live variants of published, unarchived products."""
        return self.live().filter(product__is_published=True, product__archived_at__isnull=True)


class Variant(models.Model):
    """What is actually bought: one size in one colour, with its price, SKU and stock."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=SKU_LENGTH, help_text="Stock-keeping unit; case matters.")
    name = models.CharField(max_length=VARIANT_NAME_LENGTH, blank=True, default="")
    options = models.JSONField(
        default=list, blank=True, help_text='Such as [{"name": "Size", "value": "Large"}].'
    )
    price = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    compare_at_price = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="The price before a reduction.",
    )  # fmt: skip
    position = models.PositiveIntegerField(default=0)
    barcode = models.CharField(max_length=64, blank=True, default="")
    weight_grams = models.PositiveIntegerField(null=True, blank=True)
    stock_item = models.OneToOneField("inventory.StockItem", models.PROTECT, related_name="variant")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = VariantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sku"],
                condition=Q(archived_at__isnull=True),
                name="variant_sku_is_unique_unless_archived",
            ),
            models.UniqueConstraint(
                # A digest, as an index entry may not be as long as options may be.
                F("product"),
                MD5(Cast("options", models.TextField())),
                condition=Q(archived_at__isnull=True),
                name="variant_options_are_unique_in_product",
            ),
            models.CheckConstraint(condition=~Q(sku=""), name="variant_has_a_sku"),
            models.CheckConstraint(condition=Q(price__gte=0), name="variant_price_is_not_negative"),
            models.CheckConstraint(
                condition=Q(compare_at_price__isnull=True) | Q(compare_at_price__gte=F("price")),
                name="compare_at_price_is_not_below_price",
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class Image(models.Model):
    """A picture of a product: a file of ours, or the address of one that was never fetched."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="images"
    )
    file = models.FileField(blank=True, max_length=200)
    source_url = models.URLField(
        blank=True, default="", max_length=2000, help_text="Where an import found it."
    )
    alt = models.CharField(max_length=300, blank=True, default="")
    position = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(file="") | ~Q(source_url=""), name="image_has_a_file_or_a_source"
            ),
        ]

    def __str__(self) -> str:
        return self.alt or f"image {self.pk}"


def by_id_or_slug(key: str) -> dict[str, Any]:
    """The look-up that a path or filter means: an id when it is all digits, otherwise a slug.

    A number that no id can be finds nothing.
    """
    if key.isascii() and key.isdigit():
        return {"pk": int(key) if len(key) <= 18 else 0}
    return {"slug": key}


def search_query(words: str) -> str:
    """`words` in PostgreSQL's tsquery syntax: each the beginning of a word, all required. Empty when there is no word."""
    return " & ".join(f"'{word}':*" for word in re.findall(r"\w+", words)[:12])
