"""`min_price`, `in_stock` and the SKUs in the search follow variants and stock, whoever changes them, and races too."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from rest_framework.test import APIClient

from catalog.models import Product, Variant
from common.actors import SYSTEM
from inventory.models import Reason, StockItem
from inventory.services import OutOfStock, adjust, commit, release, reserve, set_on_hand
from tests import factories

REAL = pytest.mark.django_db(transaction=True)
NOTHING_ON_SALE = (0, False, "")


def kept(product: Product) -> tuple[int, bool, str]:
    product.refresh_from_db()
    return (int(product.min_price), product.in_stock, product.sku_list)


@pytest.mark.django_db
def test_every_way_to_change_a_variant_or_its_stock():
    cheap = factories.variant(price="10", stock=1, sku="A")
    product = cheap.product
    dear = factories.variant(product=product, price="20", stock=1, sku="B")
    assert kept(product) == (10, True, "A B")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_variant SET price = 5 WHERE sku = 'B'")
    assert kept(product) == (5, True, "A B")
    with transaction.atomic():
        reserve(
            quantities={cheap.stock_item_id: 1, dear.stock_item_id: 1}, holder=(order := uuid4())
        )
    assert kept(product) == (5, False, "A B")
    release(holder=order)
    assert kept(product) == (5, True, "A B")
    reserve(quantities={cheap.stock_item_id: 1, dear.stock_item_id: 1}, holder=(order := uuid4()))
    commit(holder=order, by=SYSTEM)
    assert kept(product) == (5, False, "A B")
    adjust(stock_item_id=cheap.stock_item_id, quantity=1, reason=Reason.RECEIVED, by=SYSTEM)
    assert kept(product) == (5, True, "A B")
    Variant.objects.filter(pk=cheap.pk).update(archived_at="2026-01-01T00:00Z")
    assert kept(product) == (5, False, "B"), "stock of an archived variant is not for sale"
    Variant.objects.filter(pk=cheap.pk).update(archived_at=None, sku="A2")
    assert kept(product) == (5, True, "A2 B")
    dear.delete()
    assert kept(product) == (10, True, "A2")
    other = Product.objects.create(name="Other", slug="other")
    assert kept(other) == NOTHING_ON_SALE
    Variant.objects.filter(pk=cheap.pk).update(product=other)
    assert kept(other) == (10, True, "A2")
    assert kept(product) == (10, False, ""), "the last price stays while there is none"


@pytest.mark.django_db
def test_stock_that_does_not_switch_availability_writes_no_product():
    variant = factories.variant(stock=10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin FROM catalog_product WHERE id = %s", [variant.product_id])
        before = cursor.fetchone()
        cursor.execute(
            "DROP FUNCTION catalog_refresh_products(bigint[]), catalog_refresh_products(bigint[], boolean)"
        )  # would be an error if it were called
        set_on_hand(stock_item_id=variant.stock_item_id, on_hand=3, by=SYSTEM)
        cursor.execute("SELECT xmin FROM catalog_product WHERE id = %s", [variant.product_id])
        assert cursor.fetchone() == before


@pytest.mark.django_db
def test_constraints_read_as_rules():
    from django.db import IntegrityError

    variant = factories.variant(price="10")
    for change, rule in (
        ({"price": -1}, "variant_price_is_not_negative"),
        ({"compare_at_price": 9}, "compare_at_price_is_not_below_price"),
        ({"sku": ""}, "variant_has_a_sku"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Variant.objects.update(**change)
    with (
        pytest.raises(IntegrityError, match="archived_product_is_not_published"),
        transaction.atomic(),
    ):
        Product.objects.filter(pk=variant.product_id).update(archived_at="2026-01-01T00:00Z")
    with pytest.raises(IntegrityError, match="variant_sku_is_unique"), transaction.atomic():
        factories.variant(sku=variant.sku)


# --- races ------------------------------------------------------------------------------------


def in_thread(work):
    """Run `work` on a connection of its own."""

    def run():
        try:
            return work()
        finally:
            connections.close_all()

    return run


def two_buyers_take_the_last_of_two_sizes(product: Product) -> None:
    """One waits with its transaction open until the other has done the same to the other size."""
    first, second = product.variants.order_by("pk")
    started, waited = threading.Event(), threading.Event()

    def early():
        with transaction.atomic():
            set_on_hand(stock_item_id=first.stock_item_id, on_hand=0, by=SYSTEM)
            started.set()
            waited.wait(1)

    def late():
        started.wait(5)
        set_on_hand(stock_item_id=second.stock_item_id, on_hand=0, by=SYSTEM)
        waited.set()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(in_thread(early)), pool.submit(in_thread(late))]:
            future.result(timeout=20)


def sizes() -> Product:
    product = factories.variant(stock=1).product
    factories.variant(product=product, stock=1)
    return product


@REAL
def test_two_sizes_sold_out_at_once_leave_the_product_out_of_stock():
    product = sizes()
    two_buyers_take_the_last_of_two_sizes(product)
    assert kept(product)[1] is False


@REAL
def test_control_without_the_product_lock_that_race_is_lost():
    product = sizes()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_proc WHERE proname = 'catalog_refresh_products' AND pronargs = 2"
        )
        body = cursor.fetchone()[0]
        lock = "PERFORM FROM catalog_product WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;"
        assert lock in body

        def replace(source: str) -> None:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION catalog_refresh_products(ids bigint[], touched boolean)"
                f" RETURNS void LANGUAGE plpgsql AS $body${source}$body$"
            )

        replace(body.replace(lock, ""))
        try:
            two_buyers_take_the_last_of_two_sizes(product)
        finally:
            replace(body)
    assert kept(product)[1] is True, "nothing is in stock, and nobody noticed"


@REAL
def test_crossing_checkouts_that_sell_out_never_deadlock():
    products = [sizes() for _ in range(3)]
    items = list(StockItem.objects.order_by("pk").values_list("pk", flat=True))
    random_orders = [items, items[::-1], items[::2] + items[1::2], items[3:] + items[:3]]

    def buy(order: list[int]):
        def work():
            sold = 0
            for _ in range(15):
                holder = uuid4()
                try:
                    with transaction.atomic():
                        reserve(quantities=dict.fromkeys(order, 1), holder=holder)
                except OutOfStock:
                    continue
                sold += 1
                with transaction.atomic():
                    release(holder=holder)
            return sold

        return work

    with ThreadPoolExecutor(4) as pool:
        sold = [f.result(60) for f in [pool.submit(in_thread(buy(o))) for o in random_orders]]
    assert sum(sold) > 0
    for product in products:
        assert kept(product)[1] is True


def post_together(bodies: list[dict]) -> list:
    user = factories.staff()
    barrier = threading.Barrier(len(bodies))

    def post(body):
        def work():
            client = APIClient()
            client.force_authenticate(user)
            barrier.wait(10)
            return client.post("/api/products/", body)

        return in_thread(work)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return [f.result(60) for f in [pool.submit(post(body)) for body in bodies]]


@REAL
@pytest.mark.parametrize(("field", "code"), [("slug", "slug_taken"), ("sku", "sku_taken")])
def test_one_of_many_simultaneous_posts_gets_the_slug_or_sku(field, code):
    bodies = [{"name": f"P{n}", "price": "1", "stock": 1, field: "same"} for n in range(6)]
    answers = post_together(bodies)
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == code
            assert answer.json()["errors"][0]["field"] == field
    assert Product.objects.count() == Variant.objects.count() == StockItem.objects.count() == 1


@REAL
def test_simultaneous_posts_of_one_name_all_get_slugs():
    answers = post_together([{"name": "Same", "price": "1"} for _ in range(6)])
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["slug"] for a in answers}) == 6


@REAL
def test_moves_that_would_close_a_circle_together_are_not_both_made():
    user = factories.staff()
    a, b = factories.category("A", slug="a"), factories.category("B", slug="b")
    barrier = threading.Barrier(2)

    def move(one: str, other: str):
        def work():
            client = APIClient()
            client.force_authenticate(user)
            barrier.wait(10)
            return client.patch(f"/api/categories/{one}/", {"parent": other}).status_code

        return in_thread(work)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(move("a", "b")), pool.submit(move("b", "a"))]
        assert sorted(f.result(30) for f in futures) == [200, 400]
    a.refresh_from_db(), b.refresh_from_db()
    assert (a.parent_id is None) != (b.parent_id is None)


@REAL
def test_deleting_and_buying_at_once_leaves_one_truth():
    """Either the order exists and the product is archived, or the product is gone and the order was refused."""
    from orders.models import OrderLine

    for _ in range(8):
        user = factories.staff()
        variant = factories.variant(stock=1)
        barrier = threading.Barrier(2)

        def delete(user=user, variant=variant, barrier=barrier):
            client = APIClient()
            client.force_authenticate(user)
            barrier.wait(10)
            return client.delete(f"/api/products/{variant.product_id}/").status_code

        def buy(variant=variant, barrier=barrier):
            barrier.wait(10)
            body = {
                "items": [{"variant_id": variant.pk, "quantity": 1}], "email": "a@buyers.shop",
                "shipping_address": {"name": "A", "city": "Addis Ababa", "phone": "+251911234567"},
            }  # fmt: skip
            return APIClient().post("/api/orders/checkout/", body).status_code

        with ThreadPoolExecutor(2) as pool:
            deleted, bought = (
                f.result(30) for f in [pool.submit(in_thread(delete)), pool.submit(in_thread(buy))]
            )
        assert deleted == 204
        ordered = OrderLine.objects.filter(variant_id=variant.pk).exists()
        assert ordered == (bought == 201), bought
        assert bought in {201, 409}
        found = Product.objects.filter(pk=variant.product_id).first()
        assert (found is not None and found.archived_at is not None) if ordered else found is None
