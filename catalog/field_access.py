"""Which fields of a product a caller may change. Texts, prices and stock are three rights, in one body or one page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rest_framework.exceptions import PermissionDenied

from catalog.attribute_values import shown_values
from catalog.bundles import parts_of
from catalog.models import Product, Variant

CHANGES_PRICES = "catalog.change_price"
SETS_STOCK = "inventory.change_stockitem"
OPENS_STOCK = "inventory.add_stockitem"
OF_FIELD: Mapping[str, str] = {
    "price": CHANGES_PRICES,
    "compare_at_price": CHANGES_PRICES,
    "stock": SETS_STOCK,
    "on_hand": SETS_STOCK,
    "expected_stock": SETS_STOCK,
}


def may_change_something(user: Any, model: str) -> bool:
    """Whether the caller may change anything about products or variants (`model`): texts, prices or stock."""
    return any(
        user.has_perm(permission)
        for permission in (f"catalog.change_{model}", CHANGES_PRICES, SETS_STOCK)
    )


def permitted(
    user: Any, changes: Mapping[str, Any], *, model: str, current: Callable[[], Mapping[str, Any]]
) -> dict[str, Any]:
    """The changes that the caller may make.

    A value that is as it was is no change, so that a product can be sent back as it was read; it is left out here, so that a
    rival's change in between is not undone by somebody without the right to.

    Args:
        current: gives the present values; called only when the caller lacks a right.

    Raises:
        PermissionDenied: naming the first field that is not for this caller.
    """
    refused = [name for name in changes if not user.has_perm(_needed(name, model))]
    if refused:
        present = current()
        for name in refused:
            if name not in present or present[name] != changes[name]:
                raise PermissionDenied(f"{name}: you may not change this.")
    return {name: value for name, value in changes.items() if name not in refused}


def refuse_opening_stock(user: Any, quantities: Iterable[int]) -> None:
    """Stock that something new begins with is a right of its own.

    Raises:
        PermissionDenied
    """
    if any(quantities) and not user.has_perm(OPENS_STOCK):
        raise PermissionDenied("stock: you may not set this.")


def locks_for(user: Any) -> dict[str, frozenset[str]]:
    """The fields of a variant's form that stay as they are for this caller: of a `new` variant, and of a `present` one."""
    texts = {"sku", "choices", "name", "weight_grams", "barcode"}
    present = set() if user.has_perm("catalog.change_variant") else texts
    if not user.has_perm(CHANGES_PRICES):
        present |= {"price", "compare_at_price"}
    if not user.has_perm(SETS_STOCK):
        present |= {"stock"}
    new = set() if user.has_perm(OPENS_STOCK) else {"stock"}
    return {"new": frozenset(new), "present": frozenset(present)}


def shown_of_product(product: Product) -> dict[str, Any]:
    """The values of a product that a change is compared with; of several variants, what the product shows."""
    live = list(
        Variant.objects.live()
        .filter(product=product)
        .select_related("stock_item")
        .order_by("price", "position", "pk")
    )
    names = (
        "name", "slug", "category", "description", "brand", "tags", "is_published", "product_type",
        "translations", "publish_from", "publish_until",
    )  # fmt: skip
    shown = {name: getattr(product, name) for name in names}
    shown["attributes"] = shown_values(product)
    shown["stock"] = sum(variant.available for variant in live)
    if live:
        shown |= {name: getattr(live[0], name) for name in ("price", "compare_at_price")}
    if len(live) == 1:
        shown["sku"] = live[0].sku
        shown["parts"] = parts_of(live[0])
    return shown


def shown_of_variant(variant: Variant) -> dict[str, Any]:
    """The values of a variant that a change is compared with."""
    names = (
        "sku", "name", "options", "price", "compare_at_price", "position", "barcode", "weight_grams",
    )  # fmt: skip
    shown = {name: getattr(variant, name) for name in names}
    shown["options"] = [dict(option) for option in variant.options]
    return shown | {
        "stock": variant.available,
        "on_hand": variant.stock_item.on_hand,
        "parts": parts_of(variant),
    }


def _needed(name: str, model: str) -> str:
    return OF_FIELD.get(name, f"catalog.change_{model}")
