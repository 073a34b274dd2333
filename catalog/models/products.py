"""Products: what a customer recognises as one thing.

Columns that the database alone keeps, and nothing here writes: `min_price`, `in_stock`, `sku_list`, `variant_count`,
`brand_ref`, `further_words`, `tokens` and `version` by triggers, `folded_name` and `search` as generated columns (see the
migrations).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone

from catalog.models.attributes import AttributeValue, ProductType, TypeAttribute
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

# Of all live variants of a product, whether they are shown or not: option names and values in the order of the variants;
# pieces that can be sold, of a bundle as many as its scarcest part is enough for; the price before a reduction of the
# cheapest.
_OPTIONS = """(
    SELECT coalesce(jsonb_agg(jsonb_build_object('name', kind.name, 'values', kind.listed) ORDER BY kind.first), '[]')
      FROM (
        SELECT one.name, min(one.first) AS first, jsonb_agg(one.value ORDER BY one.first) AS listed
          FROM (
            SELECT choice.value ->> 'name' AS name, choice.value ->> 'value' AS value,
                   min(ARRAY[variant.position, variant.id, choice.ordinality]) AS first
              FROM catalog_variant variant CROSS JOIN jsonb_array_elements(variant.options) WITH ORDINALITY choice
             WHERE variant.product_id = %(expressions)s AND variant.archived_at IS NULL
             GROUP BY 1, 2
          ) one GROUP BY one.name
      ) kind
)"""
_STOCK = """(
    SELECT coalesce(sum(coalesce(
               (SELECT min(greatest(shelf.on_hand - shelf.reserved, 0) / part.quantity)
                  FROM catalog_bundlepart part JOIN inventory_stockitem shelf ON shelf.id = part.stock_item_id
                 WHERE part.variant_id = variant.id),
               greatest(item.on_hand - item.reserved, 0))), 0)
      FROM catalog_variant variant JOIN inventory_stockitem item ON item.id = variant.stock_item_id
     WHERE variant.product_id = %(expressions)s AND variant.archived_at IS NULL
)"""
_COMPARE_AT = """(
    SELECT variant.compare_at_price FROM catalog_variant variant
     WHERE variant.product_id = %(expressions)s AND variant.archived_at IS NULL
     ORDER BY variant.price, variant.position, variant.id LIMIT 1
)"""


def _of_variants(sql: str, output_field: models.Field[Any, Any]) -> Func:
    return Func(F("pk"), template=sql, output_field=output_field)


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

    def for_display(self, *, most_variants: int | None = None) -> ProductQuerySet:
        """With everything an answer shows, in four statements however many rows there are.

        Args:
            most_variants: of each product; None for all of them. What is said of the product counts all in any case.
        """
        from catalog.models.media import Image  # these two name Product
        from catalog.models.variants import Variant

        live = Variant.objects.live().with_stock().order_by("position", "pk")
        images = Image.objects.order_by("position", "pk")
        place = TypeAttribute.objects.filter(
            product_type=OuterRef("product__product_type"), attribute=OuterRef("attribute")
        )
        values = (
            AttributeValue.objects.select_related("attribute", "choice")
            .annotate(place=Subquery(place.values("position")[:1]))
            .order_by("place", "attribute")
        )
        return (
            self.select_related("category", "product_type")
            .defer("search", "sku_list", "further_words", "tokens", "name_words")
            .prefetch_related(
                models.Prefetch(
                    "variants",
                    queryset=live if most_variants is None else live[:most_variants],
                    to_attr="live_variants",
                ),
                models.Prefetch("images", queryset=images, to_attr="shown_images"),
                models.Prefetch("attribute_values", queryset=values, to_attr="shown_values"),
            )
            .annotate(
                shown_options=_of_variants(_OPTIONS, models.JSONField()),
                shown_stock=_of_variants(_STOCK, models.BigIntegerField()),
                shown_compare_at=_of_variants(
                    _COMPARE_AT,
                    models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES),
                ),
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
    shown_values: list[AttributeValue]
    shown_options: list[dict[str, Any]]
    shown_stock: int
    shown_compare_at: Decimal | None

    @property
    def available(self) -> int:
        """Pieces that can be sold, over all variants; of a product fetched `for_display`."""
        return self.shown_stock

    @property
    def status(self) -> str:
        """Draft, scheduled, published, expired or archived, at this moment."""
        if self.archived_at is not None:
            return "archived"
        if not self.is_published:
            return "draft"
        now = timezone.now()
        if self.publish_until is not None and self.publish_until <= now:
            return "expired"
        if self.publish_from is not None and self.publish_from > now:
            return "scheduled"
        return "published"
