"""Prices in the admin: the shop's own currency has its name there, though rows leave it empty."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import RETAIL, Price
from tests import factories

pytestmark = pytest.mark.django_db
PRICES = "/admin/catalog/price/"


@pytest.fixture
def prices():
    variant = factories.variant(price="620")
    fields = {
        "variant": variant,
        "price_list_id": RETAIL,
        "valid_from": timezone.now() - timedelta(days=1),
    }
    return [
        Price.objects.create(amount=Decimal(amount), currency=currency, **fields)
        for amount, currency in (("590", ""), ("4.50", "USD"))
    ]


@pytest.mark.parametrize(
    ("query", "places"),
    [("", {0, 1}), ("?currency=ETB", {0}), ("?currency=USD", {1}), ("?currency=KES", set())],
)
def test_they_are_filtered_by_any_currency(admin_client, prices, query, places):
    shown = admin_client.get(PRICES + query).context["cl"].queryset
    assert {price.pk for price in shown} == {prices[place].pk for place in places}


def test_what_has_begun_is_only_read_and_says_its_currency(admin_client, prices):
    page = admin_client.get(f"{PRICES}{prices[0].pk}/change/").content.decode()
    assert '<div class="readonly">ETB</div>' in page
    assert 'name="amount"' not in page
