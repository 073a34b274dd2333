"""What staff write down about a customer is handed out and goes with them."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from common.actors import Actor
from orders.drafts import create_draft
from orders.models import DraftOrder, OrderNote
from orders.redaction import delete_drafts, redact_orders
from privacy.export import document_of
from privacy.subject import subject_of
from privacy.sweep import sweep_histories
from tests import factories

pytestmark = pytest.mark.django_db
STAFF = Actor("staff", name="sara")


@pytest.fixture
def hana():
    user = factories.user(email="hana@buyers.shop")
    order = factories.place(user)
    order.notes.create(text="calls back at five", actor="staff:sara")
    for fields in (
        {"customer": user.public_id},
        {"email": "HANA@buyers.shop"},
        {"note": "nobody's"},
    ):
        create_draft(fields=fields, by=STAFF)
    return user


def test_notes_and_drafts_are_handed_out(hana):
    said = json.loads(document_of(subject_of(hana)))
    assert [note["text"] for note in said["orders"][0]["notes"]] == ["calls back at five"]
    assert len(said["drafts"]) == 2


def test_they_go_with_the_customer(hana):
    subject = subject_of(hana)
    with transaction.atomic():
        redact_orders(ids=subject.order_ids, by=STAFF, note="erased")
        delete_drafts(
            user_id=hana.pk, emails=subject.known_by.emails, phones=subject.known_by.phones
        )
    [note] = OrderNote.objects.all()
    assert (note.text, note.redacted_at is not None) == ("", True)
    assert [draft.note for draft in DraftOrder.objects.all()] == ["nobody's"]


def test_staff_who_are_erased_leave_their_kind():
    sara = factories.staff()
    order = factories.place()
    by = Actor("staff", sara.pk, "sara@shop")
    order.notes.create(text="x", actor=str(by), user_id=sara.pk)
    create_draft(fields={}, by=by)
    sweep_histories(subject_of(sara))
    assert OrderNote.objects.get().actor == "staff"
    assert DraftOrder.objects.get().created_by == "staff"
