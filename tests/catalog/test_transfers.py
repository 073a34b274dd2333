"""/api/imports/ and /api/exports/: upload, job, report, fetch."""

from __future__ import annotations

import gzip
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import transfers
from catalog.models import Product, Transfer, TransferChunk
from inventory.models import Movement, StockItem
from tests import factories
from tests.catalog.exports import SHIRT, export, line, snapshot

pytestmark = pytest.mark.django_db
TWO = export(line(handle="a", title="A", price="5", qty=2), line(handle="b", title="B", price="x"))


def upload(client, content: str | bytes, status: int = 202, **fields):
    file = BytesIO(content if isinstance(content, bytes) else content.encode())
    file.name = "export.csv"
    answer = client.post("/api/imports/", {"file": file, **fields}, format="multipart")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_from_upload_to_report(owner, run_jobs):
    asked = upload(owner, TWO)
    assert (asked["state"], asked["file"], asked["total"], asked["position"]) == (
        "waiting", "export.csv", None, 0,
    )  # fmt: skip
    assert not Product.objects.exists()
    assert run_jobs("catalog.import") == 1
    report = owner.get(f"/api/imports/{asked['id']}/").json()
    assert report["state"] == "done"
    assert (report["format"], report["total"], report["position"]) == ("shopify", 2, 2)
    assert report["counts"] == {
        "created": 1, "updated": 0, "unchanged": 0, "rejected": 0, "rows_rejected": 1, "notices": 0,
    }  # fmt: skip
    assert report["remarks"] == [{"line": 3, "kind": "rejected", "reason": "b: “x” is not a price"}]
    assert Product.objects.get().slug == "a"
    assert not TransferChunk.objects.exists(), "an upload that was read is not kept"
    assert Movement.objects.get().user_id is not None


def test_a_name_that_no_file_system_takes(owner, run_jobs):
    """200 characters of Amharic are 600 bytes."""
    file = BytesIO(SHIRT.encode())
    file.name = "ቡና" * 95 + ".csv"
    answer = owner.post("/api/imports/", {"file": file}, format="multipart")
    assert answer.status_code == 202, answer.content
    run_jobs("catalog.import")
    assert Transfer.objects.get().state == "done"


def test_a_job_that_runs_again_does_nothing_again(owner, run_jobs):
    upload(owner, SHIRT)
    run_jobs("catalog.import")
    before = snapshot()
    transfers.run_import(transfer_id=Transfer.objects.get().pk)
    assert snapshot() == before


def test_a_dry_run_keeps_nothing_but_its_report(owner, run_jobs):
    asked = upload(owner, TWO, dry_run="true")
    run_jobs("catalog.import")
    report = owner.get(f"/api/imports/{asked['id']}/").json()
    assert (report["dry_run"], report["counts"]["created"], report["state"]) == (True, 1, "done")
    assert not Product.objects.exists()
    assert not StockItem.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "export.csv is empty."), (b"PK\x03\x04", "Excel"), (b"\x1f\x8b\x08rubbish", "damaged"),
     (b"x,y\n1,2\n", "no columns")],
)  # fmt: skip
def test_a_file_that_is_none_fails_with_a_sentence(owner, run_jobs, content, sentence):
    asked = upload(owner, content)
    run_jobs("catalog.import")
    report = owner.get(f"/api/imports/{asked['id']}/").json()
    assert report["state"] == "failed"
    assert sentence in report["problem"]
    assert "/tmp" not in report["problem"]
    assert not TransferChunk.objects.exists()


def test_a_packed_file_and_a_format_that_is_named(owner, run_jobs):
    asked = upload(owner, gzip.compress(SHIRT.encode()), format="shopify")
    run_jobs("catalog.import")
    assert owner.get(f"/api/imports/{asked['id']}/").json()["counts"]["created"] == 1
    asked = upload(owner, SHIRT, format="nexus")
    run_jobs("catalog.import")
    assert "needs the columns" in owner.get(f"/api/imports/{asked['id']}/").json()["problem"]


def test_bad_requests(owner, monkeypatch):
    assert upload(owner, TWO, 400, format="excel")["errors"][0]["field"] == "format"
    assert upload(owner, TWO, 400, colour="red")["code"] in {"unknown_field", "invalid"}
    assert owner.post("/api/imports/", {}, format="multipart").status_code == 400
    assert owner.post("/api/imports/", {"file": "x"}).status_code == 415
    monkeypatch.setattr(transfers, "MAX_UPLOAD", 10)
    assert upload(owner, TWO, 413)["code"] == "body_too_large"
    assert not Transfer.objects.exists()


def test_who_may(clerk, customer, api):
    needed = ["import_products", "add_product", "change_product", "change_price", "add_stockitem"]
    for missing in range(len(needed)):
        upload(clerk(*needed[:missing], *needed[missing + 1 :]), TWO, 403)
    importer = clerk(*needed)
    upload(importer, TWO)
    upload(importer, TWO, 403, set_stock="true")
    upload(clerk(*needed, "change_stockitem"), TWO, set_stock="true")
    upload(customer, TWO, 403)
    upload(api, TWO, 401)
    assert importer.get("/api/exports/").status_code == 403
    assert clerk("export_products").get("/api/exports/").status_code == 200


def test_from_wish_to_file(owner, run_jobs, customer, api):
    product = factories.variant(stock=3, product_name="Jebena").product
    draft = factories.variant(product_name="Draft").product
    Product.objects.filter(pk=draft.pk).update(is_published=False)
    answer = owner.post("/api/exports/", {"filters": {"status": "published"}})
    assert answer.status_code == 202
    address = f"/api/exports/{answer.json()['id']}/"
    assert answer.json()["file_url"] is None
    assert owner.get(f"{address}file/").status_code == 404
    run_jobs("catalog.export")
    report = owner.get(address).json()
    assert (report["state"], report["written"]) == ("done", 1)
    assert report["file_url"].endswith(f"{address}file/")
    fetched = owner.get(f"{address}file/")
    text = b"".join(fetched.streaming_content).decode()
    assert fetched["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in fetched["Content-Disposition"]
    assert text.splitlines()[0].startswith("slug,name,")
    assert product.slug in text
    assert draft.slug not in text
    assert api.get(f"{address}file/").status_code == 401
    assert customer.get(f"{address}file/").status_code == 403


def test_an_export_goes_on_behind_its_last_portion(owner, monkeypatch):
    for number in range(5):
        factories.variant(product_name=f"P{number}")
    monkeypatch.setattr("catalog.exporting.loading.PORTION", 2)
    made = []
    for kill in (False, True):
        transfer = transfers.request_export(
            format_="nexus", kind="jsonl", filters={}, by=transfers._author(Transfer())
        )
        if kill:
            create = TransferChunk.objects.create

            def dies_at_two(create=create, **fields):
                if fields["number"] == 2:
                    raise KeyboardInterrupt
                return create(**fields)

            monkeypatch.setattr(TransferChunk.objects, "create", dies_at_two)
            with pytest.raises(KeyboardInterrupt):
                transfers.run_export(transfer_id=transfer.pk)
            transfer.refresh_from_db()
            assert (transfer.state, transfer.counts["written"]) == ("running", 2)
            monkeypatch.setattr(TransferChunk.objects, "create", create)
        transfers.run_export(transfer_id=transfer.pk)
        transfer.refresh_from_db()
        assert transfer.counts["written"] == 5
        made.append(b"".join(transfers.content_of(transfer)))
    assert made[0] == made[1]
    assert made[0].count(b"\n") == 5


def test_filters_that_are_none(owner):
    answer = owner.post("/api/exports/", {"filters": {"category": "nowhere"}})
    assert (answer.status_code, answer.json()["code"]) == (400, "does_not_exist")
    assert owner.post("/api/exports/", {"format": "shopify", "kind": "jsonl"}).status_code == 400
    assert owner.post("/api/exports/", {"filters": {"colour": "red"}}).status_code == 400


@pytest.mark.parametrize("direction", ["import", "export"])
def test_a_list_costs_the_same_at_many(owner, direction):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = owner.get(f"/api/{direction}s/?page_size=100")
        assert answer.status_code == 200
        assert "remarks" not in answer.json()["results"][0]
        return len(queries)

    Transfer.objects.create(direction=direction, format="nexus")
    one = statements()
    Transfer.objects.bulk_create(Transfer(direction=direction, format="nexus") for _ in range(30))
    assert statements() == one
    assert owner.get("/api/imports/00000000-0000-7000-8000-000000000000/").status_code == 404


def test_what_has_had_its_time_goes(owner):
    now = timezone.now()
    old = Transfer.objects.create(
        direction="export", state="done", format="nexus", finished_at=now - timedelta(days=8)
    )
    stuck = Transfer.objects.create(direction="import", state="running", format="nexus")
    gone = Transfer.objects.create(direction="import", state="done", format="nexus")
    fresh = Transfer.objects.create(
        direction="export", state="done", format="nexus", finished_at=now
    )
    for transfer in (old, stuck, fresh):
        TransferChunk.objects.create(transfer=transfer, number=0, content=b"x")
    Transfer.objects.filter(pk=stuck.pk).update(created_at=now - timedelta(days=2))
    Transfer.objects.filter(pk=gone.pk).update(created_at=now - timedelta(days=91))
    transfers.prune()
    assert list(TransferChunk.objects.values_list("transfer", flat=True)) == [fresh.pk]
    assert Transfer.objects.get(pk=stuck.pk).state == "failed"
    assert not Transfer.objects.filter(pk=gone.pk).exists()


def test_the_admin_shows_them(client):
    Transfer.objects.create(direction="import", format="nexus", file="a.csv")
    client.force_login(factories.staff())
    assert b"a.csv" in client.get("/admin/catalog/transfer/").content
