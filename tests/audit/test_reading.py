"""The log in the API and in the admin: found, shown, taken away by those who may."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from account.models import ApiKey
from audit import exporting
from audit.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/api/audit/"
LIST = "/admin/audit/auditentry/"


def entry(**fields) -> AuditEntry:
    return AuditEntry.objects.create(**{"actor_kind": "system", "action": "thing.done", **fields})


@pytest.fixture
def boss():
    return factories.staff(email="boss@nexus.shop")


@pytest.fixture
def reader(permit):
    """Reads the log, and may do nothing else."""
    person = permit(factories.user(is_staff=True), "view_auditentry")
    client = APIClient()
    client.force_authenticate(person)
    return client


@pytest.fixture
def desk(boss):
    client = Client()
    client.force_login(boss)
    AuditEntry.objects.all()
    return client


def found(client, **query) -> list[str]:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [row["action"] for row in answer.json()["results"]]


# --- the API ----------------------------------------------------------------------------------


def test_only_those_whose_role_grants_it(api, permit):
    assert api.get(URL).status_code == 401
    api.force_authenticate(factories.user())
    assert api.get(URL).status_code == 403
    api.force_authenticate(permit(factories.user(is_staff=True), "view_order"))
    assert api.get(URL).status_code == 403


def test_an_entry_as_the_api_shows_it(reader):
    person = factories.staff()
    made = entry(
        actor_kind="staff", actor_id=person.pk, address="10.0.0.7", request_id="r" * 16, action="variant.updated",
        target_table="catalog_variant", target_id="5", target_public_id="SKU-5",
        changes={"price": {"from": "1.00", "to": "2.00"}}, details={"product_id": 4},
    )  # fmt: skip
    shown = reader.get(URL, {"action": "variant.updated"}).json()["results"]
    assert shown == [
        {
            "id": made.pk,
            "created_at": shown[0]["created_at"],
            "actor": {"kind": "staff", "user": str(person.public_id), "key": None, "name": ""},
            "address": "10.0.0.7",
            "request_id": "r" * 16,
            "action": "variant.updated",
            "target": {"table": "catalog_variant", "row": "5", "id": "SKU-5"},
            "outcome": "done",
            "changes": {"price": {"from": "1.00", "to": "2.00"}},
            "details": {"product_id": 4},
        }
    ]


def test_filters(reader):
    person = factories.staff()
    entry(
        action="a.one",
        actor_kind="staff",
        actor_id=person.pk,
        target_table="t",
        target_id="770000000077",
    )
    entry(action="a.two", outcome="refused", target_public_id="770000000077")
    entry(action="security.three", request_id="x" * 20)
    entry(action="a.four", created_at=timezone.now() - timedelta(days=3))
    assert found(reader, actor=person.public_id) == ["a.one"]
    assert found(reader, actor="019a0000-0000-7000-8000-000000000000") == []
    assert "a.one" in found(reader, actor_kind="staff")
    assert found(reader, action="a.two") == ["a.two"]
    assert "a.two" not in found(reader, action="security.")
    assert "security.three" in found(reader, action="security.")
    assert sorted(found(reader, target="770000000077")) == ["a.one", "a.two"]
    assert found(reader, table="t") == ["a.one"]
    assert "a.two" in found(reader, outcome="refused")
    assert found(reader, request_id="x" * 20) == ["security.three"]
    then = (timezone.now() - timedelta(days=1)).isoformat()
    assert found(reader, created_before=then) == ["a.four"]
    assert "a.four" not in found(reader, created_after=then)
    assert reader.get(URL, {"actor": "nobody"}).status_code == 400
    assert reader.get(URL, {"outcome": "lost"}).status_code == 400


def test_what_an_api_key_did_is_found_by_the_id_that_its_owner_knows(reader, desk):
    key = ApiKey.objects.create(name="Till", scopes=["catalog:read"])
    entry(action="api.patch", actor_kind="key", key_id=key.pk, actor_name="Till")
    entry(action="api.post", actor_kind="key", key_id=key.pk + 1, actor_name="Till")
    shown = reader.get(URL, {"actor": key.public_id}).json()["results"]
    assert [row["action"] for row in shown] == ["api.patch"]
    assert shown[0]["actor"]["key"] == str(key.public_id)
    page = desk.get(LIST, {"q": str(key.public_id)}).content.decode()
    assert "api.patch" in page
    assert "api.post" not in page


def test_the_list_is_walked_by_cursor_newest_first(reader):
    AuditEntry.objects.bulk_create(
        AuditEntry(actor_kind="system", action="thing.done", target_public_id=str(number))
        for number in range(7)
    )
    seen, url = [], f"{URL}?page_size=3&action=thing.done"
    while url:
        page = reader.get(url).json()
        seen += [row["target"]["id"] for row in page["results"]]
        url = page["next"]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_list_costs_the_same_for_one_and_many(reader):
    people = [factories.staff() for _ in range(20)]

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(URL, {"action": "thing.done"}).status_code == 200
        return len(queries)

    entry(actor_kind="staff", actor_id=people[0].pk)
    one = cost()
    for person in people:
        entry(actor_kind="staff", actor_id=person.pk)
    assert cost() == one <= 3


def test_the_log_is_written_by_nobody_through_the_api(boss):
    client = APIClient()
    client.force_authenticate(boss)
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(URL, {"action": "mine"}).status_code == 405


# --- the admin --------------------------------------------------------------------------------


def test_the_admin_lists_and_shows_entries(desk, boss):
    row = entry(
        actor_kind="staff", actor_id=boss.pk, action="variant.updated", target_table="catalog_variant", target_id="5",
        target_public_id="SKU-5", changes={"price": {"from": "<b>1.00</b>", "to": "2.00"}},
    )  # fmt: skip
    page = desk.get(LIST).content.decode()
    assert "boss@nexus.shop" in page
    assert "variant SKU-5" in page
    detail = desk.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "2.00" in detail
    assert "<b>1.00</b>" not in detail
    assert "boss@nexus.shop" in detail


def test_the_admin_changes_nothing(desk):
    row = entry()
    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.post(f"{LIST}{row.pk}/change/", {"action": "other"}).status_code == 403
    assert desk.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(LIST, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    row.refresh_from_db()
    assert row.action == "thing.done"


def rows_of(desk, **query) -> list[str]:
    answer = desk.get(LIST, query)
    assert answer.status_code == 200, answer
    return [row.action for row in answer.context["cl"].result_list]


def test_finding_in_the_admin(desk, boss):
    entry(action="a.one", target_table="catalog_variant", target_id="901", target_public_id="SKU-1")
    entry(action="security.two", outcome="refused")
    entry(action="a.three", actor_kind="staff", actor_id=boss.pk, request_id="q" * 20)
    entry(action="api.post", created_at=timezone.now() - timedelta(days=40))
    assert rows_of(desk, q="901") == ["a.one"]
    assert rows_of(desk, q="SKU-1") == ["a.one"]
    assert rows_of(desk, q="q" * 20) == ["a.three"]
    assert "a.three" in rows_of(desk, q="Boss@Nexus.shop")
    assert rows_of(desk, q="nobody@nexus.shop") == []
    assert rows_of(desk, sort="security", outcome__exact="refused") == ["security.two"]
    assert "a.one" in rows_of(desk, sort="changes")
    assert "api.post" in rows_of(desk, sort="actions")
    assert rows_of(desk, table="catalog_variant") == ["a.one"]
    assert "a.three" in rows_of(desk, actor_kind__exact="staff")
    month_ago = (timezone.now() - timedelta(days=39)).isoformat()
    assert rows_of(desk, created_at__lt=month_ago) == ["api.post"]


def test_the_admins_list_costs_the_same_for_one_and_many(desk):
    people = [factories.staff() for _ in range(20)]

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            rows_of(desk, q="thing.done")
        return len(queries)

    entry(actor_kind="staff", actor_id=people[0].pk)
    one = cost()
    for person in people:
        entry(actor_kind="staff", actor_id=person.pk)
    assert cost() == one


# --- taking it away ---------------------------------------------------------------------------


def export(client, **query):
    answer = client.get(f"{LIST}export/", query)
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content).decode()


def test_csv_is_what_the_list_shows_and_no_cell_is_a_formula(desk):
    entry(actor_name="=cmd|' /C calc'!A0", target_id="55")
    entry(target_public_id="@SUM(A1)", target_id="55")
    entry(target_id="56")
    text = export(desk, **{"as": "csv", "q": "55"})
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["target_public_id"] for row in rows] == ["'@SUM(A1)", ""]
    assert rows[1]["actor_name"] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_every_beginning_of_a_formula_is_blunted(start):
    assert exporting.inert(f"{start}1").startswith("'")
    assert exporting.inert(f"1{start}") == f"1{start}"


def test_json_lines_hold_everything_in_portions(desk, monkeypatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    made = [entry(target_public_id="PORTIONS", details={"n": number}) for number in range(7)]
    lines = [
        json.loads(line) for line in export(desk, **{"as": "jsonl", "q": "PORTIONS"}).splitlines()
    ]
    assert [line["id"] for line in lines] == [row.pk for row in reversed(made)]
    assert lines[0]["details"] == {"n": 6}


def test_an_export_is_recorded_and_needs_its_own_permission(desk, boss, permit):
    export(desk, **{"as": "csv"})
    taken = AuditEntry.objects.get(action="audit.exported")
    assert (taken.actor_id, taken.outcome) == (boss.pk, "done")
    client = Client()
    client.force_login(permit(factories.user(is_staff=True), "view_auditentry"))
    assert "Export" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}export/?as=csv").status_code == 403
    assert AuditEntry.objects.filter(action="audit.exported").count() == 1
    assert "Export CSV" in desk.get(LIST).content.decode()


def test_an_unknown_format_is_a_404(desk):
    assert desk.get(f"{LIST}export/?as=exe").status_code == 404
