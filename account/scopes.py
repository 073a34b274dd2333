"""What keys may be given: each scope is a name for a few permissions. Nobody else's permissions can be asked for.

`docs/api-keys.md` shows this table; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One row of the table: what it is for, in words, and the permissions that doors ask for."""

    meaning: str
    permissions: frozenset[str]


SCOPES: Mapping[str, Scope] = {
    "catalog:read": Scope(
        "Read drafts, archived products, exact stock, and the prices of all lists; export all of it.",
        frozenset({"catalog.view_product", "catalog.view_price", "catalog.export_products"}),
    ),
    "catalog:write": Scope(
        "Add, change and delete products, variants, pictures, categories, brands, collections, attributes, product types,"
        " languages and translated words; no price of what exists. Together with `prices:write` and `stock:write`: import"
        " files.",
        frozenset({"catalog.import_products"})
        | frozenset(
            f"catalog.{verb}_{model}"
            for model in (
                "product",
                "category",
                "variant",
                "image",
                "brand",
                "collection",
                "attribute",
                "producttype",
                "language",
                "term",
            )
            for verb in ("add", "change", "delete")
        ),
    ),
    "prices:write": Scope(
        "Change prices and price lists.", frozenset({"catalog.change_price", "catalog.view_price"})
    ),
    "stock:read": Scope(
        "Read stock, its movements and where it lies.",
        frozenset(
            {"inventory.view_stockitem", "inventory.view_movement", "inventory.view_location"}
        ),
    ),
    "stock:write": Scope(
        "Set, receive, count and move stock, of new and of existing products.",
        frozenset({"inventory.add_stockitem", "inventory.change_stockitem"}),
    ),
    "orders:read": Scope("Read every order and its history.", frozenset({"orders.view_order"})),
    "orders:write": Scope(
        "Place guests' orders, and cancel unpaid ones.",
        frozenset({"orders.add_order", "orders.cancel_order"}),
    ),
    "payments:read": Scope("Read every payment.", frozenset({"payments.view_payment"})),
    "payments:write": Scope(
        "Start payments of orders, and ask the gateway about them.",
        frozenset({"payments.add_payment", "payments.check_payment"}),
    ),
}


def permissions_of(scopes: Iterable[str]) -> frozenset[str]:
    """Everything these scopes allow. A scope that is not in the table any more allows nothing."""
    return frozenset().union(
        *(SCOPES[name].permissions for name in scopes if name in SCOPES), frozenset()
    )
