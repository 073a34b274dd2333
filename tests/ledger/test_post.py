"""`post`, `reverse`, `balances`, `statement`."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from common.actors import GATEWAY, SYSTEM, Actor
from ledger import services
from ledger.chart import CHART
from ledger.models import Account, Entry, Posting
from ledger.services import (
    Balance,
    Draft,
    LedgerError,
    PostedDifferently,
    Unbalanced,
    UnknownAccount,
    balances,
    post_many,
    reverse,
    statement,
)
from tests.ledger.conftest import line, pair, post

SPRING = datetime(2026, 3, 1, tzinfo=UTC)


def amounts(entry: Entry) -> dict[str, Decimal]:
    return {posting.account_id: posting.amount for posting in entry.postings.all()}


@pytest.mark.django_db
def test_the_chart_is_what_migrations_have_written():
    written = {(a.code, a.name, a.kind) for a in Account.objects.all()}
    assert written == {(a.code, a.name, a.kind) for a in CHART}


@pytest.mark.django_db
def test_an_entry_says_what_happened_when_and_by_whom(django_assert_num_queries):
    order = uuid4()
    with transaction.atomic(), django_assert_num_queries(1):
        entry = services.post(
            kind="payment.received", key="REF-1", lines=pair("12.50"), by=GATEWAY, note="x" * 400,
            order=order, occurred_at=SPRING,
        )  # fmt: skip
    read = Entry.objects.get()
    for name in ("pk", "public_id", "kind", "key", "note", "order", "occurred_at", "created_at"):
        assert getattr(read, name) == getattr(entry, name)
    assert (read.actor, read.user_id, read.order) == ("gateway:chapa", None, order)
    assert read.occurred_at == SPRING
    assert timezone.now() - read.created_at < timedelta(minutes=1)
    assert len(read.note) == 300
    assert amounts(read) == {
        "gateway.chapa": Decimal("12.50"), "customers.prepaid": Decimal("-12.50"),
    }  # fmt: skip


@pytest.mark.django_db
def test_people_are_named_by_the_number_of_their_account_alone():
    entry = post(by=Actor("staff", 42, "hana@shop.et"))
    read = Entry.objects.get()
    assert (read.actor, read.user_id) == ("staff", 42) == (entry.actor, entry.user_id)


@pytest.mark.django_db
def test_the_same_again_is_the_same_entry():
    first = post(lines=pair("10.00"))
    again = post(lines=[line("customers.prepaid", "-10"), line("gateway.chapa", "10.0")])
    assert again == first
    assert Posting.objects.count() == 2
    assert post(kind="test.other") != first


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "more"),
    [
        (pair("10.01"), {}),
        (pair("10.00", "USD"), {}),
        ([line("bank", "10"), line("customers.prepaid", "-10")], {}),
        ([*pair("10.00"), *pair("5.00")], {}),
        ([*pair("10.00"), *pair("10.00")], {}),
        (pair("10.00"), {"order": uuid4()}),
    ],
)
def test_the_same_key_for_something_else_is_a_mistake(lines, more):
    post(lines=pair("10.00"))
    with pytest.raises(PostedDifferently):
        post(lines=lines, **more)
    assert Posting.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], Unbalanced),
        ([line("bank", "0")], Unbalanced),
        ([line("bank", "1")], Unbalanced),
        ([line("bank", "1"), line("sales", "-0.99")], Unbalanced),
        ([line("bank", "1"), line("sales", "-1", "USD")], Unbalanced),
        ([line("bank", "0.005"), line("sales", "-0.005")], LedgerError),
        ([line("bank", "0.50", "UGX"), line("sales", "-0.50", "UGX")], LedgerError),
        ([line("bank", "1", "XXX"), line("sales", "-1", "XXX")], LedgerError),
        ([line("bank", "1E+14"), line("sales", "-1E+14")], LedgerError),
        ([line("bank", "Infinity"), line("sales", "-Infinity")], LedgerError),
        ([line("bank", "NaN"), line("sales", "NaN")], LedgerError),
        ([line("banque", "1"), line("sales", "-1")], UnknownAccount),
    ],
)
def test_what_cannot_be_an_entry_is_refused_and_writes_nothing(lines, error):
    with transaction.atomic(), pytest.raises(error):
        services.post(kind="test", key="1", lines=lines, by=SYSTEM)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_lines_of_nothing_are_left_out():
    entry = post(lines=[*pair(), line("fees.gateway", "0.00"), line("tax.vat", "-0")])
    assert entry.postings.count() == 2


@pytest.mark.django_db
def test_nothing_is_posted_to_a_closed_account():
    Account.objects.filter(code="variance").update(is_active=False)
    with pytest.raises(UnknownAccount, match="variance"):
        post(lines=[line("variance", "1"), line("bank", "-1")])


@pytest.mark.django_db(transaction=True)
def test_it_is_a_step_of_somebody_elses_transaction():
    with pytest.raises(RuntimeError):
        services.post(kind="test", key="1", lines=pair(), by=SYSTEM)
    with transaction.atomic():
        services.post(kind="test", key="1", lines=pair(), by=SYSTEM)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_kinds_are_words_and_keys_are_something():
    for bad in ({"kind": "Payment received"}, {"key": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            post(**bad)


@pytest.mark.django_db
def test_many_are_posted_in_one_statement(django_assert_num_queries):
    drafts = [
        Draft("test.many", str(n), tuple(pair(f"{n}.00")), SYSTEM, occurred_at=SPRING)
        for n in range(1, 201)
    ]
    with transaction.atomic(), django_assert_num_queries(1):
        entries = post_many(drafts)
    assert [entry.key for entry in entries] == [draft.key for draft in drafts]
    assert Posting.objects.count() == 400
    with transaction.atomic():  # and again, with one that is new and one that comes twice
        more = [*drafts, Draft("test.many", "new", tuple(pair()), SYSTEM), drafts[0]]
        again = post_many(more)
    assert again[:200] == entries
    assert again[-1] == entries[0]
    assert Entry.objects.count() == 201
    with pytest.raises(PostedDifferently), transaction.atomic():
        post_many([Draft("test.x", "1", tuple(pair()), SYSTEM), Draft("test.x", "1", tuple(pair("1")), SYSTEM)])  # fmt: skip
    assert post_many([]) == []


@pytest.mark.django_db
def test_reversing_mirrors_once_and_keeps_both():
    entry = post(lines=pair("10.00"), order=(order := uuid4()))
    with transaction.atomic():
        back = reverse(entry, by=SYSTEM)
        assert reverse(entry, by=GATEWAY) == back
    assert (back.kind, back.key, back.order) == ("reversal", str(entry.public_id), order)
    assert amounts(back) == {account: -amount for account, amount in amounts(entry).items()}
    assert all(not balance.amount for balance in balances())
    with transaction.atomic():
        reverse(back, by=SYSTEM)  # what was taken back by mistake
    assert amounts_of() == amounts(entry)


def amounts_of(**query) -> dict[str, Decimal]:
    return {balance.account: balance.amount for balance in balances(**query)}


@pytest.mark.django_db
def test_balances_by_account_currency_and_moment(django_assert_num_queries):
    assert balances() == []
    for day in range(1, 4):
        post(str(day), pair(f"{day}0.00"), occurred_at=SPRING + timedelta(days=day))
    post("usd", pair("7.00", "USD"), occurred_at=SPRING)
    post("out", [line("bank", "15"), line("gateway.chapa", "-15")], occurred_at=SPRING)
    with django_assert_num_queries(1):
        found = balances()
    assert found == [
        Balance("bank", "ETB", Decimal(15), Decimal(0)),
        Balance("customers.prepaid", "ETB", Decimal(0), Decimal(60)),
        Balance("customers.prepaid", "USD", Decimal(0), Decimal(7)),
        Balance("gateway.chapa", "ETB", Decimal(60), Decimal(15)),
        Balance("gateway.chapa", "USD", Decimal(7), Decimal(0)),
    ]
    assert [balance.amount for balance in found] == [15, -60, -7, 45, 7]
    assert amounts_of(at=SPRING + timedelta(days=2), currency="ETB") == {
        "bank": 15, "customers.prepaid": -30, "gateway.chapa": 15,
    }  # fmt: skip
    assert amounts_of(at=SPRING - timedelta(microseconds=1)) == {}


@pytest.mark.django_db
def test_a_statement_runs_and_counts_what_came_before():
    for day in (3, 1, 2):  # written in another order than it occurred
        post(str(day), pair(f"{day}0.00"), occurred_at=SPRING + timedelta(days=day))
    post("usd", pair("7.00", "USD"), occurred_at=SPRING)

    def rows(**query):
        found = statement(account="gateway.chapa", currency="ETB", **query)
        return [(row.entry.key, row.amount, row.balance) for row in found]

    assert rows() == [("1", 10, 10), ("2", 20, 30), ("3", 30, 60)]
    assert rows(since=SPRING + timedelta(days=2)) == [("2", 20, 30), ("3", 30, 60)]
    assert rows(until=SPRING + timedelta(days=2)) == [("1", 10, 10)]
    assert rows(since=SPRING + timedelta(days=2), until=SPRING + timedelta(days=3)) == [("2", 20, 30)]  # fmt: skip


# --- races ------------------------------------------------------------------------------------


def twenty(call) -> list:
    results: list = [None] * 20
    ready = threading.Barrier(20)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            ready.wait(30)
            results[index] = call(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_twenty_posts_of_one_key_at_once_are_one_entry():
    results = twenty(lambda _: post("race").pk)
    assert len(set(results)) == 1
    assert [isinstance(result, int) for result in results] == [True] * 20
    assert Posting.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_twenty_posts_of_one_key_about_different_things_are_one_entry_and_nineteen_mistakes():
    results = twenty(lambda index: post("race", pair(f"{index + 1}.00")).pk)
    assert sum(isinstance(result, PostedDifferently) for result in results) == 19
    assert Posting.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_twenty_batches_that_overlap_in_any_order_do_not_block_each_other():
    def call(index: int) -> int:
        drafts = [Draft("test.many", str(n), tuple(pair(f"{n}.00")), SYSTEM) for n in range(1, 30)]
        with transaction.atomic():
            return len(post_many(drafts if index % 2 else drafts[::-1]))

    assert twenty(call) == [29] * 20
    assert Entry.objects.count() == 29


@pytest.mark.django_db(transaction=True)
def test_control_without_the_unique_key_the_same_is_posted_twenty_times(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DROP CONSTRAINT entry_is_posted_once")
    monkeypatch.setattr(
        services, "_WRITE", services._WRITE.replace("ON CONFLICT (kind, key) DO NOTHING", "")
    )
    try:
        twenty(lambda _: post("race").pk)
        assert Posting.objects.count() == 40
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE ledger_posting, ledger_entry")
            cursor.execute(
                "ALTER TABLE ledger_entry ADD CONSTRAINT entry_is_posted_once UNIQUE (kind, key)"
            )
