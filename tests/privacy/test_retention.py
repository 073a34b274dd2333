"""What has had its time goes by itself, and nothing before."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone

from account import housekeeping
from events.models import Letter
from events.services import prune as prune_letters
from inventory.models import Reservation
from orders.models import Order, Status
from payments.models import WebhookEvent
from payments.redaction import redact_body
from privacy.registry import PERSONAL
from privacy.services import prune
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def test_webhooks_keep_only_the_money_after_a_while(shop, settings):
    settings.INBOX_KEEP_DAYS = 90
    for reference in ("old-one", "new-one"):
        shop.webhook(reference)
    WebhookEvent.objects.filter(reference="old-one").update(received_at=days_ago(91))
    prune()
    prune()
    old, new = (json.loads(bytes(event.body)) for event in WebhookEvent.objects.order_by("pk"))
    assert old == {
        "event": "charge.success", "status": "success", "tx_ref": "old-one", "reference": "APsim0001",
        "amount": "100.00", "charge": "2.50", "currency": "ETB", "mode": "test",
    }  # fmt: skip
    assert new["last_name"] == "Lastnameqx"
    assert WebhookEvent.objects.get(reference="old-one").redacted_at


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b"not json", {}), (b"[1]", {}), (b'{"amount": {"name": "Hana"}}', {}), (b'{"status": null}', {}),
        (b'{"amount": 12.5, "email": "a@b.c"}', {"amount": 12.5}),
        (b'{"data": {"tx_ref": "x", "first_name": "Hana"}}', {"data": {"tx_ref": "x"}}),
        (b'{"reference": "' + b"x" * 101 + b'"}', {}),
    ],
)  # fmt: skip
def test_only_what_is_known_to_be_about_the_money_is_kept(body, left):
    assert json.loads(redact_body(body)) == left


def test_orders_lose_their_people_when_the_law_no_longer_wants_them(shop, settings):
    settings.LEGAL_KEEP_YEARS = 10
    year = timezone.now().year
    kept, old, pending = factories.place(), factories.place(), factories.place()
    Order.objects.filter(pk__in=[kept.pk, old.pk]).update(
        status=Status.CANCELLED, cancel_reason="expired", fulfilment_status="cancelled"
    )
    first = timezone.now().replace(year=year - 10, month=1, day=1, hour=0, minute=0)
    Order.objects.filter(pk=kept.pk).update(created_at=first + timedelta(minutes=1))
    Order.objects.filter(pk=old.pk).update(created_at=first - timedelta(minutes=1))
    Order.objects.filter(pk=pending.pk).update(created_at=first - timedelta(days=900))
    keys = {row.holder: row.customer for row in Reservation.objects.all()}
    assert all(keys.values())
    prune()
    assert {order.pk: order.email for order in Order.objects.all()} == {
        kept.pk: "abebe@buyers.shop", old.pk: "", pending.pk: "abebe@buyers.shop",
    }  # fmt: skip
    assert {row.holder: row.customer for row in Reservation.objects.all()} == {
        **keys,
        old.public_id: "",
    }
    old.refresh_from_db()
    assert old.total > 0
    assert "10 years" in old.history.order_by("pk").last().note


def test_the_admins_log_and_sessions_end(shop, settings):
    settings.AUDIT_KEEP_DAYS = 730
    for days in (731, 729):
        entry = LogEntry.objects.create(
            user=shop.owner, object_repr=f"{days}", action_flag=CHANGE, change_message=""
        )
        LogEntry.objects.filter(pk=entry.pk).update(action_time=days_ago(days))
    Session.objects.create(session_key="over", session_data="", expire_date=days_ago(1))
    Session.objects.create(session_key="live", session_data="", expire_date=days_ago(-1))
    prune()
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["729"]
    assert [session.pk for session in Session.objects.all()] == ["live"]


def test_letters_end_also_when_they_never_left(shop):
    for key, sent, days, last in (
        ("sent", True, 91, False), ("kept", True, 89, False), ("given up", False, 91, False),
        ("waiting", False, 4, False), ("last, given up", False, 4, True), ("last, waiting", False, 2, True),
    ):  # fmt: skip
        Letter.objects.create(
            recipient="hana@buyers.shop", dedupe_key=key, created_at=days_ago(days),
            sent_at=days_ago(days) if sent else None, forget_after_sending=last,
        )  # fmt: skip
    prune_letters()
    left = set(Letter.objects.values_list("dedupe_key", flat=True))
    assert left == {"kept", "waiting", "last, waiting"}


def test_the_register_says_how_long_housekeeping_keeps():
    """What docs/privacy.md promises is what is done."""
    kept = {
        "account_session": housekeeping.KEPT,
        "account_emailtoken": housekeeping.KEPT,
        "account_phonecode": housekeeping.CODES_KEPT,
    }
    for holding in PERSONAL:
        if holding.table in kept:
            assert holding.kept == f"{kept[holding.table].days} days after its end", holding
