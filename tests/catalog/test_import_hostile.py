"""Files that mean no good, and shops that do not stand still while a file is imported."""

from __future__ import annotations

import gzip
import threading
import tracemalloc

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from catalog.importing import grouping, reading, running
from catalog.importing.grouping import Notebook
from catalog.importing.nexus import NexusReader
from catalog.importing.reading import examine, open_table
from catalog.importing.records import Remarks
from catalog.importing.values import BadValue, guarded, read_price, unguarded
from catalog.models import Product, Variant
from common.actors import SYSTEM
from inventory import services as inventory
from inventory.models import StockItem
from orders.checkout import Contact, Item, Wishes, checkout
from tests.catalog.exports import export, line
from tests.catalog.test_export import jsonl

pytestmark = pytest.mark.django_db
HEADER = "slug,name,price,sku,options,stock\n"


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1,250.00", "1250.00"), ("1.250,00", "1250.00"), ("12,50", "12.50"), ("1.000.000,5", "1000000.50"), ("0", "0.00"),
     ("-0", "0.00"), ("1,250", "1250.00"), ("7", "7.00"), ("0.500", "0.50")],
)  # fmt: skip
def test_prices_that_are_read(text, amount):
    assert str(read_price(text)) == amount


@pytest.mark.parametrize(
    "text",
    [
        "1.250",
        "1.2.3",
        "",
        "ETB 5",
        "$5",
        "--1",
        "-1",
        "1e5000",
        "NaN",
        "9" * 60,
        "1,25,0.00",
        "٣٫٥٠",
        "1.005",
    ],
)
def test_prices_that_are_not(text):
    with pytest.raises(BadValue):
        read_price(text)


@pytest.mark.parametrize(
    "text", ["=1", "'=1", "''=1", "'", "''", "'tis", "-", "+1", "@x", "a=b", "", "'\t", "\tx"]
)
def test_what_is_guarded_is_read_as_it_was(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_more_variants_than_a_product_may_have(load, monkeypatch):
    rows = "".join(f"big,Big,1,S{n},N={n},1\n" for n in range(2049))
    said = load(HEADER + rows + "good,Good,1,G,,1\n")
    assert "Rejected: line 2: big: 2049 variants: at most 2048" in said
    assert [p.slug for p in Product.objects.all()] == ["good"]
    said = load(jsonl({"slug": "big", "name": "B", "variants": [{"price": "1", "sku": f"J{n}", "options": [{"name": "N", "value": str(n)}]} for n in range(2048)]}))  # fmt: skip  # noqa: E501
    assert "1 created" in said
    assert Variant.objects.filter(product__slug="big").count() == 2048


def test_a_line_without_end_costs_no_memory(load, tmp_path):
    path = tmp_path / "line.csv"
    with path.open("w") as file:
        file.write(HEADER + "a,A,1,A,,1\nb,")
        for _ in range(60):
            file.write("x" * 1_000_000)
        file.write("\nc,C,1,C,,1\n")
    tracemalloc.start()
    with Notebook() as notebook:
        remarks = Remarks()
        reader = NexusReader(open_table(examine(path)), remarks)
        notebook.learn(reader.table, reader.key)
        groups = [
            group.key for group in notebook.grouped(reader.table, reader.key, remarks, what="slug")
        ]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert groups == ["a", "c"]
    assert "more than 4,000,000 characters" in str(remarks.rejected[0])
    assert remarks.rejected[0].line == 3
    assert peak < 40_000_000, peak


def test_a_line_of_json_without_end(load):
    good = jsonl({"slug": "c", "name": "C", "variants": [{"price": "1"}]})
    said = load('{"slug": "' + "x" * 5_000_000 + '"}\n' + good)
    assert "Rejected: line 1: more than 4,000,000 bytes" in said
    assert "1 created" in said


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch, load):
    monkeypatch.setattr(reading, "SMALL", 1_000_000)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(HEADER.encode() + b"0" * 50_000_000))
    with pytest.raises(reading.FileRefused, match="more than a catalogue"):
        examine(path)
    whole = gzip.compress((HEADER + "a,A,1,A,,1\n").encode())
    assert "1 created" in load(whole)
    assert "damaged" in load(whole[:-9], fails=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "not JSON"), ("[1]", "write one product per line"), ('{"slug": "a"}', "variants: a list"),
        ('{"slug": "a", "name": "A", "variants": []}', "no variant"),
        ('{"slug": "A b", "name": "A", "variants": [{"price": "1"}]}', "is not a slug"),
        ('{"slug": "a", "variants": [{"price": "1"}]}', "no name"),
        ('{"slug": "a", "name": {"x": 1}, "variants": [{"price": "1"}]}', "is not a text"),
        ('{"slug": "a", "name": "A", "variants": [{"price": true}]}', "is not a text"),
        ('{"slug": "a", "name": "A", "variants": [{"price": [1]}]}', "is not a text"),
        ('{"slug": "a", "name": "A", "variants": [{"price": "1", "options": {"a": 1}}]}', "a list of objects"),
        ('{"slug": "a", "name": "A", "variants": [{"price": "1", "parts": [{"sku": ""}]}]}', "a SKU"),
        ('{"slug": "a", "name": "A", "variants": [{"price": "1", "prices": [{"amount": "1", "currency": "XXX"}]}]}', "no currency"),  # noqa: E501
        ('{"slug": "a", "name": "A", "variants": [{"price": "1", "prices": [{"amount": "2", "is_sale": true}]}]}', "is not below"),  # noqa: E501
        ('{"slug": "a", "name": "A", "publish_from": "soon", "variants": [{"price": "1"}]}', "no moment"),
        ('{"slug": "a", "name": "A", "publish_from": "2027-01-01T00:00:00Z", "publish_until": "2026-01-01T00:00:00Z", "variants": [{"price": "1"}]}', "is not after"),  # noqa: E501
        ('{"slug": "a", "name": "A", "attributes": {"x": 1}, "variants": [{"price": "1"}]}', "without a product type"),
        ('{"slug": "a", "name": "A", "product_type": "T", "attributes": {"x": 1}, "variants": [{"price": "1"}]}', "no attribute"),  # noqa: E501
        ('{"slug": "a", "name": "A", "collections": ["nowhere"], "variants": [{"price": "1"}]}', "no collection"),
        ('{"slug": "a", "name": "A", "translations": {"am": "x"}, "variants": [{"price": "1"}]}', "translations"),
        ("{" * 5000, "not JSON"), ('{"slug": "\\ud800", "name": "A", "variants": [{"price": "1"}]}', "not JSON"),
    ],
)  # fmt: skip
def test_lines_that_say_nothing_usable(load, text, reason):
    good = jsonl({"slug": "good", "name": "G", "variants": [{"price": "1"}]})
    if text.startswith("["):
        assert reason in load(text, fails=True)
        return
    said = load(good + text + "\n") if not text.startswith("not") else load(good + text)
    assert reason in said, said
    assert "Rejected: line 2" in said
    assert [p.slug for p in Product.objects.all()] == ["good"]


def test_emoji_geez_and_nothing_characters(load):
    load(
        export(
            line(handle="ቡና-ቤት", title="☕\x00 ቡና 🇪🇹", price="1"),
            line(handle="🔥", title="Fire", price="1"),
        )
    )
    names = set(Product.objects.values_list("name", flat=True))
    assert names == {"☕ ቡና 🇪🇹", "Fire"}
    load(jsonl({"slug": "n", "name": "N\x00ul ℵ", "variants": [{"price": "1", "sku": "ስ-1"}]}))
    assert Product.objects.get(slug="n").name == "Nul ℵ"


@pytest.mark.parametrize(
    ("cells", "published"),
    [({"published": "true", "status": "active"}, True), ({"published": "true"}, False), ({"status": "draft"}, False), ({}, False)],  # noqa: E501
)  # fmt: skip
def test_nothing_is_given_away_by_the_way(load, cells, published):
    text = export(line(handle="a", title="A", price="0.00", **cells))
    said = load(text)
    assert Product.objects.get().is_published is published
    assert ("imported as a draft" in said) == (not published and cells.get("status") != "draft")
    assert "1 unchanged" in load(text)


def test_a_price_that_falls_to_nothing_is_taken_from_sale_unless_staff_say_otherwise(load):
    load(export(line(handle="a", title="A", price="5", published="true")))
    free = export(line(handle="a", title="A", price="0", published="true"))
    assert "imported as a draft" in load(free)
    assert not Product.objects.get().is_published
    Product.objects.update(is_published=True)
    assert "1 unchanged" in load(free)
    assert Product.objects.get().is_published


def test_rows_without_a_slug_find_their_variant_by_its_sku(load):
    load(HEADER + "a,A,5,A-1,Size=S,3\na,,6,A-2,Size=L,3\n")
    said = load("sku,price,stock\nA-2,7.50,9\nNONE,1,1\n", "--set-stock")
    assert "0 created, 1 updated, 0 unchanged. Rows rejected: 1" in said, said
    variant = Variant.objects.get(sku="A-2")
    assert (str(variant.price), variant.stock_item.on_hand, variant.options) == (
        "7.50", 9, [{"name": "Size", "value": "L"}],
    )  # fmt: skip
    assert "1 unchanged" in load("sku,price,stock\nA-2,7.50,9\n", "--set-stock")


def test_a_product_that_the_database_refuses_is_rejected_alone(load, monkeypatch):
    rows = [
        {"slug": f"p{n}", "name": "P", "variants": [{"price": "1", "sku": f"P{n}"}]}
        for n in range(9)
    ]
    plan = running.Planner.plan

    def spoils_one(self, record):
        found = plan(self, record)
        if record.slug == "p4":
            found.product["slug"] = "Not A Slug"
        return found

    monkeypatch.setattr(running.Planner, "plan", spoils_one)
    said = load(jsonl(*rows))
    assert "8 created" in said
    assert "Rejected: line 5: p4: refused: product slug is lowercase ascii" in said
    assert Product.objects.count() == 8


def test_scattered_rows_of_many_products(load, monkeypatch):
    rows = [f"p{n % 30},P,1,S{n},N={n},1" for n in range(120)]
    assert "30 created" in load(HEADER + "\n".join(rows))
    assert Variant.objects.count() == 120
    monkeypatch.setattr(grouping, "MAX_ROWS", 3)
    said = load(HEADER + "\n".join(rows), fails=True)
    assert said.count("variants: at most 2048") == 30


def test_what_the_import_leaves_is_what_triggers_would_have_made(load):
    load(jsonl(*(
        {"slug": f"p{n}", "name": f"P {n}", "brand": f"B{n % 2}" if n % 3 else "", "tags": ["x"] * (n % 2), "is_published": n != 4,  # noqa: E501
         "variants": [{"sku": f"P{n}-{v}", "price": str(n + v), "stock": v, "options": [{"name": "N", "value": str(v)}]} for v in range(n % 3 + 1)]}  # noqa: E501
        for n in range(8)
    )))  # fmt: skip

    def derived():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, min_price, in_stock, sku_list, variant_count, brand_id, tokens, search, further_words, version"
                " FROM catalog_product ORDER BY id"
            )
            products = cursor.fetchall()
            cursor.execute("SELECT product_id, price, currency FROM catalog_offer ORDER BY 1, 2")
            offers = cursor.fetchall()
            cursor.execute("SELECT * FROM catalog_traits ORDER BY id")
            return products, offers, cursor.fetchall()

    before = derived()
    assert {row[-1] for row in before[0]} == {1}, "no product was written twice"
    ids = [row[0] for row in before[0]]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product SET tokens = '{}', sku_list = '', in_stock = NOT in_stock, min_price = 77"
        )
        for function in ("products", "tokens", "offers", "traits"):
            cursor.execute(f"SELECT catalog_refresh_{function}(%s::bigint[])", [ids])
    after = derived()
    assert [row[:-1] for row in after[0]] == [row[:-1] for row in before[0]]
    assert after[1:] == before[1:]


@pytest.mark.django_db(transaction=True)
def test_checkouts_and_edits_while_a_file_is_imported(tmp_path, settings):
    """Neither deadlocks nor lost stock: what was sold meanwhile is sold, and the file's prices are there."""
    products = [{"slug": f"p{n}", "name": "P", "is_published": True, "variants": [{"price": "10", "sku": f"P{n}", "stock": 50}]} for n in range(20)]  # fmt: skip  # noqa: E501
    path = tmp_path / "a.jsonl"
    path.write_text(jsonl(*products))
    call_command("import_products", str(path))
    ids = list(Variant.objects.order_by("pk").values_list("pk", flat=True))
    items = list(StockItem.objects.order_by("pk").values_list("pk", flat=True))
    sold, problems, stop = [], [], threading.Event()

    def guarded_loop(work):
        def run():
            try:
                while not stop.is_set():
                    work()
            except Exception as problem:
                problems.append(problem)
            finally:
                connection.close()

        return threading.Thread(target=run)

    def buy():
        with transaction.atomic():
            checkout(
                items=[Item(quantity=1, variant_id=pk) for pk in reversed(ids[:6])], owner=None,
                contact=Contact(phone="+251911234567"), wishes=Wishes(), expected_total=None, by=SYSTEM,
            )  # fmt: skip
        sold.append(1)
        if len(sold) >= 40:
            stop.wait(5)

    def count():
        for item in items[6:12]:
            inventory.set_on_hand(stock_item_id=item, on_hand=50, by=SYSTEM)

    threads = [guarded_loop(buy), guarded_loop(count)]
    for thread in threads:
        thread.start()
    for number in range(6):
        for product in products:
            product["variants"][0] |= {"price": str(11 + number), "stock": 40 + number}
        path.write_text(jsonl(*products))
        call_command("import_products", str(path), *(["--set-stock"] if number % 2 else []))
    stop.set()
    for thread in threads:
        thread.join(20)
    assert not problems
    assert sold
    assert set(Variant.objects.values_list("price", flat=True)) == {16}
    bought = StockItem.objects.filter(pk__in=items[:6])
    assert {item.reserved for item in bought} == {len(sold)}
    for item in StockItem.objects.all():
        assert item.on_hand == sum(item.movements.values_list("quantity", flat=True))


def test_two_runs_of_one_import_do_not_both_go_on(load, tmp_path, monkeypatch):
    from django.core.management import CommandError

    from catalog import transfers
    from catalog.models import Transfer

    path = tmp_path / "a.jsonl"
    path.write_text(
        jsonl(*({"slug": f"p{n}", "name": "P", "variants": [{"price": "1"}]} for n in range(6)))
    )
    monkeypatch.setattr(running, "MOST_PRODUCTS", 2)
    settle = transfers._Follower.settle

    def rival(self):
        settle(self)
        if self.transfer.position == 2:
            Transfer.objects.filter(pk=self.transfer.pk).update(position=4)

    monkeypatch.setattr(transfers._Follower, "settle", rival)
    with pytest.raises(CommandError, match="Another import of this file"):
        call_command("import_products", str(path))
    assert Product.objects.count() == 2
