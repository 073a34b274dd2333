"""Orders without the people who placed them: what was sold, for how much and when stays; by whom and where to goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat, Lower
from django.utils import timezone

from common.actors import SYSTEM, Actor
from common.transactions import require_transaction
from inventory import redaction as stock_redaction
from orders.documents.redaction import redact_packing_slips
from orders.models import (
    DraftOrder,
    DraftStatus,
    Order,
    OrderEvent,
    OrderNote,
    PastCredit,
    PastSale,
)
from pricing import redaction as pricing_redaction


def orders_of_person(
    *, user_id: int | None, emails: Collection[str], phones: Collection[str]
) -> QuerySet[Order]:
    """A person's own orders, and the guests' orders that name an address or number which is theirs.

    Args:
        emails: verified addresses, as `account.identifiers.email_key` spells them.
        phones: verified numbers, E.164.
    """
    mine = Q(owner_id=user_id) if user_id is not None else Q(pk__in=())
    return _folded().filter(
        mine | Q(owner=None) & (Q(folded_email__in=list(emails)) | Q(phone__in=list(phones)))
    )


def redact_orders(*, ids: Collection[int], by: Actor, note: str) -> int:
    """Take the person out of these orders, for good. Returns how many had one. Books, lines and history stay.

    The caller has locked them. A guest's token stops working: what stands in its place is the hash of none.

    Args:
        note: why, for the orders' histories.
    """
    require_transaction()
    now = timezone.now()
    orders = list(Order.objects.filter(pk__in=list(ids), redacted_at=None))
    there = Order.objects.filter(pk__in=[order.pk for order in orders])
    there.exclude(token_hash="").update(
        token_hash=Concat(Value("redacted:"), Cast(RandomUUID(), TextField()))
    )
    there.update(
        email="",
        phone="",
        shipping_address={},
        delivery={},
        payment_method="",
        redacted_at=now,
        updated_at=now,
    )
    OrderNote.objects.filter(order__in=orders, redacted_at=None).update(text="", redacted_at=now)
    redact_packing_slips(order_ids=[order.pk for order in orders])
    PastSale.objects.filter(order__in=orders).exclude(customer="").update(customer="")
    PastCredit.objects.filter(sold_line__order__in=orders).exclude(customer="").update(customer="")
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order=order,
            from_status=order.status,
            status=order.status,
            actor=by.kind,
            note=note[:300],
        )
        for order in orders
    )
    return len(orders)


def drafts_of_person(
    *, user_id: int | None, emails: Collection[str], phones: Collection[str]
) -> QuerySet[DraftOrder]:
    """Drafts that would become a person's orders; closed ones no longer say whose they were."""
    mine = Q(customer_id=user_id) if user_id is not None else Q(pk__in=())
    folded: Any = DraftOrder.objects.filter(status=DraftStatus.DRAFT).annotate(
        folded_email=Lower(_normalised(), output_field=TextField())
    )
    found: QuerySet[DraftOrder] = folded.filter(
        mine | Q(folded_email__in=list(emails)) | Q(phone__in=list(phones))
    )
    return found


def delete_drafts(*, user_id: int | None, emails: Collection[str], phones: Collection[str]) -> None:
    """Drafts for this person go: there is nobody to place them for."""
    require_transaction()
    drafts_of_person(user_id=user_id, emails=emails, phones=phones).delete()


def forget_contact(
    *, user_id: int | None, emails: Collection[str], phones: Collection[str]
) -> list[int]:
    """Other customers' orders that give this person as their contact: their owner's own address stands in. Returns which.

    An owner who has none of the kind is reached by the other kind, which they must have.
    """
    require_transaction()
    changed = []
    theirs = _folded().filter(owner__isnull=False).select_related("owner")
    orders: Any = theirs.exclude(owner_id=user_id).filter(
        Q(folded_email__in=list(emails)) | Q(phone__in=list(phones))
    )
    for order in orders:
        owner = order.owner
        if order.email and order.folded_email in emails:
            order.email = owner.email or ""
        if order.phone in phones:
            order.phone = owner.phone or ""
        if not order.email and not order.phone:
            order.email, order.phone = owner.email or "", owner.phone or ""
        order.save(update_fields=["email", "phone"])
        changed.append(order.pk)
    return changed


def redact_old_orders(*, batch: int = 1000) -> int:
    """Take the people out of orders whose year ended LEGAL_KEEP_YEARS years ago or earlier. Returns how many.

    Open orders are left alone, however old. Credits of before that belong to no order lose their customer's number alike.
    """
    require_transaction()
    ended = timezone.now().year - settings.LEGAL_KEEP_YEARS
    kept_since = datetime(ended, 1, 1, tzinfo=timezone.get_current_timezone())
    PastCredit.objects.filter(credited_at__lt=kept_since).exclude(customer="").update(customer="")
    old = Order.objects.filter(redacted_at=None, created_at__lt=kept_since).exclude(
        status="pending"
    )
    locked = old.select_for_update(no_key=True, skip_locked=True).order_by("pk")
    found = dict(locked.values_list("pk", "public_id")[:batch])
    holders = [str(public_id) for public_id in found.values()]
    pricing_redaction.forget_customer(user_id=None, holders=holders)
    stock_redaction.forget_customers(holders=holders)
    note = f"personal data erased: kept for {settings.LEGAL_KEEP_YEARS} years"
    return redact_orders(ids=list(found), by=SYSTEM, note=note)


def _folded() -> QuerySet[Order]:
    """With `folded_email`, comparable with `email_key`."""
    return Order.objects.annotate(folded_email=Lower(_normalised(), output_field=TextField()))


def _normalised() -> Func:
    # PostgreSQL's lower() and Python's casefold() agree on what mail servers take before the `@`: ASCII.
    return Func(F("email"), template="normalize(%(expressions)s, NFKC)", output_field=TextField())
