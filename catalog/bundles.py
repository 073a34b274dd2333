"""Bundles: variants that are sold out of the stock of others.

A bundle's own stock item stays empty. Its parts are stock items, so that a checkout adds up what bundles and single pieces
take of each; what an order took is written in its reservations and movements, whatever the bundle is made of later.

Locks: stock items in the order of their ids, then products, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from catalog.models import BundlePart, Variant
from catalog.price_refusals import (
    BY_CONSTRAINT,
    BundleHasStock,
    NestedBundle,
    NoSuchPart,
    PartOfBundle,
)
from catalog.refusals import refusing_conflicts
from common.transactions import require_transaction
from inventory.models import StockItem

MAX_PARTS = 50
MAX_IN_BUNDLE = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """So many pieces of a variant, in one bundle."""

    variant_id: int
    quantity: int = 1


def set_parts(*, variant_id: int, parts: Collection[Part]) -> bool:
    """Make a variant a bundle of these parts; of none: an ordinary variant again, with nothing on its shelf.

    Orders that are placed already keep what they took.

    Args:
        parts: each variant once.

    Returns:
        Whether anything differed.

    Raises:
        NoSuchPart: a part is not there, or archived.
        NestedBundle: a part is a bundle, or the variant is a part of one.
        BundleHasStock: the variant has pieces of its own.
    """
    with transaction.atomic():
        variant = Variant.objects.filter(pk=variant_id).first()
        if variant is None:
            raise NoSuchPart(f"There is no variant {variant_id}.")
        lock_stock(variant_ids=[variant_id, *(part.variant_id for part in parts)])
        present = BundlePart.objects.filter(variant=variant)
        wanted = _resolved(parts) if parts else {}
        if wanted == dict(present.values_list("stock_item_id", "quantity")):
            return False
        if wanted:
            _refuse_bundling(variant, wanted)
        present.delete()
        with refusing_conflicts(BY_CONSTRAINT):
            BundlePart.objects.bulk_create(
                BundlePart(variant=variant, stock_item_id=item, quantity=quantity)
                for item, quantity in sorted(wanted.items())
            )
    return True


def parts_of(variant: Variant) -> list[Part]:
    """What a bundle is made of; nothing, if it is none."""
    return [Part(part["variant_id"], part["quantity"]) for part in variant.shown_parts]


def lock_stock(*, variant_ids: Iterable[int]) -> None:
    """Lock the stock of these variants, before a product is locked."""
    require_transaction()
    items = Variant.objects.filter(pk__in=list(variant_ids)).values_list("stock_item_id", flat=True)
    rows = StockItem.objects.select_for_update(no_key=True).filter(pk__in=list(items))
    list(rows.order_by("pk").values_list("pk"))


def refuse_stock_of_bundle(bundle: Variant, *, stock: int | None, on_hand: int | None) -> None:
    """A bundle has the stock of its parts; to say what it shows anyway is no change.

    Raises:
        BundleHasStock
    """
    if on_hand or (stock is not None and stock != bundle.available):
        raise BundleHasStock("A bundle is sold out of the stock of its parts: set that.")


def refuse_if_needed(*, stock_items: Collection[int], product_id: int | None = None) -> None:
    """What a bundle needs is not taken away; under the locks of the stock items.

    Args:
        product_id: a product that is deleted as a whole; its own bundles go with it.

    Raises:
        PartOfBundle: naming the bundles.
    """
    bundles = Variant.objects.live().filter(parts__stock_item__in=stock_items)
    if product_id is not None:
        bundles = bundles.exclude(product_id=product_id)
    skus = list(bundles.order_by("sku").distinct().values_list("sku", flat=True)[:10])
    if skus:
        raise PartOfBundle(
            f"Bundles are made of it: {', '.join(skus)}. Change or delete them first."
        )


def _resolved(parts: Collection[Part]) -> dict[int, int]:
    """Pieces by stock item."""
    found = dict(
        Variant.objects.live()
        .filter(pk__in=[part.variant_id for part in parts])
        .values_list("pk", "stock_item_id")
    )
    for part in parts:
        if part.variant_id not in found:
            raise NoSuchPart(f"There is no variant {part.variant_id}.")
    return {found[part.variant_id]: part.quantity for part in parts}


def _refuse_bundling(variant: Variant, wanted: Collection[int]) -> None:
    nested = BundlePart.objects.filter(variant__stock_item__in=wanted).exists()
    needed = BundlePart.objects.filter(stock_item=variant.stock_item_id).exists()
    if nested or needed or variant.stock_item_id in wanted:
        raise NestedBundle
    own = StockItem.objects.get(pk=variant.stock_item_id)
    if own.on_hand or own.reserved:
        raise BundleHasStock("Set its stock to 0 first: a bundle is sold out of its parts' stock.")
