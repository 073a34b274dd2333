"""The rule: of all prices that apply to a caller, a currency, a quantity and a moment, the lowest is paid."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from account.models import CustomerGroup
from catalog.models import RETAIL, Price, PriceChange, PriceList, Variant
from catalog.prices import (
    effective_price_sql,
    lowest_in_30_days,
    lowest_price_sql,
    price_list_of,
    prices_of,
    tiers_of,
)
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def wholesale():
    return PriceList.objects.create(
        name="Wholesale", group=CustomerGroup.objects.create(name="Wholesalers")
    )


def listed(variant, amount, *, since=-DAY, until=None, price_list=RETAIL, **fields) -> Price:
    """A price row that began `since` from now and ends `until` from now."""
    now = timezone.now()
    return Price.objects.create(
        variant=variant, price_list_id=getattr(price_list, "pk", price_list), amount=Decimal(amount),
        valid_from=now + since, valid_until=None if until is None else now + until, **fields,
    )  # fmt: skip


def was(variant, *changes) -> None:
    """Write the past of the variant's own price: `(amount, days ago it began)`, oldest first."""
    PriceChange.objects.filter(variant=variant).delete()
    now = timezone.now()
    begins = [now - days * DAY for _, days in changes]
    for (amount, _), since, until in zip(changes, begins, [*begins[1:], None], strict=True):
        PriceChange.objects.create(
            variant=variant, price=Decimal(amount), valid_from=since, valid_until=until
        )
    Variant.objects.filter(pk=variant.pk).update(price=Decimal(changes[-1][0]))
    # the trigger has noted that change as well
    PriceChange.objects.filter(variant=variant, valid_from__gt=begins[-1] + DAY / 2).delete()
    PriceChange.objects.filter(variant=variant, valid_from=begins[-1]).update(valid_until=None)


def paid(variant, *, price_list=RETAIL, currency="ETB", quantity=1, at=None):
    found = prices_of(
        [variant.pk], price_list=getattr(price_list, "pk", price_list), currency=currency,
        quantities={variant.pk: quantity}, at=at,
    )  # fmt: skip
    return found.get(variant.pk)


def test_without_anything_else_the_variants_own_price_is_paid():
    price = paid(factories.variant(price="100.00"))
    assert (price.amount, price.regular, price.compare_at) == (Decimal(100), Decimal(100), None)
    assert (price.is_sale, price.source, price.valid_until) == (False, None, None)


def test_the_lowest_of_those_that_apply_is_paid(wholesale):
    variant = factories.variant(price="100.00")
    dear = listed(variant, "120")
    cheap = listed(variant, "80", price_list=wholesale)
    assert paid(variant).amount == Decimal(100)
    assert paid(variant, price_list=wholesale).source == cheap.pk
    sale = listed(variant, "70", is_sale=True, until=DAY)
    price = paid(variant, price_list=wholesale)
    assert (price.amount, price.regular, price.compare_at) == (
        Decimal(70),
        Decimal(80),
        Decimal(80),
    )
    assert (price.is_sale, price.source, price.valid_until) == (True, sale.pk, sale.valid_until)
    assert dear.pk != price.source


def test_other_lists_other_times_and_other_quantities_do_not_count(wholesale):
    variant = factories.variant(price="100.00")
    listed(variant, "10", price_list=wholesale)
    listed(variant, "20", since=DAY)
    listed(variant, "30", since=-2 * DAY, until=-DAY)
    listed(variant, "40", min_quantity=10)
    listed(variant, "50", currency="USD")
    assert paid(variant).amount == Decimal(100)
    assert paid(variant, quantity=9).amount == Decimal(100)
    assert paid(variant, quantity=10).amount == Decimal(40)
    assert paid(variant, currency="USD").amount == Decimal(50)


def test_a_currency_without_a_price_is_not_sold_in(wholesale):
    variant = factories.variant()
    listed(variant, "5", currency="USD", price_list=wholesale)
    assert paid(variant, currency="USD") is None
    assert paid(variant, currency="USD", price_list=wholesale).amount == 5


def test_when_the_price_is_known_to_change():
    variant = factories.variant(price="100.00")
    lower = listed(variant, "70", since=DAY, is_sale=True, until=2 * DAY)
    assert paid(variant).valid_until == lower.valid_from
    assert paid(variant, at=lower.valid_from).valid_until == lower.valid_until
    listed(variant, "130", since=DAY)  # never the lowest
    assert paid(variant).valid_until == lower.valid_from


def test_the_price_at_a_moment():
    variant = factories.variant(price="100.00")
    was(variant, ("60", 30), ("90", 10))
    listed(variant, "50", since=-20 * DAY, until=-15 * DAY, is_sale=True)
    now = timezone.now()
    assert paid(variant, at=now - 31 * DAY) is None  # it was not there
    assert paid(variant, at=now - 25 * DAY).amount == 60
    sale = paid(variant, at=now - 18 * DAY)
    assert (sale.amount, sale.compare_at, sale.is_sale) == (50, 60, True)
    assert paid(variant, at=now - 12 * DAY).amount == 60
    assert paid(variant, at=now - 5 * DAY).amount == 90
    assert paid(variant, at=now + 5 * DAY).amount == 90


def test_moments_are_half_open():
    variant = factories.variant(price="100.00")
    sale = listed(variant, "70", until=DAY, is_sale=True)
    tick = timedelta(microseconds=1)
    assert paid(variant, at=sale.valid_until).amount == 100
    assert paid(variant, at=sale.valid_until - tick).amount == 70


def test_quantities_step_down(wholesale):
    variant = factories.variant(price="100.00")
    listed(variant, "90", min_quantity=5)
    listed(variant, "95", min_quantity=10)  # no reason to buy ten
    listed(variant, "70", min_quantity=20, price_list=wholesale)
    retail = tiers_of([variant.pk], price_list=RETAIL, currency="ETB")[variant.pk]
    assert [(step, price.amount) for step, price in retail] == [(1, 100), (5, 90)]
    theirs = tiers_of([variant.pk], price_list=wholesale.pk, currency="ETB")[variant.pk]
    assert [(step, price.amount) for step, price in theirs] == [(1, 100), (5, 90), (20, 70)]


def test_many_variants_are_one_statement(django_assert_num_queries):
    variants = [factories.variant() for _ in range(30)]
    for variant in variants:
        listed(variant, "5", currency="KES")
    ids = [variant.pk for variant in variants]
    for one in (ids[:1], ids):
        with django_assert_num_queries(1):
            assert len(prices_of(one, price_list=RETAIL, currency="KES")) == len(one)
        with django_assert_num_queries(1):
            tiers_of(one, price_list=RETAIL, currency="ETB")
        with django_assert_num_queries(1):
            assert len(lowest_in_30_days(one, price_list=RETAIL, currency="ETB")) == len(one)


def test_the_list_of_a_caller(wholesale, django_assert_num_queries):
    customer = factories.user()
    with django_assert_num_queries(0):
        assert price_list_of(None) == price_list_of(customer) == RETAIL
    customer.customer_group = wholesale.group
    assert price_list_of(customer) == wholesale.pk
    wholesale.delete()
    assert price_list_of(customer) == RETAIL


def test_the_text_for_lists_says_the_same(wholesale):
    variant = factories.variant(price="100.00", compare_at_price=Decimal(150))
    parameters = {"price_list": wholesale.pk, "currency": "", "id": variant.pk}
    text = f"""SELECT paid.*, {lowest_price_sql("v")} FROM catalog_variant v
               CROSS JOIN LATERAL ({effective_price_sql("v")}) paid WHERE v.id = %(id)s"""

    def asked():
        with connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchone()

    assert asked() == (100, 100, 150, 100)
    listed(variant, "80", price_list=wholesale)
    assert asked()[:3] == (80, 80, 150)
    listed(variant, "70", is_sale=True)
    assert asked()[:3] == (70, 80, 80)
    parameters["currency"] = "USD"
    assert asked() == (None, None, None, None)


# --- the lowest of the last 30 days -----------------------------------------------------------


def lowest(variant, **asked):
    asked = {"price_list": RETAIL, "currency": "ETB", **asked}
    return lowest_in_30_days([variant.pk], **asked).get(variant.pk)


def test_a_price_that_was_always_so_is_its_own_lowest():
    variant = factories.variant(price="100.00")
    was(variant, ("100", 400))
    assert lowest(variant) == 100


def test_the_lowest_before_a_reduction():
    variant = factories.variant(price="100.00")
    was(variant, ("80", 60), ("60", 25), ("100", 20))
    listed(variant, "70", since=-2 * DAY, is_sale=True)
    assert lowest(variant) == 60  # between day 25 and day 20


def test_what_was_before_the_30_days_does_not_count():
    variant = factories.variant(price="100.00")
    was(variant, ("60", 60), ("100", 40))
    listed(variant, "70", since=-2 * DAY, is_sale=True)
    assert lowest(variant) == 100
    listed(variant, "75", since=-12 * DAY, until=-10 * DAY, is_sale=True)
    assert lowest(variant) == 75


def test_a_price_that_two_rows_carry_on_began_with_the_first():
    variant, other = factories.variant(price="100.00"), factories.variant(price="100.00")
    for one, second_begins in ((variant, timedelta()), (other, DAY)):
        was(one, ("100", 90))
        first = listed(one, "70", since=-50 * DAY, until=-20 * DAY, is_sale=True)
        Price.objects.create(
            variant=one, price_list_id=RETAIL, amount=70, is_sale=True,
            valid_from=first.valid_until + second_begins,
        )  # fmt: skip
    assert lowest(variant) == 100  # before day 50
    assert lowest(other) == 70  # there was a day at 100 in between
    listed(
        variant, "60", since=-51 * DAY, until=-49 * DAY, min_quantity=2
    )  # nobody pays it for one
    assert lowest(variant) == 100


def test_a_price_that_rose_began_when_the_lower_one_ended():
    variant = factories.variant(price="100.00")
    was(variant, ("100", 90))
    listed(variant, "60", since=-9 * DAY, until=-3 * DAY, is_sale=True)
    assert lowest(variant) == 60


def test_the_lowest_of_another_list_and_currency(wholesale):
    variant = factories.variant(price="100.00")
    was(variant, ("100", 90))
    listed(variant, "40", since=-9 * DAY, until=-3 * DAY, price_list=wholesale)
    listed(variant, "3", since=-9 * DAY, until=-3 * DAY, currency="USD")
    listed(variant, "4", since=-3 * DAY, currency="USD")
    assert lowest(variant) == 100
    assert lowest(variant, price_list=wholesale.pk) == 40
    assert lowest(variant, currency="USD") == 3
    assert lowest(variant, currency="KES") is None
