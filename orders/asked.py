"""What a checkout was asked for: variants and pieces found, and named again when they cannot be had."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

from catalog.models import Variant
from catalog.reads.database import rows
from common.errors import Conflict, Invalid
from inventory import services as inventory
from inventory.refusals import PurchaseLimit as ItemLimit
from pricing.gathering import with_facts

MAX_LINES = 100
MAX_QUANTITY = 10_000


class NotForSale(Conflict):
    """Unknown, unpublished or archived: which of these is not told."""

    code = "not_for_sale"
    title = "Not for sale"


class OutOfStock(Conflict):
    """Each error names a line and what is left of it."""

    code = "out_of_stock"
    title = "Out of stock"


class PurchaseLimit(Conflict):
    """Each error names a line and how many pieces of it may still be bought."""

    code = "purchase_limit"
    title = "More than may be bought"


class ChooseVariant(Invalid):
    """The product comes in several variants."""

    code = "variant_required"
    title = "Choose a variant"


@dataclass(frozen=True, slots=True)
class Item:
    """So many pieces of a variant, or of a product that has only one."""

    quantity: int
    product_id: int | None = None
    variant_id: int | None = None


class _Row(SimpleNamespace):
    """A variant as `find_lines` reads it: the attributes of a `Variant` that a checkout asks for, and no others."""


@dataclass(slots=True)
class AskedLine:
    """A variant, its summed quantity, and the places in the request that asked for it."""

    variant: Any
    quantity: int = 0
    places: list[int] = field(default_factory=list)

    def takes(self) -> dict[int, int]:
        """Pieces of each stock item that one of it takes: one of its own, or a bundle's parts."""
        parts = self.variant.shown_parts
        if parts:
            return {part["stock_item_id"]: part["quantity"] for part in parts}
        return {self.variant.stock_item_id: 1}

    def parts(self) -> list[dict[str, Any]]:
        """What a bundle is made of, as it is written down with the order."""
        kept = ("variant_id", "sku", "stock_item_id", "quantity")
        return [{name: part[name] for name in kept} for part in self.variant.shown_parts]

    def left(self) -> dict[int, int]:
        """What could be ordered of each of these stock items when the line was read."""
        parts = self.variant.shown_parts
        if parts:
            return {part["stock_item_id"]: part["sellable"] for part in parts}
        return {self.variant.stock_item_id: self.variant.stock_item.sellable}


def find_lines(items: Sequence[Item]) -> list[AskedLine]:
    """Find what was asked for, with one query, and sum repeated items.

    Raises:
        NotForSale, ChooseVariant: naming the items.
    """
    by_id: dict[int, _Row] = {}
    by_product: dict[int, list[_Row]] = defaultdict(list)
    for candidate in _candidates(items):
        by_id[candidate.pk] = candidate
        by_product[candidate.product_id].append(candidate)
    lines: dict[int, AskedLine] = {}
    missing: list[int] = []
    for place, item in enumerate(items):
        variant: _Row | None
        if item.variant_id is not None:
            variant = by_id.get(item.variant_id)
        else:
            variants = by_product.get(item.product_id or 0, [])
            if len(variants) > 1:
                raise _choose_variant(place, variants)
            variant = variants[0] if variants else None
        if variant is None:
            missing.append(place)
            continue
        line = lines.setdefault(variant.pk, AskedLine(variant))
        line.quantity += item.quantity
        line.places.append(place)
    if missing:
        raise not_for_sale(missing, "This is not for sale.")
    return list(lines.values())


# What a checkout asks of a variant, and where a `Variant` has it.
_COLUMNS = (
    "pk", "sku", "name", "price", "weight_grams", "product_id", "stock_item_id", "collections", "assigned_tax",
    "shown_parts", "product__name", "product__category_id", "product__brand_ref_id", "product__tags",
    "stock_item__on_hand", "stock_item__reserved", "stock_item__backorder_limit", "stock_item__max_per_customer",
)  # fmt: skip


@cache
def _statement() -> tuple[str, dict[str, Any]]:
    """The query of `find_lines`, put into words once: building it takes longer than answering it."""
    queryset = with_facts(Variant.objects.for_sale()).with_stock()
    asked = queryset.extra(  # the two lists are parameters of a prepared statement
        where=["(catalog_variant.id = ANY (%s) OR catalog_variant.product_id = ANY (%s))"],
        params=["variants", "products"],
    )
    sql, given = asked.order_by().values_list(*_COLUMNS).query.sql_with_params()
    names = [f"p{place}" if value not in {"variants", "products"} else value
             for place, value in enumerate(given)]  # fmt: skip
    named = sql % tuple(
        f"%({name})s::bigint[]" if name in {"variants", "products"} else f"%({name})s"
        for name in names
    )
    columns = ", ".join(f"c{place}" for place in range(len(_COLUMNS)))
    return (
        f"SELECT coalesce(jsonb_agg(to_jsonb(found)), '[]')::text FROM ({named}) found ({columns})",  # noqa: S608
        dict(zip(names, given, strict=True)),
    )


def _candidates(items: Sequence[Item]) -> list[_Row]:
    sql, given = _statement()
    parameters = given | {
        "variants": [item.variant_id for item in items if item.variant_id is not None],
        "products": [item.product_id for item in items if item.product_id is not None],
    }
    [(found,)] = rows(sql, parameters)
    return [
        _row([one[f"c{place}"] for place in range(len(_COLUMNS))])
        for one in json.loads(found, parse_float=Decimal)
    ]


def _row(values: Sequence[Any]) -> _Row:
    row = _Row(product=SimpleNamespace(), stock_item=SimpleNamespace())
    for name, value in zip(_COLUMNS, values, strict=True):
        of, _, attribute = name.rpartition("__")
        setattr(getattr(row, of) if of else row, attribute, value)
    shelf = row.stock_item
    shelf.sellable = shelf.on_hand + shelf.backorder_limit - shelf.reserved
    return row


def not_for_sale(places: Sequence[int], detail: str) -> NotForSale:
    """The refusal that names these items."""
    return NotForSale(
        "Something in this order is not for sale.",
        errors=[
            {"field": f"items.{place}", "code": "not_for_sale", "detail": detail}
            for place in places
        ],
    )


def _choose_variant(place: int, variants: Sequence[_Row]) -> ChooseVariant:
    error = {
        "field": f"items.{place}.variant_id",
        "code": "variant_required",
        "detail": "This product comes in several variants: give a variant_id.",
        "variants": sorted(variant.pk for variant in variants),
    }
    return ChooseVariant(str(error["detail"]), errors=[error])


def per_stock_item(lines: Sequence[AskedLine]) -> dict[int, int]:
    """Pieces by stock item, of bundles, parts sold alone and repeated lines together."""
    quantities: dict[int, int] = defaultdict(int)
    for line in lines:
        for item, pieces in line.takes().items():
            quantities[item] += pieces * line.quantity
    return dict(quantities)


def refuse_early(lines: Sequence[AskedLine]) -> None:
    """Refuse what is plainly sold out, without waiting for a lock; `reserve_lines` decides.

    Raises:
        OutOfStock
    """
    wanted = per_stock_item(lines)
    _refuse_short(
        lines,
        {
            item: max(left, 0)
            for line in lines
            for item, left in line.left().items()
            if left < wanted[item]
        },
    )


def reserve_lines(lines: Sequence[AskedLine], *, holder: Any, customer: str, capped: bool) -> None:
    """Set the lines' stock aside for an order, all of it or none. Holds hot rows from here to the commit.

    Raises:
        OutOfStock, PurchaseLimit: naming lines. inventory.refusals.TooMuchReserved
    """
    limited = any(
        line.variant.shown_parts or line.variant.stock_item.max_per_customer is not None
        for line in lines
    )
    try:
        inventory.reserve(
            quantities=per_stock_item(lines),
            holder=holder,
            customer=customer,
            capped=capped,
            limited=limited,
        )
    except inventory.OutOfStock as refusal:
        _refuse_short(lines, refusal.short)
        raise
    except ItemLimit as refusal:
        raise _limited(lines, refusal) from None


def _refuse_short(lines: Sequence[AskedLine], short: Mapping[int, int]) -> None:
    """Name the lines that cannot be had, with how many of them could be, after the lines before them.

    Args:
        short: pieces left of each stock item that is not enough; of all others there is enough.
    """
    if not short:
        return
    errors = [
        {
            "field": f"items.{place}.quantity",
            "code": "out_of_stock",
            "detail": f"Only {had} left." if had else "Sold out.",
            "available": had,
        }
        for line, had in _had(lines, short)
        for place in line.places
    ]
    raise OutOfStock("There is not enough stock for this order.", errors=errors)


def _limited(lines: Sequence[AskedLine], refusal: ItemLimit) -> PurchaseLimit:
    errors = [
        {
            "field": f"items.{place}.quantity",
            "code": "purchase_limit",
            "detail": " ".join(
                detail for item, detail in refusal.details.items() if item in line.takes()
            ),
            "available": had,
        }
        for line, had in _had(lines, refusal.limits)
        for place in line.places
    ]
    return PurchaseLimit("More than may be bought of something in this order.", errors=errors)


def _had(lines: Sequence[AskedLine], short: Mapping[int, int]) -> list[tuple[AskedLine, int]]:
    """The lines that cannot be had whole, and how many pieces of each could be."""
    left = dict(short)
    found = []
    for line in lines:
        takes = {item: pieces for item, pieces in line.takes().items() if item in left}
        could = min((left[item] // pieces for item, pieces in takes.items()), default=line.quantity)
        had = min(could, line.quantity)
        for item, pieces in takes.items():
            left[item] -= pieces * had
        if had < line.quantity:
            found.append((line, had))
    return found
