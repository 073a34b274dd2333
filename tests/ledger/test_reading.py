"""The ledger in the API, in the admin and on the command line: for those who may, and to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ledger.models import Entry
from tests import factories
from tests.ledger.conftest import line, pair, post

pytestmark = pytest.mark.django_db
SPRING = datetime(2026, 3, 1, tzinfo=UTC)
DOORS = ["accounts/", "entries/", "trial-balance/"]


@pytest.fixture
def reader(permit):
    """Reads the ledger, and may do nothing else."""
    person = permit(factories.user(is_staff=True), "view_entry")
    client = APIClient()
    client.force_authenticate(person)
    return client


def get(client, path: str, status: int = 200, **query):
    answer = client.get(f"/api/ledger/{path}", query)
    assert answer.status_code == status, answer.content
    return answer.json()


@pytest.mark.parametrize("door", DOORS)
def test_nobody_else_reads_it(api, door, permit):
    assert get(api, door, 401)["code"] == "not_authenticated"
    api.force_authenticate(factories.user())
    get(api, door, 403)
    api.force_authenticate(permit(factories.user(is_staff=True), "view_order", "view_payment"))
    get(api, door, 403)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_it(reader, door, method):
    assert getattr(reader, method)(f"/api/ledger/{door}", {}, format="json").status_code == 405


def test_the_trial_balance(reader):
    post("1", pair("100.00"), occurred_at=SPRING)
    post("2", [line("customers.prepaid", "100"), line("sales", "-86.96"), line("tax.vat", "-13.04")],
         occurred_at=SPRING + timedelta(days=1))  # fmt: skip
    post("3", pair("7", "UGX"), occurred_at=SPRING)
    (etb, ugx) = get(reader, "trial-balance/")["currencies"]
    assert (etb["currency"], etb["is_balanced"]) == ("ETB", True)
    assert etb["debit"] == etb["credit"] == {"amount": "100.00", "currency": "ETB"}
    assert {row["account"]: (row["debit"]["amount"], row["credit"]["amount"]) for row in etb["accounts"]} == {
        "customers.prepaid": ("0.00", "0.00"), "gateway.chapa": ("100.00", "0.00"), "sales": ("0.00", "86.96"),
        "tax.vat": ("0.00", "13.04"),
    }  # fmt: skip
    assert ugx["credit"] == {"amount": "7", "currency": "UGX"}
    (before,) = get(reader, "trial-balance/", at="2026-03-01T12:00:00Z", currency="ETB")["currencies"]  # fmt: skip
    assert [row["account"] for row in before["accounts"]] == ["customers.prepaid", "gateway.chapa"]
    assert get(reader, "trial-balance/", at="2026-02-01T00:00:00Z")["currencies"] == []


@pytest.mark.parametrize("query", [{"at": "yesterday"}, {"currency": "birr"}, {"currency": "etb"}])
@pytest.mark.parametrize("door", ["accounts/", "trial-balance/"])
def test_a_moment_and_a_currency_that_are_none_are_refused(reader, door, query):
    (field,) = query
    assert get(reader, door, 400, **query)["errors"][0]["field"] == field


def test_accounts_with_what_they_hold(reader):
    post("1", pair("100.00"))
    rows = {row["code"]: row for row in get(reader, "accounts/")["results"]}
    assert rows["gateway.chapa"]["balances"] == [{"amount": "100.00", "currency": "ETB"}]
    assert rows["customers.prepaid"]["balances"] == [{"amount": "-100.00", "currency": "ETB"}]
    assert rows["bank"] == {
        "code": "bank", "name": "Bank", "kind": "asset", "is_active": True, "balances": []
    }  # fmt: skip


def test_entries_are_found_by_what_they_are_about(reader):
    order = uuid4()
    first = post("REF-1", pair("10.00"), order=order, occurred_at=SPRING, note="by hand")
    post("REF-2", [line("bank", "5"), line("gateway.chapa", "-5")], kind="test.paid_out",
         occurred_at=SPRING + timedelta(days=1))  # fmt: skip

    def keys(**query):
        return [row["key"] for row in get(reader, "entries/", **query)["results"]]

    assert keys() == ["REF-2", "REF-1"]
    assert keys(ordering="occurred_at") == ["REF-1", "REF-2"]
    assert keys(kind="test.paid_out") == keys(account="bank") == keys(key="REF-2") == ["REF-2"]
    assert keys(account="gateway.chapa") == ["REF-2", "REF-1"]
    assert keys(order=order) == keys(occurred_before="2026-03-02T00:00:00Z") == ["REF-1"]
    assert keys(occurred_after="2026-03-02T00:00:00Z") == ["REF-2"]
    assert keys(order=uuid4()) == keys(account="nothing") == []
    get(reader, "entries/", 400, order="x")
    shown = get(reader, f"entries/{first.public_id}/")
    assert shown == {
        "id": str(first.public_id), "kind": "test.posted", "key": "REF-1", "note": "by hand", "order": str(order),
        "occurred_at": "2026-03-01T00:00:00Z", "created_at": shown["created_at"], "actor": "system",
        "postings": [
            {"account": "gateway.chapa", "amount": {"amount": "10.00", "currency": "ETB"}},
            {"account": "customers.prepaid", "amount": {"amount": "-10.00", "currency": "ETB"}},
        ],
    }  # fmt: skip
    get(reader, f"entries/{uuid4()}/", 404)


@pytest.mark.parametrize("door", DOORS)
def test_as_many_statements_for_many_rows_as_for_one(reader, door):
    post("0")
    get(reader, door)  # warm: content types and the like

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            get(reader, door)
        return len(caught)

    once = statements()
    for number in range(1, 40):
        post(str(number), pair(f"{number}.00", "ETB" if number % 2 else "USD"))
    assert statements() == once <= 4


def test_a_currency_that_only_psql_knows_is_shown_all_the_same(reader):
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH entry AS (INSERT INTO ledger_entry (public_id, kind, key, actor)"
            " VALUES (gen_random_uuid(), 'raw', '1', 'x')"
            " RETURNING id) INSERT INTO ledger_posting (entry_id, account, currency, amount)"
            " SELECT id, account, 'XTS', amount FROM entry, (VALUES ('bank', 1.5), ('sales', -1.5)) line (account, amount)"
        )
    for door in DOORS:
        assert '"1.50"' in str(get(reader, door)).replace("'", '"')
    call_command("trial_balance", stdout=StringIO())


# --- the admin ------------------------------------------------------------------------------------


def test_the_admin_shows_it_and_changes_nothing(permit):
    entry = post("REF-1", pair("10.00"))
    client = Client()
    client.force_login(permit(factories.user(is_staff=True), "view_entry"))
    assert "REF-1" in client.get("/admin/ledger/entry/?q=REF-1").content.decode()
    page = client.get(f"/admin/ledger/entry/{entry.pk}/change/")
    assert "customers.prepaid" in page.content.decode()
    assert "gateway.chapa" in client.get("/admin/ledger/account/").content.decode()
    for path in (f"entry/{entry.pk}/change/", f"entry/{entry.pk}/delete/", "entry/add/", "account/add/"):  # fmt: skip
        assert client.post(f"/admin/ledger/{path}", {}).status_code == 403
    assert Entry.objects.count() == 1


# --- the command ----------------------------------------------------------------------------------


def printed(*args: str) -> str:
    out = StringIO()
    call_command("trial_balance", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_a_table_or_a_file():
    assert printed() == "Nothing is posted.\n"
    post("1", pair("1234.50"), occurred_at=SPRING)
    table = printed().splitlines()
    assert [row.split() for row in table if row] == [
        ["ETB", "debit", "credit"],
        ["customers.prepaid", "Money", "of", "customers", "1234.50"],
        ["gateway.chapa", "Chapa", "1234.50"],
        ["1234.50", "1234.50"],
    ]
    assert printed("--csv") == (
        "currency,account,name,kind,debit,credit\n"
        "ETB,customers.prepaid,Money of customers,liability,0.00,1234.50\n"
        "ETB,gateway.chapa,Chapa,asset,1234.50,0.00\n"
    )
    assert printed("--currency", "USD") == "Nothing is posted.\n"


def test_a_day_ends_when_it_ends_in_the_shop():
    """Addis Ababa is three hours ahead: its second of March begins at 21:00 UTC on the first."""
    post("1", pair("1.00"), occurred_at=SPRING + timedelta(hours=20, minutes=59))
    post("2", pair("10.00"), occurred_at=SPRING + timedelta(hours=21))
    assert "1.00" in printed("--at", "2026-03-01")
    assert "11.00" not in printed("--at", "2026-03-01")
    assert "11.00" in printed("--at", "2026-03-02")
    assert "11.00" in printed("--at", "2026-03-01T21:00:00Z")
    assert "11.00" in printed("--at", "2026-03-02T00:00:00")  # in the shop's time
    for bad in ("yesterday", "2026-02-31"):
        with pytest.raises(CommandError):
            printed("--at", bad)


def test_the_command_fails_when_the_ledger_is_broken(monkeypatch):
    post("1", pair("1.00"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_posting SET amount = 2 WHERE amount > 0")
        cursor.execute("ALTER TABLE ledger_posting ENABLE TRIGGER USER")
    err = StringIO()
    with pytest.raises(SystemExit):
        call_command("trial_balance", stdout=StringIO(), stderr=err)
    assert "ETB" in err.getvalue()
