"""Prices over time: what begins and ends by the clock alone, what is history, many at once, many writers at once."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from account.models import CustomerGroup
from catalog.models import RETAIL, Price, PriceList, Product
from catalog.price_refusals import PriceHasBegun, PriceOverlaps, SaleAboveRegular
from catalog.price_verbs import NewPrice, add_price, delete_price, end_price, set_prices
from catalog.prices import prices_of
from catalog.services import delete_product
from common.errors import Refusal
from common.money import Money
from tests import factories
from tests.together import at_once

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def etb(amount) -> Money:
    return Money(Decimal(amount), "ETB")


def new(variant, amount, **fields) -> NewPrice:
    return NewPrice(variant_id=variant.pk, amount=etb(amount), **fields)


def begun(variant, amount, **fields) -> Price:
    fields = {"price_list_id": RETAIL, "valid_from": timezone.now() - DAY, **fields}
    return Price.objects.create(variant=variant, amount=Decimal(amount), **fields)


def paid(variant, at=None):
    return prices_of([variant.pk], price_list=RETAIL, currency="ETB", at=at)[variant.pk].amount


def spans(variant):
    rows = Price.objects.filter(variant=variant).order_by("valid_from")
    return [(row.amount, row.valid_from, row.valid_until) for row in rows]


# --- by the clock alone -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_sale_begins_and_ends_by_the_clock_alone():
    """Nobody writes anything while it happens: not the lists, not the order of the lists, not the checkout."""
    api = APIClient()
    sold, other = factories.variant(price="100.00"), factories.variant(price="90.00")
    begins = timezone.now() + timedelta(seconds=2)
    ends = begins + timedelta(seconds=3)
    add_price(new=new(sold, "70", is_sale=True, valid_from=begins, valid_until=ends))

    def seen():
        listed = api.get("/api/products/?ordering=price").json()["results"]
        prices = {one["id"]: one["price"]["amount"] for one in listed}
        order = factories.place(variant=sold)
        return [one["id"] for one in listed], prices[sold.product_id], str(order.total)

    def wait_until(moment):
        while timezone.now() < moment + timedelta(milliseconds=50):
            time.sleep(0.02)

    cheap_first, sale_first = (
        [other.product_id, sold.product_id],
        [sold.product_id, other.product_id],
    )
    assert seen() == (cheap_first, "100.00", "100.00")
    wait_until(begins)
    assert seen() == (sale_first, "70.00", "70.00")
    wait_until(ends)
    assert seen() == (cheap_first, "100.00", "100.00")


# --- history ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "changes",
    [
        "amount = 1", "valid_from = valid_from - interval '1 day'", "valid_until = NULL", "currency = 'USD'",
        "min_quantity = 7", "is_sale = NOT is_sale", "valid_until = valid_until + interval '1 hour'",
        "valid_until = now() - interval '1 hour'",
    ],
)  # fmt: skip
def test_raw_sql_cannot_rewrite_what_a_price_was(changes):
    price = begun(factories.variant(), "80", valid_until=timezone.now() + DAY)
    with pytest.raises(IntegrityError, match="has begun"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE catalog_price SET {changes} WHERE id = %s", [price.pk])
    assert Price.objects.get().amount == 80


@pytest.mark.django_db(transaction=True)
def test_raw_sql_cannot_make_history_unhappen():
    price = begun(factories.variant(), "80")
    with pytest.raises(IntegrityError, match="has begun"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_price WHERE id = %s", [price.pk])
    assert Price.objects.filter(pk=price.pk).exists()
    with connection.cursor() as cursor:  # ending it is allowed to everybody
        cursor.execute("UPDATE catalog_price SET valid_until = now() WHERE id = %s", [price.pk])


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_as_a_whole_takes_its_prices_along():
    variant = factories.variant()
    begun(variant, "80")
    assert delete_product(product_id=variant.product_id) is True
    listed = PriceList.objects.create(name="Wholesale")
    begun(factories.variant(), "80", price_list_id=listed.pk)
    listed.delete()
    assert not Price.objects.exists()


def test_what_has_begun_is_not_deleted_by_the_verb():
    with pytest.raises(PriceHasBegun):
        delete_price(price_id=begun(factories.variant(), "80").pk)


@pytest.mark.django_db(transaction=True)
def test_one_price_follows_another_without_a_gap_or_an_overlap():
    variant = factories.variant(price="100.00")
    first = add_price(new=new(variant, "80"))
    with pytest.raises(PriceOverlaps):
        add_price(new=new(variant, "70"))
    end_price(price_id=first.pk)
    add_price(new=new(variant, "70"))
    assert paid(variant) == 70
    assert paid(variant, at=first.valid_from) == 80


# --- many at once -----------------------------------------------------------------------------


def test_setting_what_is_so_already_changes_nothing():
    variants = [factories.variant() for _ in range(3)]
    wanted = [new(variant, "80") for variant in variants]
    assert set_prices(price_list_id=RETAIL, wanted=wanted) == 3
    before = list(Price.objects.order_by("pk").values())
    assert set_prices(price_list_id=RETAIL, wanted=wanted) == 0
    assert list(Price.objects.order_by("pk").values()) == before


def test_a_set_price_takes_the_place_of_what_holds_and_what_would_begin():
    variant = factories.variant(price="100.00")
    now = timezone.now()
    holds = begun(variant, "80", valid_until=now + 5 * DAY)
    begun(variant, "75", valid_from=now + 6 * DAY, valid_until=now + 7 * DAY)
    start = now + 2 * DAY
    assert set_prices(price_list_id=RETAIL, wanted=[new(variant, "60", valid_from=start)]) == 1
    assert spans(variant) == [(80, holds.valid_from, start), (60, start, None)]


def test_a_set_price_with_an_end_leaves_what_comes_after_it():
    variant = factories.variant(price="100.00")
    holds = begun(variant, "80")
    start, end = timezone.now() + DAY, timezone.now() + 2 * DAY
    set_prices(price_list_id=RETAIL, wanted=[new(variant, "60", valid_from=start, valid_until=end)])
    assert spans(variant) == [(80, holds.valid_from, start), (60, start, end), (80, end, None)]


def test_a_price_is_ended_by_saying_none():
    variant, other = factories.variant(), factories.variant()
    begun(variant, "80")
    wanted = [new(variant, "0"), new(other, "0")]
    assert set_prices(price_list_id=RETAIL, wanted=wanted, ended={0, 1}) == 1
    [(_, _, until)] = spans(variant)
    assert until is not None


def test_all_or_none_and_the_place_is_named():
    variants = [factories.variant(price="100.00") for _ in range(3)]
    wanted = [new(variants[0], "80"), new(variants[1], "101", is_sale=True), new(variants[2], "80")]
    with pytest.raises(SaleAboveRegular) as refusal:
        set_prices(price_list_id=RETAIL, wanted=wanted)
    assert refusal.value.errors[0]["field"] == "prices.1.price"
    with pytest.raises(Refusal) as repeated:
        set_prices(price_list_id=RETAIL, wanted=[wanted[0], wanted[0]])
    assert repeated.value.errors[0]["field"] == "prices.1"
    assert not Price.objects.exists()


def test_a_thousand_cost_as_many_statements_as_one():
    product = factories.variant().product
    variants = [factories.variant(product=product) for _ in range(60)]
    counts = []
    for some in (variants[:1], variants):
        for amount in ("80", "70"):  # inserted, then replaced
            wanted = [
                new(variant, amount, is_sale=bool(place % 2)) for place, variant in enumerate(some)
            ]
            with CaptureQueriesContext(connection) as queries:
                set_prices(price_list_id=RETAIL, wanted=wanted)
            counts.append(len(queries))
    assert max(counts[2:]) <= max(counts[:2]) + 1, counts  # one more for the sales among them


def test_the_door_takes_a_thousand_and_no_more():
    from tests.catalog.conftest import signed_in

    owner = signed_in(factories.staff())
    product = factories.variant().product
    variants = [factories.variant(product=product) for _ in range(4)]
    url = f"/api/price-lists/{RETAIL}/prices/"
    body = {
        "prices": [
            {"sku": variants[0].sku, "price": "80"},
            {"variant_id": variants[1].pk, "price": {"amount": "9", "currency": "USD"}},
            {"sku": variants[2].sku, "price": None, "currency": "KES"},
        ]
    }
    answer = owner.put(url, body)
    assert (answer.status_code, answer.json()) == (200, {"changed": 2})
    assert owner.put(url, body).json() == {"changed": 0}
    unknown = owner.put(url, {"prices": [{"sku": "nothing", "price": "1"}]})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "prices.0.sku")
    ugx = {
        "prices": [
            body["prices"][0],
            {"sku": variants[1].sku, "price": {"amount": "1.5", "currency": "UGX"}},
        ]
    }
    refused = owner.put(url, ugx)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "prices.1.price")
    many = owner.put(url, {"prices": [{"variant_id": 1, "price": "1"}] * 1001})
    assert (many.status_code, many.json()["errors"][0]["field"]) == (400, "prices")
    assert Price.objects.count() == 2


# --- many writers -----------------------------------------------------------------------------


def add_overlapping(place, variant):
    try:
        add_price(new=new(variant, 50 + place, valid_until=timezone.now() + (place + 1) * DAY))
    except PriceOverlaps:
        return 0
    return 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_overlapping_prices_one_is_added():
    variant = factories.variant()
    assert sum(at_once(20, lambda place: add_overlapping(place, variant))) == 1
    assert Price.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_all_are_added():
    """The lock on the product makes them wait for each other; that they exclude each other only the constraint says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'one_price_at_a_time'"
        )
        [definition] = cursor.fetchone()
        cursor.execute("ALTER TABLE catalog_price DROP CONSTRAINT one_price_at_a_time")
    try:
        variant = factories.variant()
        assert sum(at_once(20, lambda place: add_overlapping(place, variant))) == 20
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE catalog_price")
            cursor.execute(
                f"ALTER TABLE catalog_price ADD CONSTRAINT one_price_at_a_time {definition}"
            )


@pytest.mark.django_db(transaction=True)
def test_bulk_writers_of_the_same_prices_in_opposite_order_do_not_deadlock():
    variants = [factories.variant() for _ in range(10)]

    def write(place):
        chosen = variants if place % 2 else variants[::-1]
        for round_ in range(3):
            wanted = [new(v, 10 + place + round_) for v in chosen]
            with contextlib.suppress(PriceOverlaps):
                set_prices(price_list_id=RETAIL, wanted=wanted)

    at_once(6, write)
    open_ones = Price.objects.filter(valid_until__isnull=True)
    assert open_ones.count() == len(variants)
    assert open_ones.values("amount").distinct().count() == 1, "the last writer's, all of them"


@pytest.mark.django_db(transaction=True)
def test_a_price_and_an_order_at_once_charge_one_price_or_the_other():
    variant = factories.variant(price="100.00", stock=1_000)

    def work(place):
        if place == 0:
            add_price(new=new(variant, "80"))
            return None
        return {str(factories.place(variant=variant).total) for _ in range(4)}

    seen = [totals for totals in at_once(8, work) if totals]
    assert set().union(*seen) <= {"100.00", "80.00"}


def test_a_group_has_one_list():
    group = CustomerGroup.objects.create(name="Wholesalers")
    PriceList.objects.create(name="Wholesale", group=group)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceList.objects.create(name="Another", group=group)


@pytest.mark.django_db(transaction=True)
def test_the_product_shows_the_new_price_at_once_to_conditional_readers():
    api = APIClient()
    variant = factories.variant(price="100.00")
    url = f"/api/products/{variant.product.slug}/"
    first = api.get(url)
    add_price(new=new(variant, "80"))
    again = api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.json()["price"]["amount"]) == (200, "80.00")
    assert Product.objects.get().version > 1
