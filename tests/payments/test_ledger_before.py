"""What was paid before there was a ledger is posted once, by a migration, as the verbs would have done."""

from __future__ import annotations

import importlib
from collections import Counter
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from ledger.models import Entry
from orders.models import CancelReason
from payments import bookkeeping
from tests.payments.conftest import make_variant, place_order
from tests.payments.test_ledger import ask, end, of_the_ledger


@pytest.fixture
def busy(real_db, chapa, begin):
    """A paid order, one with a surplus besides, one whose money came too late, a free one, one waiting."""
    variant = make_variant(stock=100)

    def paid(quantity: int):
        made = begin(place_order(variant, quantity=quantity))
        chapa.pay(made.reference)
        return ask(made)

    paid(1)
    late = begin(place_order(variant, quantity=2))
    end(late.order, CancelReason.STAFF)
    chapa.pay(late.reference, charge=None)
    ask(late)
    first = begin(place_order(variant, quantity=3))
    chapa.fail(first.reference)
    ask(first)
    second = begin(first.order)
    for one in (first, second):
        chapa.pay(one.reference)
        ask(one)
    place_order(make_variant(price="0.00"))
    begin(place_order(variant))
    return paid


def contents() -> dict:
    return {
        (entry.kind, entry.key, entry.order): (
            entry.actor,
            Counter((p.account_id, p.currency, p.amount) for p in entry.postings.all()),
        )
        for entry in Entry.objects.prefetch_related("postings")
    }


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_posting, ledger_entry")


migration = importlib.import_module("payments.migrations.0003_post_what_was_paid")


def migrate() -> None:
    with connection.schema_editor(atomic=False) as editor:
        migration.post_what_was_paid(apps, editor)


@pytest.mark.parametrize("portion", [1, 2, 5000])
def test_the_migration_posts_exactly_what_the_verbs_post(busy, monkeypatch, portion):
    monkeypatch.setattr(migration, "PORTION", portion)
    posted = contents()
    times = dict(Entry.objects.filter(kind="payment.received").values_list("key", "occurred_at"))
    assert Counter(kind for kind, _, _ in posted) == {
        "payment.received": 2, "payment.unassigned": 2, "order.sold": 2
    }  # fmt: skip
    forget()
    assert of_the_ledger()
    for _ in range(2):  # and again, which changes nothing
        migrate()
        assert contents() == posted
        assert of_the_ledger() == []
    now = dict(Entry.objects.filter(kind="payment.received").values_list("key", "occurred_at"))
    assert now == times


def test_what_the_release_before_settles_meanwhile_is_found_and_posted(busy):
    forget()
    migrate()
    before = contents()
    busy(4)
    late = Entry.objects.exclude(
        pk__in=Entry.objects.filter(note__startswith="posted later").values("pk")
    )
    pks = list(late.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM ledger_posting WHERE entry_id = ANY (%s)", [pks])
        cursor.execute("DELETE FROM ledger_entry WHERE id = ANY (%s)", [pks])
        cursor.execute("ALTER TABLE ledger_posting ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    assert contents() == before
    assert len(of_the_ledger()) == 2
    out = StringIO()
    call_command("book_missing", stdout=out, stderr=StringIO())
    assert out.getvalue() == "2 entries posted.\n"
    assert of_the_ledger() == []
    assert bookkeeping.book_missing() == 0
    assert len(contents()) == len(before) + 2
