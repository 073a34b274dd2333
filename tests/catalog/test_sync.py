"""Who keeps a copy of the catalogue and asks `updated_since` ends up with the catalogue, whatever happened meanwhile."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import threading
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from catalog import sync
from catalog.models import (
    RETAIL,
    Attribute,
    AttributeValue,
    Image,
    Price,
    Product,
    Variant,
)
from catalog.reads.context import Context
from catalog.reads.rendering import render
from catalog.services import delete_product
from common.actors import SYSTEM
from inventory.services import set_on_hand
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
SHOP = Context(currency="ETB")


class Copy:
    """Somebody's copy of (a part of) the catalogue."""

    def __init__(self, context: Context = SHOP, **query) -> None:
        self.context, self.query = context, query
        self.products: dict[int, bytes] = {}
        self.since = LONG_AGO

    def catch_up(self, size: int = 3, meanwhile=lambda: None) -> int:
        """Follow all pages; how many there were."""
        after, until, pages = None, None, 0
        while True:
            page = sync.changes(
                {**self.query, "updated_since": self.since}, self.context, size=size, after=after
            )
            pages += 1
            self.products |= render(page.shown, self.context)
            for pk in page.removed:
                self.products.pop(pk, None)
            assert until in {None, page.until}, "all pages tell the same moment"
            after, until = page.following, page.until
            if after is None:
                self.since = until
                return pages
            assert pages < 500
            meanwhile()

    def original(self) -> dict[int, bytes]:
        """What a fresh reader sees."""
        fresh = Copy(self.context, **self.query)
        fresh.catch_up(size=100)
        return fresh.products


def on_sale(context: Context = SHOP) -> set[int]:
    """Ids on sale now, asked in another way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.product_id FROM catalog_offer o JOIN catalog_product p ON p.id = o.product_id"
            " WHERE p.is_published AND o.price_list_id = %s AND o.currency = %s AND now() >= o.valid_from"
            " AND now() < o.valid_until",
            [context.price_list, context.stored_currency],
        )
        return {pk for (pk,) in cursor.fetchall()}


def check(*copies: Copy) -> None:
    for copy in copies:
        copy.catch_up()
        assert copy.products == copy.original()
        if not copy.query:
            assert set(copy.products) == on_sale(copy.context)


def execute(sql: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def make(name: str, **fields) -> Product:
    fields.setdefault("is_published", True)
    row = Product.objects.create(name=name, slug=f"p-{name.lower()}", **fields)
    factories.variant(product=row)
    return row


@pytest.fixture
def shelf():
    shelf = factories.category("Coffee", slug="coffee")
    for name in "ABCDEFGH":
        make(name, category=shelf, tags=["new"] if name in "ABCD" else [])
    make("Draft", is_published=False)
    yesterday = timezone.now() - dt.timedelta(days=1)
    execute("UPDATE catalog_product SET updated_at = %s, created_at = %s", yesterday, yesterday)
    execute("UPDATE catalog_category SET updated_at = %s, created_at = %s", yesterday, yesterday)
    return {row.name: row for row in Product.objects.all()}


def test_the_first_copy_is_everything_on_sale_and_nothing_else(shelf):
    copy = Copy()
    assert copy.catch_up(size=3) == 3
    assert len(copy.products) == 8
    assert shelf["Draft"].pk not in copy.products
    page = sync.changes({"updated_since": LONG_AGO}, SHOP, size=100)
    assert page.removed == [], "drafts that were never shown are nobody's business"


CHANGES = {
    "renamed": lambda a: Product.objects.filter(pk=a.pk).update(name="Renamed"),
    "hidden": lambda a: Product.objects.filter(pk=a.pk).update(is_published=False),
    "deleted": lambda a: delete_product(product_id=a.pk),
    "deleted by SQL": lambda a: a.delete(),
    "archived": lambda a: Product.objects.filter(pk=a.pk).update(
        is_published=False, archived_at=timezone.now()
    ),
    "no longer tagged": lambda a: Product.objects.filter(pk=a.pk).update(tags=[]),
    "moved": lambda a: Product.objects.filter(pk=a.pk).update(category=None),
    "sold out": lambda a: set_on_hand(
        stock_item_id=a.variants.get().stock_item_id, on_hand=0, by=SYSTEM
    ),
    "dearer": lambda a: Variant.objects.filter(product=a).update(price=Decimal("150")),
    "another variant": lambda a: factories.variant(product=a),
    "pictured": lambda a: Image.objects.create(product=a, source_url="https://pictures.shop/a.jpg"),
    "on sale in a list": lambda a: Price.objects.create(
        variant=a.variants.get(), price_list_id=RETAIL, is_sale=True, amount=Decimal("70")
    ),
    "described": lambda a: AttributeValue.objects.create(
        product=a, attribute=Attribute.objects.create(code="x", name="X", kind="text"), text="y"
    ),
    "its category renamed": lambda a: execute("UPDATE catalog_category SET name = 'Tea'"),
    "to come": lambda a: Product.objects.filter(pk=a.pk).update(
        publish_from=timezone.now() + dt.timedelta(days=1)
    ),
    "over": lambda a: Product.objects.filter(pk=a.pk).update(
        publish_until=timezone.now() - dt.timedelta(days=1)
    ),
    "a new one": lambda a: make("New"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_arrives(shelf, what):
    copies = [
        Copy(), Copy(category="coffee"), Copy(tag=["new"]), Copy(in_stock=True), Copy(max_price=Decimal(120)),
    ]  # fmt: skip
    for copy in copies:
        copy.catch_up()
    before = [dict(copy.products) for copy in copies]
    # Nothing that was written before this moment is told again: what arrives, arrives because of the change.
    for copy in copies:
        copy.since = timezone.now()
    CHANGES[what](shelf["A"])
    check(*copies)
    assert any(copy.products != old for copy, old in zip(copies, before, strict=True))


def test_what_the_clock_does_arrives_although_nobody_writes(shelf):
    """Yesterday somebody planned what has happened since."""
    now = timezone.now()
    hour = dt.timedelta(hours=1)
    day_before = now - 48 * hour
    copy = Copy()
    Product.objects.filter(name="A").update(publish_from=now + hour)
    Product.objects.filter(name="B").update(publish_until=now + hour)
    for name, start, end in [("C", now + hour, None), ("D", now - hour, now + hour)]:
        Price.objects.create(
            variant=shelf[name].variants.get(), price_list_id=RETAIL, is_sale=True, amount=Decimal("70"),
            valid_from=start, valid_until=end,
        )  # fmt: skip
    execute("UPDATE catalog_product SET updated_at = %s", day_before)
    copy.catch_up()
    a, b, c, d = (shelf[name].pk for name in "ABCD")
    assert a not in copy.products
    assert b in copy.products
    old = dict(copy.products)
    _turn_the_clock(dt.timedelta(hours=2), day_before)
    copy.since = now - hour
    copy.catch_up()
    assert a in copy.products
    assert b not in copy.products
    assert copy.products[c] != old[c]
    assert copy.products[d] != old[d]
    assert copy.products == copy.original()


def _turn_the_clock(by: dt.timedelta, written: dt.datetime) -> None:
    """Everything planned happens that much earlier, and was written long ago."""
    execute("ALTER TABLE catalog_price DISABLE TRIGGER USER")
    execute(
        "UPDATE catalog_price SET valid_from = valid_from - %s, valid_until = valid_until - %s, created_at = %s",
        by, by, written,
    )  # fmt: skip
    execute("ALTER TABLE catalog_price ENABLE TRIGGER USER")
    execute(
        "UPDATE catalog_product SET publish_from = publish_from - %s, publish_until = publish_until - %s",
        by, by,
    )  # fmt: skip
    execute("SELECT catalog_refresh_offers(ARRAY(SELECT id FROM catalog_product))")
    execute("UPDATE catalog_product SET updated_at = %s", written)


@pytest.mark.parametrize("seed", range(4))
def test_copies_converge_while_others_write(shelf, seed):
    """Two copies walk while three threads write; when the writers are done, one more walk is enough."""
    stop = threading.Event()

    def write(number: int) -> None:
        dice = random.Random(seed * 10 + number)
        try:
            while not stop.is_set():
                # Statements that no verb makes may lock in any order: whoever is chosen to give way begins again.
                with contextlib.suppress(OperationalError), transaction.atomic():
                    rows = list(Product.objects.values_list("pk", flat=True))
                    pk = dice.choice(rows) if rows else 0
                    one = Product.objects.filter(pk=pk)
                    match dice.randrange(7):
                        case 0:
                            make(f"N{number}-{dice.random()}".replace(".", ""))
                        case 1 if len(rows) > 5:
                            one.delete()
                        case 2:
                            one.update(is_published=False)
                        case 3:
                            one.update(is_published=True)
                        case 4:
                            one.update(name=f"Name {dice.random()}")
                        case 5:
                            Variant.objects.filter(product_id=pk).update(price=dice.randint(1, 999))
                        case _:
                            one.update(tags=["new"] if dice.random() < 0.5 else [])
                    # The moment that was written is over long before others see it.
                    if dice.random() < 0.3:
                        stop.wait(0.05)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    copies = [Copy(), Copy(tag=["new"])]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            for copy in copies:
                copy.catch_up(size=4)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    check(*copies)


def _missed(shelf, context_manager=None) -> bool:
    """Whether a copy misses a change whose transaction began before a walk and was committed after it."""
    copy = Copy()
    ready, go, done = threading.Event(), threading.Event(), threading.Event()

    def slow_writer() -> None:
        try:
            with transaction.atomic():
                Product.objects.filter(name="A").update(name="Late")
                ready.set()
                go.wait(20)
        finally:
            connection.close()
            done.set()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    ready.wait(20)
    copy.catch_up()
    go.set()
    done.wait(20)
    writer.join()
    copy.catch_up()
    return b"Late" not in copy.products[shelf["A"].pk]


def test_a_change_that_is_committed_late_is_told_late(shelf, monkeypatch):
    margin = sync._UNTIL.replace("- interval '5 seconds'", "")
    monkeypatch.setattr(sync, "_UNTIL", margin)  # without it the oldest transaction alone decides
    assert not _missed(shelf)


def test_control_the_clock_alone_would_miss_it(shelf, monkeypatch):
    monkeypatch.setattr(sync, "_UNTIL", "SELECT now()")
    assert _missed(shelf)


def test_the_number_of_statements_does_not_depend_on_the_changes(shelf, django_assert_num_queries):
    with django_assert_num_queries(2):
        first = sync.changes({"updated_since": LONG_AGO}, SHOP, size=1)
    with django_assert_num_queries(1):
        sync.changes({"updated_since": LONG_AGO}, SHOP, size=1, after=first.following)
    with django_assert_num_queries(2):
        assert len(sync.changes({"updated_since": LONG_AGO}, SHOP, size=100).shown) == 8
