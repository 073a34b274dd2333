"""Writing down what was agreed: an order and its lines as a quote computed them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from common.actors import Actor
from common.ids import readable_code, uuid7
from common.money import format_amount
from orders.asked import AskedLine
from orders.models import (
    Order,
    OrderEvent,
    OrderLine,
    OrderTrace,
    PaymentStatus,
    Source,
    Status,
    hash_token,
)
from orders.tokens import order_token
from pricing.quotes import Quote, QuotedLine

if TYPE_CHECKING:
    from account.models import User

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is told about the order; at least one of the two."""

    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is written down with the order as it was wished. `delivery` names what `Choice` was made of."""

    shipping_address: Mapping[str, Any] = field(default_factory=dict)
    delivery: Mapping[str, Any] = field(default_factory=dict)
    payment_method: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an order comes from: the shop or staff, and the cart or draft that becomes this one order."""

    source: Source = Source.SHOP
    cart: UUID | None = None


def amounts_of(quote: Quote) -> dict[str, Any]:
    """An order's columns of money, as a quote has them."""
    delivery = quote.delivery
    return {
        "currency": quote.currency,
        "subtotal": quote.subtotal,
        "discount_total": quote.discount_total,
        "delivery_total": quote.delivery_total,
        "delivery_tax": delivery.tax if delivery else ZERO,
        "delivery_tax_rate": delivery.tax_rate if delivery else ZERO,
        "tax_total": quote.tax_total,
        "tax_rate": max((line.tax_rate for line in quote.lines), default=ZERO),
        "total": quote.total,
        "prices_include_tax": quote.prices_include_tax,
        "discounts": [
            {
                "name": one.name,
                "code": one.code,
                "amount": format_amount(one.amount, quote.currency),
            }
            for one in quote.applied
        ],
    }


def line_amounts_of(line: QuotedLine) -> dict[str, Any]:
    """A line's columns of quantity and money, as a quote has them."""
    return {
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "total": line.subtotal,
        "discount": line.discount,
        "tax": line.tax,
        "tax_rate": line.tax_rate,
        "tax_category": line.tax_category,
    }


def line_name(variant: Any) -> str:
    """What the invoice says: the product, and the variant where there is a choice."""
    return f"{variant.product.name}, {variant.name}" if variant.name else variant.product.name


def write_order(
    lines: Iterable[AskedLine],
    quote: Quote,
    *,
    owner: User | None,
    contact: Contact,
    wishes: Wishes,
    origin: Origin,
    by: Actor,
) -> Order:
    """Write the order, its lines, how they were priced, and the first row of its history."""
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
        shipping_address=dict(wishes.shipping_address),
        delivery=dict(wishes.delivery),
        payment_method=wishes.payment_method,
        expires_at=timezone.now() + timedelta(minutes=settings.ORDER_EXPIRY_MINUTES),
        source=origin.source,
        cart=origin.cart,
        **amounts_of(quote),
    )
    priced = {line.variant_id: line for line in quote.lines}
    written = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            product_id=line.variant.product_id,
            variant_id=line.variant.pk,
            sku=line.variant.sku,
            name=line_name(line.variant),
            parts=line.parts(),
            **line_amounts_of(priced[line.variant.pk]),
        )
        for position, line in enumerate(lines)
    )
    OrderTrace.objects.create(
        order=order, revision=0, trace=quote.trace, actor=str(by), user_id=by.user_id
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


def _loaded(queryset: Any, rows: list[Any]) -> Any:
    """A queryset that already knows its rows."""
    queryset._result_cache = rows
    return queryset
