"""What runs low: which variants, and the letter about them. `inventory` notices it; only here is known what it is called."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from account.models import User
from account.permissions import GRANTS
from catalog.models import Variant
from events.composition import Action, compose
from events.services import post_letter
from inventory.models import StockItem

HEARS_OF_IT = "inventory.change_stockitem"
MOST_NAMED = 50


def running_low() -> QuerySet[StockItem]:
    """Items of which no more than their threshold is left. No bundles (their stock is their parts'), nothing archived."""
    left = F("on_hand") - F("reserved")
    threshold = Coalesce(F("low_stock_at"), Value(settings.LOW_STOCK_AT))
    return StockItem.objects.alias(left=left, threshold=threshold).filter(
        Q(variant__archived_at__isnull=True),
        left__lte=F("threshold"),
        variant__isnull=False,
        variant__parts__isnull=True,
    )


def is_low(item: StockItem) -> bool:
    """Whether no more of an item is left than its threshold."""
    return item.available <= (
        settings.LOW_STOCK_AT if item.low_stock_at is None else item.low_stock_at
    )


def tell_staff(*, stock_item_ids: Collection[int]) -> None:
    """One letter to each member of staff who sets stock, about what is still low; nothing when it no longer is.

    Safe to run twice: the letter's occasion is the moment at which the alarm was raised.
    """
    low = running_low().filter(pk__in=stock_item_ids, alerted_at__isnull=False)
    alerted = dict(low.values_list("pk", "alerted_at"))
    if not alerted:
        return
    variants = Variant.objects.live().filter(stock_item__in=alerted).select_related("product")
    lines = [
        f"{variant.sku}, {' '.join(variant.product.name.split())[:80]}: {_left(variant)}"
        for variant in variants.select_related("stock_item").order_by("sku")[:MOST_NAMED]
    ]
    if not lines:
        return
    text, html = compose(
        before=["Stock is running low. ዕቃ እያለቀ ነው።", *lines],
        action=Action("Look at the stock", f"{settings.PUBLIC_URL}/admin/inventory/stockitem/"),
        after=["You are told once until it is restocked."],
    )
    moment = min(found for found in alerted.values() if found).isoformat()
    occasion = f"low_stock:{min(alerted)}:{moment}"
    with transaction.atomic():
        for person in _who_sets_stock():
            post_letter(
                to=person.email or "",
                subject=f"{settings.SHOP_NAME}: {len(alerted)} running low",
                text=text,
                html=html,
                dedupe_key=f"{occasion}:{person.pk}",
            )


def _left(variant: Variant) -> str:
    item = variant.stock_item
    if item.available < 0:
        return f"{-item.available} are owed"
    return f"{item.available} left" if item.available else "sold out"


def _who_sets_stock() -> QuerySet[User]:
    """Staff whose roles let them set stock; the owner among them."""
    roles = [role for role, granted in GRANTS.items() if HEARS_OF_IT in granted]
    at_work = User.objects.filter(is_active=True, is_staff=True).exclude(email="")
    hears = Q(is_superuser=True) | Q(roles__role__in=roles)
    return at_work.filter(hears, email__isnull=False).distinct().order_by("pk")
