"""Products: what a customer recognises as one thing.

Columns that the database alone keeps, and nothing here writes: `min_price`, `in_stock`, `sku_list`, `variant_count`,
`brand_ref`, `further_words`, `tokens` and `version` by triggers, `folded_name` and `search` as generated columns (see the
migrations).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from catalog.models.attributes import ProductType
from catalog.models.categories import Category
from catalog.models.groupings import Brand
from catalog.models.naming import (
    NAME_LENGTH,
    SLUG_LENGTH,
    by_id_or_slug,
    slug_is_readable,
    translations,
)
from catalog.search import matches, relevance
from common.money import DECIMAL_PLACES, MAX_DIGITS

if TYPE_CHECKING:
    from catalog.models.media import Image
    from catalog.models.variants import Variant

_FOLDED_NAME = Func(F("name"), function="catalog_fold", output_field=models.TextField())
_SEARCH = Func(
    F("name"), F("description"), F("translations"), F("brand"), F("tags"), F("sku_list"),
    F("further_words"), F("tokens"), F("category"), F("brand_ref"),
    function="catalog_lexemes", output_field=SearchVectorField(),
)  # fmt: skip
_NAME_WORDS = Func(
    F("name"), function="catalog_count_words", output_field=models.SmallIntegerField()
)



class ProductQuerySet(models.QuerySet["Product"]):
    """Which products."""

    def on_sale(self) -> ProductQuerySet:
        """What the public may see now."""
        return self.filter(
            Q(publish_from__isnull=True) | Q(publish_from__lte=Now()),
            Q(publish_until__isnull=True) | Q(publish_until__gt=Now()),
            is_published=True,
            archived_at__isnull=True,
        )

    def unarchived(self) -> ProductQuerySet:
        """What the shop still works with: drafts and published products."""
        return self.filter(archived_at__isnull=True)

    def in_category(self, key: str) -> ProductQuerySet:
        """Products of a category (id or slug) or anything below it."""
        chosen = Category.objects.below(**by_id_or_slug(key))
        return self.filter(category__in=chosen.values("pk"))

    def matching(self, words: str) -> ProductQuerySet:
        """Products that a search for `words` finds; drafts and archived ones as well."""
        sql, params = matches(words, on_sale=False)
        return self.filter(pk__in=RawSQL(f"SELECT product_id FROM ({sql}) hit", params))  # noqa: S608, S611

    def with_relevance(self, words: str) -> ProductQuerySet:
        """Annotate `relevance`, larger is nearer; exact to six decimals so that a cursor can hold it."""
        sql, params = relevance(words)
        return self.annotate(
            relevance=RawSQL(sql, params, models.DecimalField(max_digits=12, decimal_places=6))  # noqa: S611
        )

    def for_display(self) -> ProductQuerySet:
        """With everything an answer shows, in three statements however many rows there are."""
        from catalog.models.media import Image  # these two name Product
        from catalog.models.variants import Variant

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
    product_type = models.ForeignKey(
        ProductType, models.PROTECT, null=True, blank=True, related_name="products"
    )
    translations = translations()
    is_published = models.BooleanField(default=False)
    publish_from = models.DateTimeField(
        null=True, blank=True, help_text="Not shown before this moment, although published."
    )
    publish_until = models.DateTimeField(
        null=True, blank=True, help_text="Not shown from this moment on."
    )
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
    variant_count = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Live variants; kept by triggers."
    )
    brand_ref = models.ForeignKey(
        Brand, models.PROTECT, null=True, blank=True, editable=False, related_name="products",
        db_column="brand_id", help_text="The row of `brand`; kept by triggers.",
    )  # fmt: skip
    further_words = models.TextField(
        default="", db_default="", editable=False,
        help_text="Attribute values, options and translations, for the search; kept by triggers.",
    )  # fmt: skip
    tokens = ArrayField(
        models.CharField(max_length=400), default=list, editable=False,
        db_default=Value([], ArrayField(models.CharField(max_length=400))),
        help_text="What can be filtered and counted: `a:colour=red`, `o:Size=L`, `t:new`; kept by triggers.",
    )  # fmt: skip
    version = models.BigIntegerField(
        default=1, db_default=1, editable=False,
        help_text="Grows when something changes that the product shows; kept by triggers.",
    )  # fmt: skip
    folded_name = models.GeneratedField(
        expression=_FOLDED_NAME, output_field=models.TextField(), db_persist=True
    )
    search = models.GeneratedField(
        expression=_SEARCH, output_field=SearchVectorField(), db_persist=True
    )
    name_words = models.GeneratedField(
        expression=_NAME_WORDS, output_field=models.SmallIntegerField(), db_persist=True
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = [
            *slug_is_readable("product"),
            # Archiving frees the slug: orders copy what they need, and the shop may want the name again.
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(archived_at__isnull=True),
                name="product_slug_is_unique_unless_archived",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="product_has_a_name"),
            models.CheckConstraint(
                condition=Q(publish_from__isnull=True)
                | Q(publish_until__isnull=True)
                | Q(publish_until__gt=F("publish_from")),
                name="product_is_shown_for_some_time",
            ),
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
                "category_newest": ["category", "created_at", "id"],
                "category_name": ["category", "folded_name", "id"],
            }.items()
        ] + [
            models.Index(fields=["created_at", "id"], name="product_by_newest"),
            GinIndex(fields=["search"], name="product_search"),
            models.Index(
                F("name_words"),
                F("id").desc(),
                condition=Q(is_published=True, archived_at__isnull=True),
                name="on_sale_by_name_words",
            ),
            GinIndex(OpClass(F("folded_name"), name="gin_trgm_ops"), name="product_name_trigrams"),
            GinIndex(fields=["tokens"], name="product_tokens"),
            models.Index(fields=["updated_at", "id"], name="product_by_updated"),
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
