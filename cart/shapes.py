"""How carts and quotes are answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cart.models import Cart
from cart.problems import Line, Trouble
from cart.reading import CartView, Obstacle
from catalog.models import Image
from catalog.serializers import image_url
from common.languages import Reading
from common.money import Money
from pricing.delivery import NoDelivery
from pricing.quotes import Discount, NotApplied, QuotedDelivery, QuotedLine, Step


def _money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    return None if amount is None else Money(amount, currency).as_json()


def cart_state(cart: Cart) -> str:
    """The first part of a cart's ETag: what its holder has changed. Prices and stock move without it."""
    return f"{cart.public_id.hex}-{cart.version}"


def cart_json(view: CartView, reading: Reading) -> dict[str, Any]:
    """A cart as it stands."""
    cart, made = view.cart, view.quote
    return {
        "id": str(cart.public_id),
        "status": cart.status,
        "currency": cart.currency,
        "items": [_item(line, view, reading) for line in view.lines],
        "pieces": view.pieces,
        "codes": list(cart.codes),
        "delivery": _choice(cart),
        "note": cart.note,
        "subtotal": _money(made.subtotal if made else None, cart.currency),
        "discount_total": _money(made.discount_total if made else None, cart.currency),
        "delivery_total": _money(made.delivery_total if made else None, cart.currency),
        "tax_total": _money(made.tax_total if made else None, cart.currency),
        "total": _money(made.total if made else None, cart.currency),
        "prices_include_tax": made.prices_include_tax if made else None,
        "problems": [_obstacle(one) for one in view.obstacles],
        "is_ready": view.is_ready,
        "order": str(cart.order) if cart.order else None,
        "merged_into": str(cart.merged_into.public_id) if cart.merged_into else None,
        "expires_at": cart.expires_at,
        "created_at": cart.created_at,
        "updated_at": cart.updated_at,
    }


def _choice(cart: Cart) -> dict[str, Any] | None:
    shown = {
        "method": cart.delivery_method or None,
        "area": cart.delivery_area or None,
        "pickup_point": cart.pickup_point or None,
        "window": cart.delivery_window,
        "day": cart.delivery_day,
    }
    return shown if any(value is not None for value in shown.values()) else None


def _item(line: Line, view: CartView, reading: Reading) -> dict[str, Any]:
    currency = view.cart.currency
    variant, product = line.variant, line.variant.product
    quoted = view.quoted.get(variant.pk)
    pictures = getattr(variant, "pictures", [])
    unit = quoted.unit_price if quoted else view.prices.get(variant.pk)
    return {
        "id": str(line.item.public_id),
        "product_id": product.pk,
        "product_slug": product.slug,
        "variant_id": variant.pk,
        "sku": variant.sku,
        "name": reading.text(product, "name"),
        "variant_name": variant.name,
        "options": variant.options,
        "image": _picture(pictures[0]) if pictures else None,
        "quantity": line.item.quantity,
        "available": line.buyable,
        "unit_price": _money(unit, currency),
        "subtotal": _money(quoted.subtotal if quoted else None, currency),
        "discount": _money(quoted.discount if quoted else None, currency),
        "total": _money(quoted.total if quoted else None, currency),
        "problems": [_trouble(one, currency) for one in line.troubles],
        "added_at": line.item.added_at,
    }


def _picture(said: dict[str, Any]) -> dict[str, str]:
    image = Image(file=said["file"], source_url=said["source_url"])
    return {"url": image_url(image), "alt": said["alt"]}


def _trouble(one: Trouble, currency: str) -> dict[str, Any]:
    data = {
        name: _money(value, currency) if isinstance(value, Decimal) else value
        for name, value in one.data.items()
    }
    return {"code": str(one.code), "detail": one.detail, "blocks": one.blocks, **data}


def _obstacle(one: Obstacle) -> dict[str, Any]:
    return {**one.data, "code": str(one.code), "detail": one.detail}


# --- the quote --------------------------------------------------------------------------------


def quote_json(view: CartView, reading: Reading) -> dict[str, Any]:
    """Everything that a cart's total is made of. The cart's total must not be too large."""
    made = view.quote
    assert made is not None
    currency = made.currency
    lines = {line.variant.pk: line for line in view.lines}
    return {
        "cart": str(view.cart.public_id),
        "currency": currency,
        "prices_include_tax": made.prices_include_tax,
        "items": [_quoted(one, lines[one.variant_id], currency, reading) for one in made.lines],
        "delivery": _delivery(made.delivery, currency) if made.delivery else None,
        "no_delivery": _no_delivery(view.delivery)
        if isinstance(view.delivery, NoDelivery)
        else None,
        "subtotal": _money(made.subtotal, currency),
        "discount_total": _money(made.discount_total, currency),
        "delivery_total": _money(made.delivery_total, currency),
        "tax_total": _money(made.tax_total, currency),
        "total": _money(made.total, currency),
        "expected_total": _money(made.total, currency),
        "taxes": [
            {
                "category": tax.category,
                "treatment": str(tax.treatment),
                "rate": str(tax.rate),
                "exemption": tax.exemption,
                "net": _money(tax.net, currency),
                "tax": _money(tax.tax, currency),
            }
            for tax in made.taxes
        ],
        "applied": [
            {"name": one.name, "code": one.code, "amount": _money(one.amount, currency)}
            for one in made.applied
        ],
        "not_applied": [_not_applied(one) for one in made.not_applied if one.is_told],
        "problems": [
            *(_obstacle(one) for one in view.obstacles),
            *(
                {**_trouble(one, currency), "item": str(line.item.public_id)}
                for line in view.lines
                for one in line.troubles
            ),
        ],
        "is_ready": view.is_ready,
    }


def _quoted(one: QuotedLine, line: Line, currency: str, reading: Reading) -> dict[str, Any]:
    return {
        "id": str(line.item.public_id),
        "product_id": line.variant.product_id,
        "variant_id": one.variant_id,
        "sku": line.variant.sku,
        "name": reading.text(line.variant.product, "name"),
        "quantity": one.quantity,
        "unit_price": _money(one.unit_price, currency),
        "subtotal": _money(one.subtotal, currency),
        "discounts": [_discount(each, currency) for each in one.discounts],
        "discount": _money(one.discount, currency),
        "total": _money(one.total, currency),
        "tax": _money(one.tax, currency),
        "tax_rate": str(one.tax_rate),
        "tax_category": one.tax_category,
        "exemption": one.exemption,
        "steps": [_step(step, currency) for step in one.steps],
        "explained": one.explained,
    }


def _delivery(one: QuotedDelivery, currency: str) -> dict[str, Any]:
    return {
        "method": one.method,
        "name": one.name,
        "fee": _money(one.fee, currency),
        "discounts": [_discount(each, currency) for each in one.discounts],
        "total": _money(one.total, currency),
        "tax": _money(one.tax, currency),
        "tax_rate": str(one.tax_rate),
        "steps": [_step(step, currency) for step in one.steps],
    }


def _no_delivery(one: NoDelivery) -> dict[str, Any]:
    return {
        **one.data, "method": one.method, "reason": str(one.reason), "detail": one.detail
    }  # fmt: skip


def _discount(one: Discount, currency: str) -> dict[str, Any]:
    return {"name": one.name, "code": one.code, "amount": _money(one.amount, currency)}


def _step(one: Step, currency: str) -> dict[str, Any]:
    change = Money(abs(one.change), currency).as_json()
    if one.change < 0:
        change["amount"] = f"-{change['amount']}"
    return {
        "step": one.step,
        "name": one.name,
        "amount": _money(one.amount, currency),
        "change": change,
    }


def _not_applied(one: NotApplied) -> dict[str, Any]:
    return {
        "name": one.name if not one.code or one.promotion_id else "",
        "code": one.code,
        "reason": str(one.reason),
        "detail": one.detail,
        "facts": one.facts,
    }
