"""Everything the shop holds on one person, as one JSON document. docs/privacy.md describes its shape.

Secrets are left out, and named as left out: hashes of passwords, codes and tokens would serve nobody but a thief.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from account.models import (
    Address,
    ApiKey,
    EmailToken,
    PhoneCode,
    SecondFactor,
    Session,
    User,
    UserRole,
)
from audit.models import AuditEntry
from cart.models import Cart
from common.json import dumps
from common.money import Money
from fulfilment.models import ReturnRequest, Shipment
from orders.models import Order
from orders.redaction import drafts_of_person
from payments.models import WebhookEvent
from pricing.models import TaxExemption
from privacy.models import Erasure, Export
from privacy.subject import Subject, letters_of
from privacy.sweep import replies_with

FORMAT = "nexus.person/1"
MOST_ENTRIES = 10_000  # of the audit log, the newest
LEFT_OUT = [
    "the hash of your password",
    "the secrets of your second factor and API keys",
    "hashes of the codes and links that were sent to you, and of the tokens of your sessions",
    "the texts of letters: they are deleted as soon as a letter is sent",
    "counters of rate limits: they are kept for minutes, under a hash",
]

Row = dict[str, Any]


def document_of(subject: Subject) -> bytes:
    """The document, UTF-8. The caller decides who may have it."""
    return orjson.dumps(_document(subject), option=orjson.OPT_INDENT_2, default=_plain)


def _document(subject: Subject) -> Row:
    user = User.objects.filter(pk=subject.user_id).first() if subject.user_id else None
    return {
        "format": FORMAT,
        "shop": settings.SHOP_NAME,
        "made_at": timezone.now(),
        "profile": _profile(user),
        **_account(user),
        "carts": _carts(user),
        "orders": _orders(subject),
        "drafts": _rows(
            drafts_of_person(
                user_id=subject.user_id, emails=subject.known_by.emails, phones=subject.known_by.phones
            ).order_by("pk"),
            "public_id", "email", "phone", "items", "codes", "shipping_address", "delivery", "note", "created_at",
        ),
        "letters": _rows(
            letters_of(subject).order_by("pk"),
            "channel", "recipient", "subject", "created_at", "sent_at",
        ),
        "stored_replies": [
            {"call": row["scope"].partition(" ")[2], "created_at": row["created_at"]}
            for row in _rows(replies_with(subject).order_by("pk"), "scope", "created_at")
        ],
        "admin_log": _admin_log(user),
        "audit": _audit(subject, user),
        "left_out": LEFT_OUT,
    }  # fmt: skip


def _profile(user: User | None) -> Row | None:
    if user is None:
        return None
    fields = (
        "email", "email_verified_at", "phone", "phone_verified_at", "first_name", "last_name",
        "is_staff", "is_active", "created_at", "last_login",
    )  # fmt: skip
    return {"id": user.public_id, **{name: getattr(user, name) for name in fields}}


def _carts(user: User | None) -> list[Row]:
    if user is None:
        return []
    return [
        {
            **_rows(
                Cart.objects.filter(pk=cart.pk),
                "public_id", "status", "currency", "codes", "delivery_method", "delivery_area", "pickup_point",
                "delivery_day", "note", "order", "created_at", "updated_at", "expires_at",
            )[0],
            "items": _rows(cart.items.order_by("pk"), "variant__sku", "quantity", "added_at"),
        }
        for cart in Cart.objects.filter(owner=user).order_by("pk")
    ]  # fmt: skip


def _account(user: User | None) -> Row:
    """What hangs on the account; empty lists without one."""

    def mine(model: type[Model], **which: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = model._default_manager.filter(**which)
        return found.order_by("pk") if user is not None else found.none()

    return {
        "roles": _rows(mine(UserRole, user=user), "role", "granted_at"),
        "addresses": _rows(
            mine(Address, user=user),
            *(f.name for f in Address._meta.concrete_fields if f.name not in {"id", "user"}),
        ),
        "sessions": _rows(
            mine(Session, user=user),
            "public_id", "user_agent", "address", "created_at", "last_used_at", "authenticated_at",
            "second_factor_at", "expires_at", "revoked_at", "revoke_reason",
        ),
        "letter_links": _rows(
            mine(EmailToken, user=user),
            "purpose", "email_key", "created_at", "expires_at", "used_at", "voided_at",
        ),
        "phone_codes": _rows(
            mine(PhoneCode, user=user),
            "phone", "purpose", "attempts", "created_at", "expires_at", "used_at", "voided_at",
        ),
        "second_factors": _rows(
            mine(SecondFactor, user=user), "created_at", "confirmed_at", "last_used_at"
        ),
        "api_keys": _rows(
            mine(ApiKey, created_by=user),
            "public_id", "name", "scopes", "created_at", "expires_at", "last_used_at",
            "last_used_address", "revoked_at",
        ),
        "tax_exemptions": _rows(
            mine(TaxExemption, user=user), "certificate", "categories", "valid_from", "valid_until"
        ),
        "exports": _rows(
            mine(Export, user=user), "public_id", "requested_at", "ready_at", "expires_at"
        ),
        "erasures": _rows(mine(Erasure, user=user), "public_id", "requested_by", "requested_at"),
    }  # fmt: skip


def _orders(subject: Subject) -> list[Row]:
    orders = Order.objects.filter(pk__in=subject.order_ids).order_by("pk")
    loaded = list(
        orders.prefetch_related(
            "lines",
            "history",
            "notes",
            "documents",
            "payments__history",
            "shipments__history",
            "returns__history",
        )
    )
    references = [payment.reference for order in loaded for payment in order.payments.all()]
    messages: dict[str, list[Row]] = {}
    for event in WebhookEvent.objects.filter(reference__in=references).order_by("pk"):
        messages.setdefault(event.reference, []).append(
            {"received_at": event.received_at, "event": event.event, "body": _body(event.body)}
        )
    return [_order(order, messages) for order in loaded]


def _order(order: Order, messages: dict[str, list[Row]]) -> Row:
    def money(amount: Any) -> Row | None:
        return None if amount is None else dict(Money(amount, order.currency).as_json())

    return {
        "id": order.public_id,
        "number": order.number,
        "placed_as": "guest" if order.owner_id is None else "customer",
        **_fields(
            order,
            "status", "payment_status", "fulfilment_status", "email", "phone", "shipping_address", "delivery",
            "payment_method", "cancel_reason", "created_at", "updated_at", "redacted_at",
        ),
        **{
            name: money(getattr(order, name))
            for name in ("subtotal", "discount_total", "delivery_total", "tax_total", "total")
        },
        "lines": [
            {
                **_fields(line, "sku", "name", "quantity"),
                "unit_price": money(line.unit_price),
                "total": money(line.total),
                "tax": money(line.tax),
            }
            for line in sorted(order.lines.all(), key=lambda line: line.position)
        ],
        "documents": [
            {
                **_fields(document, "number", "kind", "issued_at", "redacted_at"),
                "total": money(document.total),
                "people": document.data["people"],
            }
            for document in sorted(order.documents.all(), key=lambda document: document.pk)
        ],
        "history": [_event(event) for event in order.history.all()],
        "notes": [_fields(note, "text", "created_at", "redacted_at") for note in order.notes.all()],
        "shipments": [_shipment(shipment) for shipment in order.shipments.all()],
        "returns": [_return(asked) for asked in order.returns.all()],
        "payments": [
            {
                "id": payment.public_id,
                **_fields(
                    payment,
                    "method", "status", "mode", "reference", "gateway_reference", "checkout_url", "created_at",
                    "settled_at", "cancelled_at",
                ),
                "amount": money(payment.amount),
                "fee": money(payment.fee),
                "history": [_event(event) for event in payment.history.all()],
                "gateway_messages": messages.get(payment.reference, []),
            }
            for payment in order.payments.all()
        ],
    }  # fmt: skip


def _event(event: Any) -> Row:
    return {**_fields(event, "from_status", "status", "note", "created_at"), "actor": _kind(event)}


def _kind(row: Any) -> str:
    """Customers see that staff acted, not who."""
    return str(row.actor.partition(":")[0])


def _move(event: Any) -> Row:
    return {**_fields(event, "from_state", "state", "note", "created_at"), "actor": _kind(event)}


def _shipment(shipment: Shipment) -> Row:
    return {
        **_fields(
            shipment,
            "number", "kind", "state", "carrier", "tracking_number", "tracking_url", "pickup_point", "packed_at",
            "sent_at", "ready_at", "delivered_at", "cancelled_at",
        ),
        "actor": _kind(shipment),
        "history": [_move(event) for event in shipment.history.all()],
    }  # fmt: skip


def _return(asked: ReturnRequest) -> Row:
    return {
        **_fields(
            asked,
            "state", "reason", "customer_note", "answer", "created_at", "decided_at", "received_at", "closed_at",
        ),
        "amount": Money(asked.amount, asked.order.currency).as_json(),
        "actor": _kind(asked),
        "history": [_move(event) for event in asked.history.all()],
    }  # fmt: skip


def _admin_log(user: User | None) -> list[Row]:
    """What was done to the account in the admin, and what its owner did there."""
    if user is None:
        return []
    user_type = ContentType.objects.get_for_model(User)
    about = Q(content_type=user_type, object_id=str(user.pk)) | Q(user=user)
    entries = LogEntry.objects.filter(about).select_related("content_type").order_by("pk")
    return [
        {
            "at": entry.action_time,
            "by_you": entry.user_id == user.pk,
            "what": entry.get_action_flag_display(),
            "kind": entry.content_type.model if entry.content_type else "",
            "object": entry.object_repr,
            "message": entry.get_change_message(),
        }
        for entry in entries
    ]


def _audit(subject: Subject, user: User | None) -> list[Row]:
    """What the log says that they did, and what was done to their account. Addresses of others are not theirs to see."""
    if user is None:
        return []
    about = Q(actor_id=user.pk) | Q(target_public_id=str(user.public_id))
    about |= Q(target_table="account_user", target_id=str(user.pk))
    newest = AuditEntry.objects.filter(about).order_by("-created_at", "-id")[:MOST_ENTRIES]
    return [
        {
            **_fields(entry, "created_at", "action", "outcome", "target_public_id", "actor_kind"),
            "by_you": entry.actor_id == user.pk,
            "address": entry.address if entry.actor_id == user.pk else None,
        }
        for entry in reversed(newest)
    ]


def _rows(queryset: QuerySet[Any], *fields: str) -> list[Row]:
    return list(queryset.values(*fields))


def _fields(row: Any, *names: str) -> Row:
    return {name: getattr(row, name) for name in names}


def _body(raw: bytes | memoryview) -> Any:
    try:
        return orjson.loads(bytes(raw))
    except orjson.JSONDecodeError:
        return bytes(raw).decode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return orjson.loads(dumps(value))
