"""Payments as facts: the moves, and what the database itself refuses."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.actors import SYSTEM
from payments.models import Payment, ReviewReason, Status, WrongPaymentState
from payments.start import new_reference

MOVES = {
    ("pending", "succeeded"),
    ("pending", "failed"),
    ("pending", "cancelled"),
    ("pending", "review"),
    ("failed", "succeeded"),
    ("failed", "cancelled"),
    ("failed", "review"),
    ("cancelled", "succeeded"),
    ("cancelled", "review"),
    ("review", "succeeded"),
    ("review", "cancelled"),
}
FIELDS = {
    "succeeded": {"gateway_reference": "AP1", "settled_at": timezone.now()},
    "review": {"review_reason": ReviewReason.SURPLUS},
    "cancelled": {"cancelled_at": timezone.now()},
}


def make(order, status="pending", **fields):
    return Payment.objects.create(
        order=order,
        method="chapa",
        status=status,
        amount=order.total,
        currency=order.currency,
        mode="test",
        reference=new_reference(order.number),
        **FIELDS.get(status, {}) | fields,
    )


@pytest.mark.parametrize(("start", "end"), list(itertools.product(Status.values, repeat=2)))
def test_the_full_matrix_of_moves(order, start, end):
    payment = make(order, start)
    if (start, end) not in MOVES:
        with pytest.raises(WrongPaymentState):
            payment.move_to(end, by=SYSTEM, **FIELDS.get(end, {}))
        payment.refresh_from_db()
        assert payment.status == start
        assert not payment.history.exists()
        return
    payment.move_to(end, by=SYSTEM, note="n" * 500, **FIELDS.get(end, {}))
    payment.refresh_from_db()
    assert payment.status == end
    event = payment.history.get()
    assert (event.from_status, event.status, event.actor) == (start, end, "system")
    assert payment.review_reason == (ReviewReason.SURPLUS if end == "review" else "")


@pytest.mark.parametrize(
    ("status", "fields", "constraint"),
    [
        ("pending", {"amount": 0}, "payment_amount_is_positive"),
        ("pending", {"amount": -1}, "payment_amount_is_positive"),
        ("pending", {"reference": "short"}, "payment_reference_fits_the_gateway"),
        ("pending", {"reference": "has space/slash"}, "payment_reference_fits_the_gateway"),
        (
            "succeeded",
            {"gateway_reference": None},
            "succeeded_payment_has_the_gateways_reference",
        ),
        ("succeeded", {"settled_at": None}, "succeeded_payment_has_the_gateways_reference"),
        ("review", {"review_reason": ""}, "payment_in_review_says_why"),
        ("pending", {"review_reason": "surplus"}, "payment_in_review_says_why"),
        ("cancelled", {"cancelled_at": None}, "cancelled_payment_says_when"),
    ],
)
def test_the_database_has_the_last_word(order, status, fields, constraint):
    data = {
        "order": order,
        "method": "chapa",
        "status": status,
        "amount": order.total,
        "currency": "ETB",
        "mode": "test",
        "reference": new_reference(order.number),
    } | FIELDS.get(status, {})
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Payment.objects.create(**data | fields)


@pytest.mark.parametrize(
    ("first", "second", "constraint"),
    [
        ({}, {}, "one_pending_payment_per_order"),
        (
            {"status": "succeeded"},
            {"status": "succeeded", "gateway_reference": "AP2"},
            "one_succeeded_payment_per_order",
        ),
        (
            {"status": "failed", "gateway_reference": "AP1"},
            {"status": "failed", "gateway_reference": "AP1"},
            "gateway_reference_pays_once",
        ),
        (
            {"status": "failed", "idempotency_key": "k"},
            {"status": "failed", "idempotency_key": "k"},
            "one_payment_per_idempotency_key",
        ),
    ],
)
def test_what_there_can_be_only_one_of(order, first, second, constraint):
    make(order, **first)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(order, **second)


def test_many_payments_may_lack_a_gateway_reference_and_a_key(order):
    make(order, "failed")
    make(order, "failed")
    make(order)
    assert Payment.objects.filter(order=order).count() == 3


def test_references_are_unguessable_and_fit():
    made = {new_reference("AB123-CD456") for _ in range(200)}
    assert len(made) == 200
    for reference in made:
        assert reference.startswith("AB123-CD456-")
        assert len(reference) == 32
    assert len(new_reference("x" * 99)) <= 50
    assert new_reference("ቁጥር #1").startswith("1-")


def test_the_schedule_of_checks(order, settings):
    payment = make(order, "failed")
    began = payment.created_at = timezone.now()
    seen, now = [], began
    while (following := payment.scheduled_check(now)) is not None:
        seen.append(following - began)
        now = following
    minutes, days = timedelta(minutes=1), timedelta(days=1)
    assert seen == [n * minutes for n in (1, 3, 10, 30, 60, 120)] + [n * days for n in (1, 2, 3)]


def test_a_pending_payment_is_never_staler_than_reconcile_minutes(order, settings):
    settings.RECONCILE_MINUTES = 2
    payment = make(order)
    payment.created_at = timezone.now() - timedelta(days=30)
    now = timezone.now()
    assert payment.scheduled_check(now) == now + timedelta(minutes=2)
