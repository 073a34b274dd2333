"""The checkout: from what a customer asks for to an order, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from catalog.models import Variant
from catalog.prices import price_list_of, prices_of
from common.actors import Actor
from common.errors import Conflict, Invalid
from common.ids import readable_code, uuid7
from common.money import format_amount
from common.transactions import require_transaction
from inventory import services as inventory
from orders.models import Order, OrderEvent, OrderLine, PaymentStatus, Status, hash_token
from orders.services import mark_paid
from orders.tokens import order_token
from pricing.models import tax_rate_at
from pricing.services import Quote, quote

if TYPE_CHECKING:
    from account.models import User

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


class PriceChanged(Conflict):
    """The total is not what the customer was shown."""

    code = "price_changed"
    title = "The price has changed"


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


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is told about the order; at least one of the two."""

    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is written down with the order and does not change its price."""

    shipping_address: Mapping[str, Any] = field(default_factory=dict)
    delivery: Mapping[str, Any] = field(default_factory=dict)
    payment_method: str = ""


@dataclass(slots=True)
class _Line:
    """A variant, its summed quantity, and the places in the request that asked for it."""

    variant: Variant
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


def checkout(
    *,
    items: Sequence[Item],
    owner: User | None,
    contact: Contact,
    wishes: Wishes,
    expected_total: Decimal | None,
    by: Actor,
    currency: str = "",
) -> Order:
    """Place an order at today's prices and set its stock aside, all of it or none.

    The prices are those of the owner's price list (`catalog.prices`), each for the quantity of its line. A bundle sets its
    parts aside.

    Args:
        expected_total: what the customer was shown, in `currency`; None: any total will do.
        currency: ISO 4217; empty: the shop's own.

    Raises:
        NotForSale, ChooseVariant: an item cannot be ordered, or not in this currency.
        OutOfStock: with what is left.
        PriceChanged: the total differs from `expected_total`.
        pricing.services.TotalTooLarge: more than can be accounted for.
    """
    require_transaction()
    currency = currency or settings.SHOP_CURRENCY
    lines = _resolve(items)
    prices = _prices(lines, owner=owner, currency=currency)
    _refuse_short(lines, _short_at_a_glance(lines))
    priced = quote(
        lines=list(zip((line.quantity for line in lines), prices, strict=True)),
        tax_rate=tax_rate_at(timezone.now()),
        currency=currency,
    )
    if expected_total is not None and expected_total != priced.total:
        raise _price_changed(expected_total, priced)
    order = _write(lines, priced, owner=owner, contact=contact, wishes=wishes, by=by)
    try:
        inventory.reserve(quantities=_per_stock_item(lines), holder=order.public_id)
    except inventory.OutOfStock as refusal:
        _refuse_short(lines, refusal.short)
        raise
    if not order.total:  # there will be no payment to wait for
        mark_paid(order=order, by=by)
    return order


def _resolve(items: Sequence[Item]) -> list[_Line]:
    """Find what was asked for, with one query, and sum repeated items."""
    candidates = Variant.objects.for_sale().filter(
        Q(pk__in=[item.variant_id for item in items if item.variant_id is not None])
        | Q(product_id__in=[item.product_id for item in items if item.product_id is not None])
    )
    by_id: dict[int, Variant] = {}
    by_product: dict[int, list[Variant]] = defaultdict(list)
    for candidate in candidates.select_related("product").with_stock():
        by_id[candidate.pk] = candidate
        by_product[candidate.product_id].append(candidate)
    lines: dict[int, _Line] = {}
    missing: list[int] = []
    for place, item in enumerate(items):
        variant: Variant | None
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
        line = lines.setdefault(variant.pk, _Line(variant))
        line.quantity += item.quantity
        line.places.append(place)
    if missing:
        raise _not_for_sale(missing, "This is not for sale.")
    return list(lines.values())


def _prices(lines: Sequence[_Line], *, owner: User | None, currency: str) -> list[Decimal]:
    """What one piece of each line costs this customer, with one query."""
    found = prices_of(
        [line.variant.pk for line in lines],
        price_list=price_list_of(owner),
        currency=currency,
        quantities={line.variant.pk: line.quantity for line in lines},
    )
    missing = [place for line in lines if line.variant.pk not in found for place in line.places]
    if missing:
        raise _not_for_sale(sorted(missing), f"This is not sold in {currency}.")
    return [found[line.variant.pk].amount for line in lines]


def _not_for_sale(places: Sequence[int], detail: str) -> NotForSale:
    return NotForSale(
        "Something in this order is not for sale.",
        errors=[
            {"field": f"items.{place}", "code": "not_for_sale", "detail": detail}
            for place in places
        ],
    )


def _choose_variant(place: int, variants: Sequence[Variant]) -> ChooseVariant:
    error = {
        "field": f"items.{place}.variant_id",
        "code": "variant_required",
        "detail": "This product comes in several variants: give a variant_id.",
        "variants": sorted(variant.pk for variant in variants),
    }
    return ChooseVariant(str(error["detail"]), errors=[error])


def _per_stock_item(lines: Sequence[_Line]) -> dict[int, int]:
    """Pieces by stock item, of bundles, parts sold alone and repeated lines together."""
    quantities: dict[int, int] = defaultdict(int)
    for line in lines:
        for item, pieces in line.takes().items():
            quantities[item] += pieces * line.quantity
    return dict(quantities)


def _short_at_a_glance(lines: Sequence[_Line]) -> dict[int, int]:
    """Refuse early what is plainly sold out, without waiting for a lock; `reserve` decides."""
    wanted = _per_stock_item(lines)
    return {
        item: max(left, 0)
        for line in lines
        for item, left in line.left().items()
        if left < wanted[item]
    }


def _refuse_short(lines: Sequence[_Line], short: Mapping[int, int]) -> None:
    """Name the lines that cannot be had, with how many of them could be, after the lines before them.

    Args:
        short: pieces left of each stock item that is not enough; of all others there is enough.
    """
    if not short:
        return
    left = dict(short)
    errors = []
    for line in lines:
        takes = {item: pieces for item, pieces in line.takes().items() if item in left}
        could = min((left[item] // pieces for item, pieces in takes.items()), default=line.quantity)
        had = min(could, line.quantity)
        for item, pieces in takes.items():
            left[item] -= pieces * had
        if had < line.quantity:
            detail = f"Only {had} left." if had else "Sold out."
            errors += [
                {
                    "field": f"items.{place}.quantity",
                    "code": "out_of_stock",
                    "detail": detail,
                    "available": had,
                }
                for place in line.places
            ]
    raise OutOfStock("There is not enough stock for this order.", errors=errors)


def _price_changed(expected: Decimal, priced: Quote) -> PriceChanged:
    currency = priced.currency
    return PriceChanged(
        f"The total is now {format_amount(priced.total, currency)} {currency}.",
        errors=[
            {
                "field": "expected_total",
                "code": "price_changed",
                "detail": "Show the new total to the customer and send it as expected_total.",
                "expected": {"amount": format_amount(expected, currency), "currency": currency},
                "actual": {"amount": format_amount(priced.total, currency), "currency": currency},
            }
        ],
    )


def _loaded(queryset: Any, rows: list[Any]) -> Any:
    """A queryset that already knows its rows."""
    queryset._result_cache = rows
    return queryset


def _line_name(variant: Variant) -> str:
    """What the invoice says: the product, and the variant where there is a choice."""
    return f"{variant.product.name}, {variant.name}" if variant.name else variant.product.name


def _write(
    lines: Sequence[_Line],
    priced: Quote,
    *,
    owner: User | None,
    contact: Contact,
    wishes: Wishes,
    by: Actor,
) -> Order:
    """Write the order, its lines and the first row of its history."""
    public_id = uuid7()
    code = readable_code(10)
    order = Order.objects.create(
        public_id=public_id,
        number=f"{code[:5]}-{code[5:]}",
        owner=owner,
        token_hash="" if owner else hash_token(order_token(public_id)),
        email=contact.email,
        phone=contact.phone,
        status=Status.PENDING,
        payment_status=PaymentStatus.UNPAID,
        currency=priced.currency,
        subtotal=priced.subtotal,
        discount_total=priced.discount_total,
        delivery_total=priced.delivery_total,
        tax_total=priced.tax_total,
        tax_rate=priced.tax_rate,
        total=priced.total,
        shipping_address=dict(wishes.shipping_address),
        delivery=dict(wishes.delivery),
        payment_method=wishes.payment_method,
        expires_at=timezone.now() + timedelta(minutes=settings.ORDER_EXPIRY_MINUTES),
    )
    written = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            product=line.variant.product,
            variant=line.variant,
            sku=line.variant.sku,
            name=_line_name(line.variant),
            quantity=line.quantity,
            unit_price=part.unit_price,
            total=part.total,
            tax=part.tax,
            parts=line.parts(),
        )
        for position, (line, part) in enumerate(zip(lines, priced.lines, strict=True))
    )
    OrderEvent.objects.create(
        order=order, status=Status.PENDING, actor=str(by), user_id=by.user_id, note="placed"
    )
    # The reader renders what was just written without asking for it again.
    order._prefetched_objects_cache = {  # type: ignore[attr-defined]
        "lines": _loaded(order.lines.all(), written),
        "payments": _loaded(order.payments.all(), []),
    }
    return order
