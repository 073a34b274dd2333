"""The stock of variants as the catalogue's verbs set and lock it. Stock rows are locked before products, always."""

from __future__ import annotations

from django.db import models

from catalog.bundles import refuse_stock_of_bundle
from catalog.models import Variant
from common.actors import Actor
from common.errors import NotFound
from common.transactions import lock_row
from inventory import services as inventory
from inventory.models import StockItem
from inventory.refusals import StockMoved

NO_VARIANT = "There is no such variant."


def find_variant(variant_id: int) -> Variant:
    """A variant and its stock, not locked.

    Raises:
        common.errors.NotFound: it was deleted since the caller found it.
    """
    found = Variant.objects.select_related("stock_item").filter(pk=variant_id).first()
    if found is None:
        raise NotFound(NO_VARIANT)
    return found


def set_stock(
    variant: Variant,
    *,
    stock: int | None,
    on_hand: int | None,
    by: Actor,
    expected: int | None = None,
) -> bool:
    """Record a count of what can be sold (`stock`), or of what is on the shelf, as one movement under the row's lock.

    Args:
        expected: what could be sold when whoever counts read it; None: they do not say, and the count stands.

    Returns:
        Whether it differed.

    Raises:
        inventory.refusals.StockMoved: something was sold or moved since.
        BundleHasStock: a bundle has that of its parts.
        inventory.services.BelowReserved
    """
    if stock is None and on_hand is None:
        return False
    item = lock_row(StockItem.objects.all(), variant.stock_item_id, missing=NO_VARIANT)
    if variant.shown_parts:
        refuse_stock_of_bundle(variant, stock=stock, on_hand=on_hand)
        return False
    if expected is not None and expected != max(item.available, 0):
        raise StockMoved(field="expected_stock", expected=expected, actual=max(item.available, 0))
    if on_hand is None and stock == max(item.available, 0):
        return False  # as it is shown: pieces that are owed are not counted away
    target = on_hand if on_hand is not None else (stock or 0) + item.reserved
    inventory.set_on_hand(stock_item_id=item.pk, on_hand=target, by=by)
    return target != item.on_hand


def lock_stock_of(variants: models.QuerySet[Variant]) -> list[int]:
    """Lock the stock of these variants, so that no checkout can begin to rely on them; returns the items' ids."""
    ids = list(variants.values_list("stock_item_id", flat=True))
    rows = StockItem.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return list(rows.values_list("pk", flat=True))
