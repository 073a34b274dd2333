"""A shown change is in the very next read: in every process, whoever made it. What nobody is shown changes no version."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import (
    RETAIL,
    Attribute,
    AttributeValue,
    Brand,
    CatalogVersion,
    Category,
    Document,
    Image,
    Language,
    Price,
    Product,
    ProductType,
    Term,
    TypeAttribute,
    Variant,
)  # fmt: skip
from catalog.reads import freshness, store
from catalog.reads.store import Memory
from common.actors import SYSTEM
from inventory.services import set_on_hand
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
_number = count(1)


class Process:
    """What one web process would answer: with a memory of its own, kept from one read to the next."""

    def __init__(self, monkeypatch):
        self.memory, self.shared, self.monkeypatch = Memory(), None, monkeypatch

    @contextmanager
    def running(self):
        self.monkeypatch.setattr(store, "MEMORY", self.memory)
        self.monkeypatch.setattr(freshness, "_known", self.shared)
        yield
        self.shared = freshness._known

    def get(self, url, **headers):
        with self.running():
            answer = APIClient().get(url, headers=headers)
        assert answer.status_code in {200, 404}, answer.content
        return answer


@pytest.fixture
def processes(monkeypatch):
    return [Process(monkeypatch), Process(monkeypatch)]


@pytest.fixture
def shelf():
    coffee = Category.objects.create(name="Coffee", slug="coffee")
    beans = Category.objects.create(name="Beans", slug="beans", parent=coffee)
    product = Product.objects.create(
        name="Sidamo", slug="sidamo", category=beans, brand="Abay", tags=["new"], is_published=True,
        published_at=timezone.now(),
    )  # fmt: skip
    factories.variant(product=product, price="100.00", stock=2, sku="S-1",
                      options=[{"name": "Size", "value": "Small"}])  # fmt: skip
    factories.variant(product=product, price="150.00", stock=2, sku="S-2",
                      options=[{"name": "Size", "value": "Large"}])  # fmt: skip
    return product


URLS = (
    "/api/products/", "/api/products/?category=coffee&ordering=price", "/api/products/?min_price=1&ordering=name",
    "/api/products/sidamo/",
)  # fmt: skip


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def look(processes, **headers):
    """Every address, read in every process; both agree, and a second read does as well."""
    found = {}
    for url in URLS:
        answers = [process.get(url, **headers) for process in (*processes, *processes)]
        bodies = {answer.content if answer.status_code == 200 else b"none" for answer in answers}
        assert len(bodies) == 1, url
        found[url] = bodies.pop().decode()
    return found


def _sale():
    return Price.objects.create(
        variant=Variant.objects.get(sku="S-1"), price_list_id=RETAIL, is_sale=True, amount=Decimal("80.00")
    )  # fmt: skip


def _attribute(product):
    kind = ProductType.objects.create(name="Bag")
    roast = Attribute.objects.create(code="roast", name="Roast", kind="text")
    TypeAttribute.objects.create(product_type=kind, attribute=roast)
    Product.objects.filter(pk=product.pk).update(product_type=kind)
    AttributeValue.objects.create(product=product, attribute=roast, text="dark")


CHANGES = {
    "name by raw SQL": (lambda p: sql("UPDATE catalog_product SET name = 'Limu'"), "Limu"),
    "name by a bulk update": (lambda p: Product.objects.update(name="Limu"), "Limu"),
    "price by raw SQL": (lambda p: sql("UPDATE catalog_variant SET price = 91 WHERE sku = 'S-1'"), "91.00"),
    "the dearer variant's price": (lambda p: sql("UPDATE catalog_variant SET price = 191 WHERE sku = 'S-2'"), "191.00"),
    "compare-at price": (lambda p: Variant.objects.filter(sku="S-2").update(compare_at_price=300), "300.00"),
    "a barcode": (lambda p: Variant.objects.filter(sku="S-2").update(barcode="4711"), "4711"),
    "a sale price": (lambda p: _sale(), "80.00"),
    "a new variant": (lambda p: factories.variant(product=p, sku="S-3"), "S-3"),
    "an archived variant": (lambda p: Variant.objects.filter(sku="S-2").update(archived_at=timezone.now()), None),
    "one variant sold out": (
        lambda p: set_on_hand(stock_item_id=Variant.objects.get(sku="S-2").stock_item_id, on_hand=0, by=SYSTEM), None,
    ),
    "a category's name": (lambda p: Category.objects.filter(slug="beans").update(name="Bohnen"), "Bohnen"),
    "a category's place": (lambda p: Category.objects.filter(slug="beans").update(parent=None), None),
    "another category": (
        lambda p: Product.objects.update(category=Category.objects.create(name="Tea", slug="tea")), '"tea"',
    ),
    "a brand's name": (lambda p: Brand.objects.update(name="Tana"), "Tana"),
    "a picture": (lambda p: Image.objects.create(product=p, source_url="https://x.shop/1.jpg"), "x.shop/1.jpg"),
    "an attribute": (_attribute, "dark"),
    "tags": (lambda p: Product.objects.update(tags=["old"]), '"old"'),
    "hidden": (lambda p: Product.objects.update(is_published=False), None),
    "archived": (lambda p: Product.objects.update(is_published=False, archived_at=timezone.now()), None),
    "deleted": (lambda p: p.delete(), None),
    "not shown any more": (lambda p: Product.objects.update(publish_until=timezone.now()), None),
}  # fmt: skip


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_change_is_in_the_next_read_of_every_process(processes, shelf, change):
    before = look(processes)
    assert look(processes) == before
    act, word = CHANGES[change]
    if change == "deleted":
        sql("DELETE FROM catalog_image")
    act(shelf)
    after = look(processes)
    changed = {url for url in URLS if after[url] != before[url]}
    if change == "a category's place":
        assert changed == {URLS[1]}
        assert '"results":[]' in after[URLS[1]]
    elif change == "another category":
        assert changed == set(URLS)
    else:
        assert changed == set(URLS)
    if word is not None:
        assert word in after["/api/products/"]


def test_words_of_other_languages(processes, shelf):
    before = look(processes, **{"accept-language": "am"})
    Term.objects.create(text="Small", translations={"am": "ትንሽ"})
    Product.objects.update(translations={"am": {"name": "ሲዳሞ"}})
    after = look(processes, **{"accept-language": "am"})
    assert before != after
    for body in after.values():
        assert "ትንሽ" in body
        assert "ሲዳሞ" in body
    assert all("ትንሽ" not in body and "Sidamo" in body for body in look(processes).values())


def test_a_new_language_is_spoken_at_once(processes, shelf):
    Product.objects.update(translations={"ti": {"name": "ሲዳሞ ቡን"}})
    look(processes, **{"accept-language": "ti"})
    Language.objects.create(code="ti", name="ትግርኛ", position=5)
    for process in processes:
        answer = process.get("/api/products/sidamo/", **{"accept-language": "ti"})
        assert answer["Content-Language"] == "ti"
        assert answer.json()["name"] == "ሲዳሞ ቡን"
        answer = process.get("/api/products/", **{"accept-language": "ti"})
        assert answer["Content-Language"] == "ti"
        assert "ሲዳሞ ቡን" in answer.content.decode()


def test_through_the_api_and_the_admin(processes, shelf):
    boss = factories.staff()
    client = APIClient()
    client.force_authenticate(boss)
    look(processes)
    assert client.patch("/api/products/sidamo/", {"name": "Limu"}, format="json").status_code == 200
    assert all("Limu" in body for body in look(processes).values())
    desk = Client()
    desk.force_login(boss)
    page = desk.get(f"/admin/catalog/category/{shelf.category_id}/change/")
    form = {
        name: value for name, value in page.context["adminform"].form.initial.items() if value is not None
    }  # fmt: skip
    answer = desk.post(
        f"/admin/catalog/category/{shelf.category_id}/change/", {**form, "name": "Kernels"}
    )
    assert answer.status_code == 302
    assert all("Kernels" in body for body in look(processes).values())


def test_an_import(processes, shelf, tmp_path):
    from django.core.management import call_command

    look(processes)
    file = tmp_path / "goods.csv"
    file.write_text(
        "slug,name,price,sku,options\nsidamo,Guji,99.00,S-1,Size=Small\nnew-one,Harar,10.00,H-1,\n"
    )
    call_command("import_products", str(file), verbosity=0)
    after = look(processes)
    assert all("Guji" in body for body in after.values())
    assert "Harar" in after["/api/products/"]


def test_a_sale_begins_and_ends_by_the_clock(processes, shelf):
    """Nobody writes anything when the moment comes."""
    start = timezone.now() + timedelta(seconds=4)
    Price.objects.create(
        variant=Variant.objects.get(sku="S-1"), price_list_id=RETAIL, is_sale=True, amount=Decimal("80.00"),
        valid_from=start, valid_until=start + timedelta(seconds=4),
    )  # fmt: skip
    assert all("80.00" not in body for body in look(processes).values())
    _sleep_until(start)
    assert all("80.00" in body for body in look(processes).values())
    _sleep_until(start + timedelta(seconds=4))
    after = look(processes)
    assert '"price":{"amount":"100.00"' in after["/api/products/sidamo/"]
    assert '"price":{"amount":"80.00"' not in after["/api/products/"]


def test_a_product_appears_by_the_clock(processes, shelf):
    start = timezone.now() + timedelta(seconds=3)
    Product.objects.update(publish_from=start)
    assert '"results":[]' in look(processes)["/api/products/"]
    _sleep_until(start)
    assert "Sidamo" in look(processes)["/api/products/"]


def _sleep_until(moment):
    import time

    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM %s - clock_timestamp())", [moment])
        time.sleep(max(float(cursor.fetchone()[0]), 0) + 0.05)


# --- and nothing more -------------------------------------------------------------------------------


def versions():
    return dict(
        CatalogVersion.objects.values_list("scope", "version")
    ), Product.objects.get().version


@pytest.mark.parametrize(
    "idle",
    [
        "UPDATE catalog_product SET name = name",
        "UPDATE catalog_variant SET price = price, updated_at = now()",
        "UPDATE catalog_category SET name = name",
        "UPDATE inventory_stockitem SET reserved = reserved + 1",
        "UPDATE catalog_image SET alt = alt",
        "DELETE FROM catalog_term WHERE text = 'nothing'",
    ],
)
def test_what_changes_nothing_shown_changes_no_version(shelf, idle):
    Image.objects.create(product=shelf, source_url="https://x.shop/1.jpg")
    before = versions()
    sql(idle)
    assert versions() == before


def test_a_change_of_one_category_leaves_the_pages_of_another(processes, shelf):
    tea = Category.objects.create(name="Tea", slug="tea")
    other = Product.objects.create(name="Green", slug="green", category=tea, is_published=True)
    factories.variant(product=other)
    first = processes[0]
    tag = first.get("/api/products/?category=tea")["ETag"]
    Product.objects.filter(slug="sidamo").update(name="Limu")
    with first.running():
        again = APIClient().get("/api/products/?category=tea", headers={"if-none-match": tag})
    assert again.status_code == 304
    assert again.content == b""
    Product.objects.filter(slug="green").update(name="Greener")
    with first.running():
        again = APIClient().get("/api/products/?category=tea", headers={"if-none-match": tag})
    assert again.status_code == 200


def test_facets_of_a_category_count_what_comes_and_goes_in_others(processes, shelf):
    """The facet `category` leaves its own choice out, so the page depends on all products."""
    tea = Category.objects.create(name="Tea", slug="tea")
    green = Product.objects.create(name="Green", slug="green", category=tea, is_published=True)
    factories.variant(product=green)
    url = "/api/products/?category=tea&facets=true"

    def counted(answer):
        return {one["value"]: one["count"] for one in answer.json()["facets"]["category"]["values"]}

    tags = [process.get(url)["ETag"] for process in processes]
    plain = processes[0].get("/api/products/?category=tea")["ETag"]
    Product.objects.filter(slug="sidamo").update(is_published=False)
    for process, tag in zip(processes, tags, strict=True):
        assert counted(process.get(url)) == {"tea": 1}
        assert counted(process.get(url, **{"if-none-match": tag})) == {"tea": 1}
    assert processes[0].get("/api/products/?category=tea")["ETag"] == plain


def test_what_was_hidden_while_it_was_read_is_not_rendered(processes, shelf, monkeypatch):
    """A page is found in one statement and rendered in another: what was written as a draft in between stays one."""
    from catalog.reads import pages

    found = pages.find

    def and_then(*asked):
        page = found(*asked)
        Product.objects.update(is_published=False, name="Secret")
        return page

    monkeypatch.setattr(pages, "find", and_then)
    assert processes[0].get("/api/products/").json()["results"] == []
    assert not any(b"Secret" in bytes(document.body) for document in Document.objects.all())


def test_categories_in_a_ring_end():
    """Two that stand below each other, as SQL can make them: the page must not go round for ever."""
    ring = freshness.Shared(1, {"a": 1, "b": 2}, {1: [2], 2: [1]}, frozenset({1, 2}), ("en",))
    assert ring.below("a") == ring.below("b") == (1, 2)


def test_undone_work_is_neither_kept_nor_counted(shelf):
    before = versions()
    try:
        with transaction.atomic():
            Product.objects.update(name="Never")
            assert "Never" in APIClient().get("/api/products/sidamo/").content.decode()
            assert "Never" in APIClient().get("/api/products/").content.decode()
            raise RuntimeError
    except RuntimeError:
        pass
    assert versions() == before
    assert not any(b"Never" in bytes(document.body) for document in Document.objects.all())
    assert "Sidamo" in APIClient().get("/api/products/").content.decode()


def test_control_without_the_triggers_a_kept_page_would_be_believed(processes, shelf):
    """The tests above see the versions work: without them, both processes go on showing what they keep."""
    before = look(processes)
    sql("ALTER TABLE catalog_product DISABLE TRIGGER USER")
    try:
        sql("UPDATE catalog_product SET name = 'Limu'")
        assert look(processes) == before
    finally:
        sql("ALTER TABLE catalog_product ENABLE TRIGGER USER")


def test_many_writers_do_not_wait_for_each_other_before_they_commit(shelf):
    """Versions grow at commit: two transactions that touch the same scopes are both open, and neither waits."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    other = factories.variant(stock=1).product

    def rename(pk):
        try:
            with transaction.atomic():
                Product.objects.filter(pk=pk).update(name=f"Name {next(_number)}")
        finally:
            connections.close_all()

    with transaction.atomic():
        Product.objects.filter(pk=shelf.pk).update(name="Open")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(rename, other.pk).result(timeout=3)


@contextmanager
def _moments_are_a_key():
    """As they were before 0015_moments."""
    sql("CREATE UNIQUE INDEX one_moment ON catalog_catalogmoment (at)")
    try:
        yield
    finally:
        sql("DROP INDEX one_moment")


def _two_sales_at_once():
    """Two open transactions that name the same two moments, in different orders."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    first, second = timezone.now() + timedelta(days=1), timezone.now() + timedelta(days=2)
    mine, other = Variant.objects.get(sku="S-1"), factories.variant(stock=1)

    def sell(variant, moment):
        Price.objects.create(
            variant=variant, price_list_id=RETAIL, is_sale=True, amount=Decimal("1.00"),
            valid_from=moment, valid_until=moment + timedelta(hours=1),
        )  # fmt: skip

    def sell_other():
        try:
            with transaction.atomic():
                sql("SET LOCAL lock_timeout = '2s'")
                sell(other, second)
                sell(other, first)
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        sell(mine, first)
        pool.submit(sell_other).result()
        sell(mine, second)


def test_two_sales_from_the_same_moment_on_do_not_wait_for_each_other(shelf):
    _two_sales_at_once()
    assert Price.objects.count() == 4


def test_control_they_would_if_moments_were_a_key(shelf):
    with _moments_are_a_key(), pytest.raises(OperationalError, match="lock timeout"):
        _two_sales_at_once()
