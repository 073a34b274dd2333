"""The verbs of privacy, under one name for the doors."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone

from account.models import User
from account.services import lock_user
from audit import services as audit
from common.actors import Actor
from common.errors import NotFound
from common.jobs import enqueue
from common.phones import normalise_phone
from common.transactions import refuse_transaction
from fulfilment.redaction import redact_old_fulfilment
from orders.documents.redaction import redact_old_documents
from orders.drafts import forget_drafts
from orders.redaction import redact_old_orders
from payments.redaction import redact_old_webhooks
from privacy import letters
from privacy.erasure import (
    NotErasedYet,
    OpenOrders,
    erase,
    look_again,
    request_erasure,
    resume,
)
from privacy.export import document_of
from privacy.models import Erasure, Export
from privacy.subject import letters_of, subject_of

__all__ = [
    "NotErasedYet", "OpenOrders", "erase", "erase_person", "export_person", "find_export", "look_again",
    "make_export", "prune", "read_export", "request_erasure", "request_export", "resume",
]  # fmt: skip

KEPT = timedelta(days=7)


def request_export(*, user: User) -> Export:
    """Have a copy of a person's data made. While one is being made, that is the answer; an older one is replaced."""
    with transaction.atomic():
        lock_user(user.pk)
        waiting = Export.objects.filter(user=user, ready_at=None).first()
        if waiting is not None:
            return waiting
        Export.objects.filter(user=user).delete()
        export = Export.objects.create(user=user)
        export.refresh_from_db()
        audit.record(action="privacy.export_requested", target=f"user:{user.public_id}")
        enqueue(
            "privacy.make_export", at_most_one=f"privacy.export:{export.pk}", export_id=export.pk
        )
    return export


def make_export(*, export_id: int) -> None:
    """Make the copy that was asked for, and tell the person. Safe to repeat; nothing for who has gone meanwhile."""
    export = Export.objects.select_related("user").filter(pk=export_id, ready_at=None).first()
    if export is None:
        return
    with transaction.atomic():
        user = lock_user(export.user_id)
        if not user.is_active:
            Export.objects.filter(pk=export.pk).delete()
            return
        now = timezone.now()
        made = Export.objects.filter(pk=export.pk, ready_at=None).update(
            document=document_of(subject_of(user)), ready_at=now, expires_at=now + KEPT
        )
        if made:
            letters.tell_export_ready(export=export)


def find_export(*, user: User) -> Export:
    """The copy that was asked for last, ready or not; without its document.

    Raises:
        NotFound: none was asked for, or its time is over.
    """
    export = Export.objects.filter(user=user).defer("document").order_by("-pk").first()
    if export is None or (export.expires_at is not None and export.expires_at <= timezone.now()):
        raise NotFound("Ask for a copy of your data first.")
    return export


def read_export(*, user: User) -> bytes:
    """The document of a copy that is ready: JSON, UTF-8.

    Raises:
        NotFound: there is none, or not yet.
    """
    export = find_export(user=user)
    if export.document is None:
        raise NotFound("It is not ready yet.")
    with transaction.atomic():
        audit.record(action="privacy.export_read", target=f"user:{user.public_id}")
    return bytes(export.document)


def export_person(*, who: str) -> bytes:
    """For staff, when somebody asks by letter: the document on whoever has this e-mail address or telephone number.

    Args:
        who: an e-mail address, a telephone number, or the public id of an account.

    Raises:
        NotFound: the shop knows nobody by it.
    """
    user, email, phone = resolve(who)
    with transaction.atomic():
        subject = subject_of(user, email=email, phone=phone)
        if user is None and not subject.order_ids and not letters_of(subject).exists():
            raise NotFound("The shop holds nothing under this address or number.")
        target = f"user:{user.public_id}" if user else "guest"
        audit.record(action="privacy.person_exported", target=target)
        return document_of(subject)


def erase_person(*, who: str, by: Actor) -> Erasure:
    """For staff, when somebody asks by letter: erase whoever has this e-mail address or telephone number.

    Args:
        who: an e-mail address, a telephone number, or the public id of an account.

    Raises:
        NotFound: the shop knows nobody by it.
        account.erasure.SuperuserStays, account.roles.LastOwner
    """
    user, email, phone = resolve(who)
    return request_erasure(user=user, email=email, phone=phone, by=by)


def resolve(who: str) -> tuple[User | None, str, str]:
    """Whoever is meant by an e-mail address, telephone number or public id: the account if there is one, and what was given.

    A number is an account's if it is proved there; one that somebody gave as a contact may be anybody's.

    Raises:
        NotFound: it is neither of the three, or there is no such account.
    """
    who = who.strip()
    if "@" in who:
        return User.objects.with_email(who).first(), who, ""
    try:
        public_id = UUID(who)
    except ValueError:
        pass
    else:
        user = User.objects.filter(public_id=public_id).first()
        if user is None:
            raise NotFound("There is no such account.")
        return user, "", ""
    try:
        phone = normalise_phone(who)
    except ValueError:
        raise NotFound(
            "Give an e-mail address, a telephone number or the id of an account."
        ) from None
    owner = User.objects.filter(phone=phone, phone_verified_at__isnull=False).first()
    return owner, "", phone


def prune() -> None:
    """What has had its time goes: copies after a week, webhooks' bodies, people of old orders, drafts, the admin's log."""
    refuse_transaction()
    now = timezone.now()
    Export.objects.filter(expires_at__lt=now).delete()
    log_kept = timedelta(days=settings.AUDIT_KEEP_DAYS)
    LogEntry.objects.filter(action_time__lt=now - log_kept).delete()
    SessionStore.clear_expired()
    for redact in (
        redact_old_webhooks,
        redact_old_orders,
        redact_old_fulfilment,
        redact_old_documents,
        forget_drafts,
    ):
        while True:
            with transaction.atomic():
                if not redact():
                    break
