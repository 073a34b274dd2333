"""What is charged is what the caller was shown: their list, their currency, their quantity, this moment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.models import CustomerGroup
from catalog.models import RETAIL, Price, PriceList
from catalog.price_verbs import end_price
from orders.models import Order
from payments.models import Payment
from tests import factories
from tests.catalog.conftest import signed_in
from tests.orders.test_checkout import item, nothing_happened, post

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def listed(variant, amount, *, price_list=RETAIL, since=-HOUR, until=None, **fields):
    now = timezone.now()
    return Price.objects.create(
        variant=variant, price_list_id=getattr(price_list, "pk", price_list), amount=Decimal(amount),
        valid_from=now + since, valid_until=until and now + until, **fields,
    )  # fmt: skip


@pytest.fixture
def wholesaler():
    """A customer whose group has a price list of its own."""
    group = CustomerGroup.objects.create(name="Wholesalers")
    PriceList.objects.create(name="Wholesale", group=group)
    return factories.user(customer_group=group)


def totals(response):
    assert response.status_code == 201, response.json()
    order = response.json()
    return [line["unit_price"]["amount"] for line in order["lines"]], order["total"]


@pytest.mark.django_db(transaction=True)
def test_a_sale_is_charged_while_it_lasts(api):
    variant = factories.variant(price="100.00")
    sale = listed(variant, "80", is_sale=True, until=HOUR)
    assert totals(post(api, item(variant))) == (["80.00"], {"amount": "80.00", "currency": "ETB"})
    end_price(price_id=sale.pk)
    assert totals(post(api, item(variant)))[0] == ["100.00"]


def test_each_pays_by_their_own_list(api, wholesaler):
    variant = factories.variant(price="100.00")
    listed(variant, "60", price_list=wholesaler.customer_group.price_list)
    assert totals(post(signed_in(wholesaler), item(variant)))[0] == ["60.00"]
    assert totals(post(signed_in(factories.user()), item(variant)))[0] == ["100.00"]
    assert totals(post(api, item(variant)))[0] == ["100.00"], "a guest pays retail"
    api.force_authenticate(None)
    guest = post(api, item(variant), email=wholesaler.email)
    assert totals(guest)[0] == ["100.00"], "an address proves nothing"


def test_the_quantity_of_repeated_lines_counts_together(api):
    variant = factories.variant(price="100.00", stock=50)
    listed(variant, "90", min_quantity=10)
    assert totals(post(api, item(variant, 9)))[0] == ["100.00"]
    assert totals(post(api, item(variant, 4), item(variant, 6))) == (
        ["90.00"], {"amount": "900.00", "currency": "ETB"},
    )  # fmt: skip


def test_another_currency(api):
    variant = factories.variant(price="100.00")
    listed(variant, "1.99", currency="USD")
    prices, total = totals(post(api, item(variant, 2), currency="USD"))
    assert (prices, total) == (["1.99"], {"amount": "3.98", "currency": "USD"})
    order = Order.objects.get()
    assert (order.currency, order.tax_total) == ("USD", Decimal("0.52"))


def test_a_currency_without_small_change(api):
    variant = factories.variant()
    listed(variant, "7250", currency="UGX")
    prices, total = totals(post(api, item(variant, 3), currency="UGX"))
    assert (prices, total) == (["7250"], {"amount": "21750", "currency": "UGX"})


def test_what_has_no_price_in_a_currency_is_not_for_sale_in_it(api):
    dear, cheap = factories.variant(), factories.variant()
    listed(dear, "9", currency="USD")
    response = post(api, item(dear), item(cheap), currency="USD")
    assert (response.status_code, response.json()["code"]) == (409, "not_for_sale")
    assert [error["field"] for error in response.json()["errors"]] == ["items.1"]
    assert nothing_happened()


@pytest.mark.parametrize("currency", ["XXX", "usd", "", None, 7, ["USD"]])
def test_an_unknown_currency_is_refused(api, currency):
    response = post(api, item(factories.variant()), currency=currency)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "currency"
    assert nothing_happened()


def test_the_expected_total_is_of_the_same_currency(api):
    variant = factories.variant(price="100.00")
    listed(variant, "2.00", currency="USD")
    listed(variant, "7000", currency="UGX")
    changed = post(api, item(variant), currency="USD", expected_total="2.01")
    assert changed.json()["code"] == "price_changed"
    assert changed.json()["errors"][0]["actual"] == {"amount": "2.00", "currency": "USD"}
    mixed = {"amount": "2.00", "currency": "ETB"}
    assert post(api, item(variant), currency="USD", expected_total=mixed).status_code == 400
    halves = post(api, item(variant), currency="UGX", expected_total="7000.50")
    assert (halves.status_code, halves.json()["errors"][0]["field"]) == (400, "expected_total")
    assert nothing_happened()
    right = {"amount": "2.00", "currency": "USD"}
    assert post(api, item(variant), currency="USD", expected_total=right).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_sale_that_ended_since_the_page_was_shown_is_not_charged_more(api):
    variant = factories.variant(price="100.00")
    sale = listed(variant, "80", is_sale=True)
    end_price(price_id=sale.pk)
    response = post(api, item(variant), expected_total="80.00")
    assert (response.status_code, response.json()["code"]) == (409, "price_changed")
    assert nothing_happened()


def test_what_is_not_published_yet_is_not_for_sale(api):
    variant = factories.variant()
    product = variant.product
    for window in (
        {"publish_from": timezone.now() + HOUR},
        {"publish_until": timezone.now() - HOUR},
    ):
        type(product).objects.filter(pk=product.pk).update(
            **{"publish_from": None, "publish_until": None, **window}
        )
        assert post(api, item(variant)).json()["code"] == "not_for_sale"


def test_statements_do_not_grow_with_the_lines(wholesaler):
    client = signed_in(wholesaler)
    counts = []
    for lines in (1, 25):
        parts = [factories.variant(stock=100) for _ in range(lines)]
        bundles = [factories.variant(stock=0) for _ in range(lines)]
        for bundle, part in zip(bundles, parts, strict=True):
            bundle.parts.create(stock_item=part.stock_item, quantity=2)
        for variant in (*parts, *bundles):
            listed(variant, "5", currency="USD")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = post(
                client, *(item(variant) for variant in (*parts, *bundles)), currency="USD"
            )
        assert response.status_code == 201, response.json()
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_cannot_take_the_currency_says_so_before_anything_is_kept(api, settings):
    settings.CHAPA_SECRET_KEY = "CHASECK_TEST-abcdefghijklmnopqrstuvwxyz012345"
    variant = factories.variant()
    listed(variant, "250", currency="KES")
    order = post(api, item(variant), currency="KES").json()
    response = api.post(
        f"/api/orders/{order['id']}/payments/", {"method": "chapa"},
        headers={"X-Order-Token": order["order_token"]},
    )  # fmt: skip
    assert (response.status_code, response.json()["code"]) == (409, "currency_not_taken")
    assert not Payment.objects.exists()
