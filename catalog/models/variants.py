"""Variants, what they are bundled of, and what they may be bought as."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import MD5, Cast, Greatest, JSONObject, Now
from django.utils.functional import cached_property

from catalog.models.naming import SKU_LENGTH, VARIANT_NAME_LENGTH
from catalog.models.products import Product
from common.money import DECIMAL_PLACES, MAX_DIGITS


class VariantQuerySet(models.QuerySet["Variant"]):
    """Which variants."""

    def live(self) -> VariantQuerySet:
        """Those that are not archived."""
        return self.filter(archived_at__isnull=True)

    def for_sale(self) -> VariantQuerySet:
        """What a checkout accepts: live variants of products that the public may see now."""
        return self.live().filter(
            Q(product__publish_from__isnull=True) | Q(product__publish_from__lte=Now()),
            Q(product__publish_until__isnull=True) | Q(product__publish_until__gt=Now()),
            product__is_published=True,
            product__archived_at__isnull=True,
        )

    def with_stock(self) -> VariantQuerySet:
        """With their stock, and of bundles the parts with theirs; no statement more."""
        parts = BundlePart.objects.filter(variant=OuterRef("pk")).order_by("pk")
        part = JSONObject(
            variant_id="stock_item__variant__pk",
            sku="stock_item__variant__sku",
            stock_item_id="stock_item_id",
            quantity="quantity",
            available=Greatest(F("stock_item__on_hand") - F("stock_item__reserved"), 0),
            sellable=F("stock_item__on_hand")
            + F("stock_item__backorder_limit")
            - F("stock_item__reserved"),
            max_per_order="stock_item__max_per_order",
            max_per_customer="stock_item__max_per_customer",
        )
        return self.select_related("stock_item").annotate(
            shown_parts=ArraySubquery(parts.values_list(part))
        )


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

    @cached_property
    def shown_parts(self) -> list[dict[str, Any]]:
        """What a bundle is made of: variant, stock item, quantity in one bundle, how many are left (`available`), and
        how many can be ordered (`sellable`). Else empty.

        `with_stock` fetches it with many variants.
        """
        return Variant.objects.with_stock().get(pk=self.pk).shown_parts

    @property
    def available(self) -> int:
        """Pieces on the shelf that can be sold: of a bundle, as many as its scarcest part is enough for."""
        return self._enough_for("available", self.stock_item.available)

    @property
    def sellable(self) -> int:
        """Pieces that can be ordered: those on the shelf, and those that may be on back-order."""
        return self._enough_for("sellable", self.stock_item.sellable)

    def _enough_for(self, counted: str, own: int) -> int:
        if self.shown_parts:
            enough: list[int] = [part[counted] // part["quantity"] for part in self.shown_parts]
            return max(min(enough), 0)
        return max(own, 0)


class BundlePart(models.Model):
    """A variant that is a bundle is sold out of the stock of its parts; its own stock item stays empty."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="parts")
    stock_item = models.ForeignKey(
        "inventory.StockItem", models.PROTECT, related_name="bundle_parts"
    )
    quantity = models.PositiveIntegerField(default=1, help_text="Pieces of it in one bundle.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "stock_item"], name="bundle_names_each_part_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="bundle_part_is_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of stock item {self.stock_item_id}"
