"""Starting a payment with an Idempotency-Key: the attempt itself remembers it."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from common.idempotency import KeyInUse, KeyReused
from payments.models import Payment
from payments.services import PaymentUnavailable, settle
from payments.start import (
    STARTING,
)


def age(payment, **fields):
    Payment.objects.filter(pk=payment.pk).update(**fields)


def attempts(order):
    return list(Payment.objects.filter(order=order).order_by("pk"))


def test_a_repeated_key_resumes_its_attempt(chapa, begin, order):
    first = begin(order, idempotency_key="k1", fingerprint="f")
    again = begin(order, idempotency_key="k1", fingerprint="f")
    assert again.pk == first.pk
    assert chapa.count("initialize") == 1


def test_a_repeated_key_gives_its_attempt_even_when_that_has_failed(chapa, begin, order):
    first = begin(order, idempotency_key="k1", fingerprint="f")
    chapa.fail(first.reference)
    settle(payment_id=first.pk, source="test")
    assert begin(order, idempotency_key="k1", fingerprint="f").pk == first.pk
    assert begin(order, idempotency_key="k2", fingerprint="f").pk != first.pk


def test_a_key_with_another_body_is_refused(chapa, begin, order):
    begin(order, idempotency_key="k1", fingerprint="f")
    with pytest.raises(KeyReused):
        begin(order, idempotency_key="k1", fingerprint="g")


def test_a_key_whose_call_is_under_way_is_in_use(chapa, begin, order):
    refusals = []

    def again(tx_ref):
        try:
            begin(order, idempotency_key="k1", fingerprint="f")
        except KeyInUse as refusal:
            refusals.append(refusal.retry_after)

    chapa.before["initialize"] = again
    begin(order, idempotency_key="k1", fingerprint="f")
    assert refusals == [2]


def test_a_key_whose_call_came_to_nothing_is_free_again(chapa, begin, order):
    chapa.down = True
    with pytest.raises(PaymentUnavailable):
        begin(order, idempotency_key="k1", fingerprint="f")
    chapa.down = False
    second = begin(order, idempotency_key="k1", fingerprint="f")
    assert second.status == "pending"
    assert [p.idempotency_key for p in attempts(order)] == [None, "k1"]


def test_a_key_whose_call_was_killed_is_taken_over(chapa, begin, order):
    def kill(tx_ref):
        raise KeyboardInterrupt

    chapa.before["initialize"] = kill
    with pytest.raises(KeyboardInterrupt):
        begin(order, idempotency_key="k1", fingerprint="f")
    chapa.before.clear()
    age(attempts(order)[0], created_at=timezone.now() - STARTING)
    assert begin(order, idempotency_key="k1", fingerprint="f").status == "pending"


def test_it_refuses_to_run_inside_a_transaction(chapa, begin, order):
    with pytest.raises(RuntimeError), transaction.atomic():
        begin(order)
    assert chapa.calls == []
