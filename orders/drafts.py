"""Orders that staff write down for customers on the telephone: drafts, what they would cost, and the orders they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from account.models import User
from common.actors import Actor
from common.errors import NotFound, invalid_field
from common.money import has_minor_units_of
from common.transactions import require_transaction
from orders.asked import MAX_LINES, Item
from orders.change_letters import tell_placed
from orders.checkout import (
    PLAIN_METHODS,
    NoSuchMethod,
    NoSuchPoint,
    checkout,
    choice_of,
    has_ordered,
)
from orders.models import DraftClosed, DraftOrder, DraftStatus, Order, Source
from orders.writing import Contact, Origin, Wishes
from places.refusals import NoSuchArea, NoSuchPickupPoint
from pricing import bookings
from pricing.asking import Asked, Choice, ask
from pricing.delivery import Slot
from pricing.delivery_refusals import NoSuchDeliveryMethod
from pricing.quotes import Quote
from pricing.quoting import quote

KEPT = timedelta(days=30)  # a draft that nobody touches; it names a customer
CHANGEABLE = frozenset({
    "customer", "email", "phone", "currency", "items", "codes", "shipping_address", "delivery", "note",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DraftQuote:
    """What a draft would cost now. `quote` is None while nothing in it can be bought; `is_full`: its delivery window."""

    asked: Asked | None
    quote: Quote | None
    is_full: bool = False


def create_draft(*, fields: Mapping[str, Any], by: Actor) -> DraftOrder:
    """Begin a draft.

    Args:
        fields: of CHANGEABLE; `customer` is the public id of a user, `items` are dicts as the model describes them.

    Raises:
        common.errors.Invalid: names the field.
    """
    draft = DraftOrder(created_by=str(by), user_id=by.user_id, currency=settings.SHOP_CURRENCY)
    with transaction.atomic():
        _put(draft, fields)
        draft.save(force_insert=True)
        draft.refresh_from_db(fields=["created_at"])
    return draft


def change_draft(*, draft_id: UUID, changes: Mapping[str, Any]) -> DraftOrder:
    """Change the fields that are given.

    Raises:
        NotFound, DraftClosed. common.errors.Invalid: names the field.
    """
    with transaction.atomic():
        draft = lock_draft(draft_id)
        if draft.status != DraftStatus.DRAFT:
            raise DraftClosed(f"The draft is {draft.status}.")
        _put(draft, changes)
        draft.version += 1
        draft.save()
    return draft


def discard_draft(*, draft_id: UUID, by: Actor) -> DraftOrder:
    """Throw a draft away; it forgets whom it was for. One that is thrown away stays so.

    Raises:
        NotFound. DraftClosed: it has become an order.
    """
    with transaction.atomic():
        draft = lock_draft(draft_id)
        if draft.status != DraftStatus.DISCARDED:
            draft.move_to(DraftStatus.DISCARDED, by=by)
    return draft


def lock_draft(draft_id: UUID) -> DraftOrder:
    """The draft, locked until the end of the transaction.

    Raises:
        NotFound
    """
    require_transaction()
    draft = (
        DraftOrder.objects.select_for_update(no_key=True, of=("self",))
        .filter(public_id=draft_id)
        .first()
    )
    if draft is None:
        raise NotFound("There is no such draft.")
    return draft


def quote_draft(draft: DraftOrder) -> DraftQuote:
    """What the draft would cost now, promotions, codes, delivery and tax included.

    Raises:
        orders.checkout.NoSuchMethod, NoSuchPoint, places.refusals.NoSuchArea: of its delivery.
        pricing.quoting.TotalTooLarge
    """
    if not draft.items:
        return DraftQuote(None, None)
    asked = _ask(draft, _choice(draft))
    return DraftQuote(
        asked,
        quote(asked.basket) if asked.basket.lines else None,
        isinstance(asked.slot, Slot) and bookings.is_full(asked.slot),
    )


def _ask(draft: DraftOrder, choice: Choice) -> Asked:
    contact = _contact(draft)
    try:
        return ask(
            items=[(item["variant_id"], item["quantity"]) for item in draft.items],
            user=draft.customer,
            currency=draft.currency,
            codes=draft.codes,
            choice=choice,
            email=contact.email,
            phone=contact.phone,
            is_first_order=lambda: not has_ordered(owner=draft.customer, contact=contact),
            prices=_prices(draft),
        )
    except NoSuchDeliveryMethod:
        if choice.method not in PLAIN_METHODS:  # words that are only noted, as in every checkout
            raise NoSuchMethod() from None
        return _ask(draft, replace(choice, method=""))
    except NoSuchPickupPoint:
        raise NoSuchPoint() from None
    except NoSuchArea as refusal:
        raise NoSuchArea(refusal.detail, field="delivery.area") from None


def place_draft(
    *, draft_id: UUID, by: Actor, expected_total: Decimal | None = None
) -> tuple[Order, bool]:
    """Make the draft a pending order at today's prices, and send the customer the link to pay it. A draft is one order.

    Returns:
        The order; and whether it is new. Placed again, it is the order that is there.

    Raises:
        NotFound. DraftClosed: it was thrown away. Whatever `orders.checkout.checkout` refuses.
    """
    with transaction.atomic():
        draft = lock_draft(draft_id)
        if draft.order is not None:
            return draft.order, False
        if draft.status != DraftStatus.DRAFT:
            raise DraftClosed(f"The draft is {draft.status}.")
        contact = _contact(draft)
        if not draft.items:
            raise invalid_field("items", "required", "There is nothing in this draft.")
        if not contact.email and not contact.phone:
            raise invalid_field("email", "required", "Give an e-mail address or a telephone number.")  # fmt: skip
        order = checkout(
            items=[
                Item(quantity=item["quantity"], variant_id=item["variant_id"])
                for item in draft.items
            ],
            owner=draft.customer,
            contact=contact,
            wishes=Wishes(shipping_address=draft.shipping_address, delivery=draft.delivery),
            expected_total=expected_total,
            by=by,
            currency=draft.currency,
            codes=draft.codes,
            choice=_choice(draft),
            prices=_prices(draft),
            origin=Origin(source=Source.STAFF, cart=draft.public_id),
        )
        _note_agreed(order, draft, by=by)
        draft.move_to(DraftStatus.PLACED, by=by, order=order)
        tell_placed(order)
    return order, True


def forget_drafts(*, batch: int = 500) -> int:
    """Delete drafts that nobody has touched for KEPT: they name a customer. Returns how many. A step."""
    require_transaction()
    old = DraftOrder.objects.filter(
        status=DraftStatus.DRAFT, updated_at__lt=timezone.now() - KEPT
    ).select_for_update(no_key=True, skip_locked=True, of=("self",))
    ids = list(old.order_by("updated_at", "pk").values_list("pk", flat=True)[:batch])
    DraftOrder.objects.filter(pk__in=ids).delete()
    return len(ids)


def _put(draft: DraftOrder, fields: Mapping[str, Any]) -> None:
    if unknown := set(fields) - CHANGEABLE:
        raise ValueError(f"no fields of a draft: {sorted(unknown)}")
    for name, value in fields.items():
        if name == "customer":
            draft.customer = _customer(value)
        elif name != "items":
            setattr(draft, name, value)
    if "items" in fields:
        draft.items = _items(fields["items"], draft.currency)


def _customer(public_id: UUID | None) -> User | None:
    if public_id is None:
        return None
    found = User.objects.filter(public_id=public_id, is_active=True).first()
    if found is None:
        raise invalid_field("customer", "does_not_exist", "There is no such customer.")
    return found


def _items(items: Sequence[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """The items as they are kept. A variant is one item, so that an agreed price has no rival."""
    if len(items) > MAX_LINES:
        raise invalid_field("items", "too_many_items", f"A draft has at most {MAX_LINES} items.")
    kept: dict[int, dict[str, Any]] = {}
    for place, item in enumerate(items):
        if item["variant_id"] in kept:
            raise invalid_field(f"items.{place}.variant_id", "repeated", "It is in the draft already.")  # fmt: skip
        row: dict[str, Any] = {"variant_id": item["variant_id"], "quantity": item["quantity"]}
        price = item.get("unit_price")
        if price is not None:
            if price < 0 or not has_minor_units_of(price, currency):
                raise invalid_field(
                    f"items.{place}.unit_price", "invalid", f"That cannot be paid in {currency}."
                )
            if not str(item.get("reason", "")).strip():
                raise invalid_field(f"items.{place}.reason", "required", "Say why the price is another.")  # fmt: skip
            row |= {"unit_price": f"{price:f}", "reason": item["reason"].strip()}
        kept[item["variant_id"]] = row
    return list(kept.values())


def _contact(draft: DraftOrder) -> Contact:
    """What was given; else what the customer's account says."""
    customer = draft.customer
    if customer is None or draft.email or draft.phone:
        return Contact(email=draft.email, phone=draft.phone)
    return Contact(email=customer.email or "", phone=customer.phone or "")


def _choice(draft: DraftOrder) -> Choice:
    choice = choice_of(draft.delivery)
    return choice if choice.area else replace(choice, area=draft.shipping_address.get("area", ""))


def _prices(draft: DraftOrder) -> dict[int, Decimal]:
    return {
        item["variant_id"]: Decimal(item["unit_price"])
        for item in draft.items
        if "unit_price" in item
    }


def _note_agreed(order: Order, draft: DraftOrder, *, by: Actor) -> None:
    """The history says which prices were agreed, and why."""
    skus = {line.variant_id: line.sku for line in order.lines.all()}
    said = [
        f"{skus[item['variant_id']]} at {item['unit_price']}: {item['reason']}"
        for item in draft.items
        if "unit_price" in item
    ]
    if said:
        order.history.create(
            from_status=order.status, status=order.status, actor=str(by), user_id=by.user_id,
            note=f"agreed: {'; '.join(said)}"[:300],
        )  # fmt: skip
