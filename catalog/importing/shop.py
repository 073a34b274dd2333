"""What the shop has of the products of a batch: a few statements, however many products there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now

from catalog.importing.records import ProductRecord
from catalog.models import (
    AttributeValue,
    BundlePart,
    CollectionProduct,
    Image,
    Price,
    Product,
    Variant,
)
from inventory.models import StockItem

Found = dict[str, Any]
PRODUCT = (
    "id", "slug", "name", "description", "brand", "tags", "category_id", "product_type_id", "translations",
    "is_published", "publish_from", "publish_until",
)  # fmt: skip
VARIANT = (
    "id", "product_id", "sku", "name", "options", "price", "compare_at_price", "position", "barcode", "weight_grams",
    "stock_item_id",
)  # fmt: skip


@dataclass(slots=True)
class Shop:
    """Rows by what a file knows of them."""

    by_slug: dict[str, Found] = field(default_factory=dict)
    by_id: dict[int, Found] = field(default_factory=dict)
    variants: dict[int, list[Found]] = field(default_factory=lambda: defaultdict(list))
    sku_owners: dict[str, int] = field(default_factory=dict)
    bundles: set[int] = field(default_factory=set)
    images: dict[int, list[Found]] = field(default_factory=lambda: defaultdict(list))
    values: dict[int, dict[int, Found]] = field(default_factory=lambda: defaultdict(dict))
    entries: dict[int, dict[int, Found]] = field(default_factory=lambda: defaultdict(dict))
    prices: dict[int, list[Price]] = field(default_factory=lambda: defaultdict(list))

    def product_of(self, record: ProductRecord) -> Found | None:
        """The product that a record is about, if it is there."""
        if record.slug:
            return self.by_slug.get(record.slug)
        owner = self.sku_owners.get(record.variants[0].sku)
        return None if owner is None else self.by_id.get(owner)


def look(records: Collection[ProductRecord]) -> Shop:
    """Read what the shop has of these records."""
    shop = Shop()
    skus = {variant.sku for record in records for variant in record.variants}
    owners = Variant.objects.live().filter(sku__in=skus).values_list("sku", "product_id")
    shop.sku_owners = dict(owners)
    by_sku = {
        shop.sku_owners[record.variants[0].sku]
        for record in records
        if not record.slug and record.variants[0].sku in shop.sku_owners
    }
    slugs = [record.slug for record in records if record.slug]
    rows = Product.objects.unarchived().filter(Q(slug__in=slugs) | Q(pk__in=by_sku))
    for row in rows.values(*PRODUCT):
        shop.by_slug[row["slug"]] = shop.by_id[row["id"]] = row
    known = {id(record): shop.product_of(record) for record in records}
    ids = list(shop.by_id)
    if ids:
        _look_at_variants(shop, ids)
        _look_at_the_rest(
            shop, [(record, found) for record in records if (found := known[id(record)])]
        )
    return shop


def _look_at_variants(shop: Shop, ids: list[int]) -> None:
    rows = Variant.objects.live().filter(product_id__in=ids).order_by("position", "pk")
    for row in rows.values(
        *VARIANT, on_hand=F("stock_item__on_hand"), reserved=F("stock_item__reserved")
    ):
        shop.variants[row["product_id"]].append(row)


def _look_at_the_rest(shop: Shop, known: Iterable[tuple[ProductRecord, Found]]) -> None:
    """Only what the records speak of."""
    known = list(known)
    if some := [found["id"] for record, found in known if record.images]:
        images = Image.objects.filter(product_id__in=some).order_by("position", "pk")
        columns = ("id", "product_id", "file", "source_url", "alt", "translations", "position")
        for image in images.values(*columns):
            shop.images[image["product_id"]].append(image)
    if some := [found["id"] for record, found in known if _asks_for_values(record)]:
        of_values = (
            "id",
            "product_id",
            "attribute_id",
            "text",
            "number",
            "choice_id",
            "boolean",
            "date",
        )
        for value in AttributeValue.objects.filter(product_id__in=some).values(*of_values):
            shop.values[value["product_id"]][value["attribute_id"]] = value
    if some := [found["id"] for record, found in known if record.collections]:
        entries = CollectionProduct.objects.filter(product_id__in=some)
        for entry in entries.values("id", "product_id", "collection_id", "position"):
            shop.entries[entry["product_id"]][entry["collection_id"]] = dict(entry)
    if some := [found["id"] for record, found in known if any(v.prices for v in record.variants)]:
        coming = Q(valid_until__isnull=True) | Q(valid_until__gt=Now())
        for price in Price.objects.filter(coming, variant__product_id__in=some):
            shop.prices[price.variant_id].append(price)
    if some := [
        found["id"] for record, found in known if any(v.stock is not None for v in record.variants)
    ]:
        parts = BundlePart.objects.filter(variant__product_id__in=some)
        shop.bundles = set(parts.values_list("variant_id", flat=True))


def _asks_for_values(record: ProductRecord) -> bool:
    """Whether it says something about attributes, or publishes, which some of them may be required for."""
    return bool(record.attributes or record.product_type or record.said.get("is_published"))


def lock(product_ids: Collection[int], *, with_stock: bool) -> None:
    """Lock products and their variants in the order that everybody keeps: stock rows, products, variants, each by id."""
    live = Variant.objects.live().filter(product_id__in=product_ids)
    if with_stock:
        items = StockItem.objects.filter(pk__in=live.values("stock_item_id"))
        list(items.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    products = Product.objects.unarchived().filter(pk__in=product_ids)
    list(products.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    list(live.select_for_update(no_key=True).order_by("pk").values_list("pk"))
