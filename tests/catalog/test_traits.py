"""catalog_traits, the rows that facets are counted by, follow their products and offers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from catalog.models import RETAIL, Price, Product, Variant
from catalog.tokens import facet_key, token_key
from tests.catalog.faceted import forty_products

pytestmark = pytest.mark.django_db


def test_keys_are_those_of_the_database():
    tokens = [
        "a:colour=Red",
        "a:note=x=y",
        "o:Size=L",
        "o:Cut=2=a=b",
        "t:new",
        "t:a=b",
        "b:12",
        "c:3",
        "t:ቡና",
        "o:x",
    ]
    with connection.cursor() as cursor:
        for token in tokens:
            cursor.execute("SELECT catalog_token_key(%s), catalog_facet_key(%s)", [token, token])
            assert cursor.fetchone() == (token_key(token), facet_key(token))


def traits() -> dict[int, tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, category_id, brand_id, in_stock, price, keys FROM catalog_traits"
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def test_rows_follow_their_products_and_offers():
    def expected() -> dict[int, tuple]:
        plain = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT product_id, min(price) FROM catalog_offer WHERE price_list_id = 1 AND currency = ''"
                " GROUP BY 1 HAVING count(*) = 1 AND min(valid_from) < '1000-01-01' AND max(valid_until) > '9000-01-01'"
            )
            plain = dict(cursor.fetchall())
        return {
            row.pk: (row.category_id, row.brand_ref_id, row.in_stock, plain.get(row.pk),
                     [token_key(token) for token in row.tokens])
            for row in Product.objects.filter(is_published=True, archived_at=None)
        }  # fmt: skip

    forty_products()
    assert traits() == expected()
    some = Product.objects.filter(is_published=True)
    first, second, third, fourth, fifth = some[:5]
    Product.objects.filter(pk=first.pk).update(is_published=False)
    Product.objects.filter(pk=second.pk).update(category=None, brand="Omo", tags=["other"])
    Variant.objects.filter(product=third).update(price=Decimal("77"))
    Variant.objects.filter(product=fourth).update(archived_at="2026-01-01T00:00Z")
    fifth.delete()
    Product.objects.filter(is_published=False).update(is_published=True)
    Price.objects.create(
        variant=Variant.objects.filter(product=third).first(),
        price_list_id=RETAIL,
        is_sale=True,
        amount=1,
    )
    assert traits() == expected()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_traits")
        cursor.execute("SELECT catalog_refresh_traits(ARRAY(SELECT id FROM catalog_product))")
    assert traits() == expected()


@pytest.mark.parametrize(
    ("low", "high", "edge"),
    [("12", "18", "15"), ("90", "140", "100"), ("1234", "1290", "1250"), ("0.3", "0.34", "0.3"), ("7", "7", "7"),
     ("7.25", "7.25", "7.25"), ("-20", "-11", "-20"), ("-3", "5", "0"), ("499", "501", "500"), ("0.01", "0.02", "0.02"),
     ("999999999999.99", "999999999999.99", "999999999999.99"), ("0.000001", "0.000001", "0.000001")],
)  # fmt: skip
def test_the_roundest_number_between_two(low, high, edge):
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_round_edge(%s, %s)", [Decimal(low), Decimal(high)])
        found = cursor.fetchone()[0]
    assert Decimal(low) <= found <= Decimal(high)
    assert found == Decimal(edge)
