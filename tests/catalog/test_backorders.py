"""What may be promised beyond the shelf is in stock, whoever allows it; and what staff count never overwrites a sale."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from catalog.bundles import Part, set_parts
from catalog.models import Product
from catalog.services import update_variant
from common.actors import SYSTEM
from inventory.services import commit, reserve, set_limits
from orders.checkout import OutOfStock
from reporting.doctor import examine
from tests import factories

pytestmark = pytest.mark.django_db


def shown(variant) -> tuple[bool, bool, int]:
    """In a list, on its page, and the product's version."""
    client = APIClient()
    product = Product.objects.get(pk=variant.product_id)
    page = client.get(f"/api/products/{product.pk}/").json()
    assert page["variants"][0]["in_stock"] == page["in_stock"]
    listed = client.get("/api/products/?in_stock=true").json()["results"]
    return product.pk in {row["id"] for row in listed}, page["in_stock"], product.version


def allow(variant, pieces: int) -> None:
    set_limits(stock_item_id=variant.stock_item_id, changes={"backorder_limit": pieces})


def by_api(variant, pieces: int) -> None:
    staff = APIClient()
    staff.force_authenticate(factories.staff())
    path = f"/api/stock/{variant.stock_item_id}/"
    assert staff.patch(path, {"backorder_limit": pieces}).status_code == 200


def by_hand(variant, pieces: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_stockitem SET backorder_limit = %s WHERE id = %s",
            [pieces, variant.stock_item_id],
        )


@pytest.mark.parametrize("change", [allow, by_api, by_hand])
def test_a_sold_out_product_that_may_be_ordered_is_in_stock(change):
    variant = factories.variant(stock=0)
    was = shown(variant)
    assert was[:2] == (False, False)
    change(variant, 1)
    becomes = shown(variant)
    assert becomes[:2] == (True, True)
    assert becomes[2] > was[2]
    factories.place(variant=variant)
    ends = shown(variant)
    assert ends[:2] == (False, False)
    assert ends[2] > becomes[2]
    with pytest.raises(OutOfStock):
        factories.place(variant=variant)
    assert examine() == []


def test_a_bundle_of_what_may_be_ordered_is_in_stock():
    part, bundle = factories.variant(stock=1), factories.variant(stock=0)
    set_parts(variant_id=bundle.pk, parts=[Part(part.pk, 2)])
    assert shown(bundle)[:2] == (False, False)
    allow(part, 1)
    assert shown(bundle)[:2] == (True, True)
    factories.place(variant=bundle)
    assert shown(bundle)[:2] == shown(part)[:2] == (False, False)
    assert examine() == []


def test_a_limit_that_switches_nothing_writes_no_product():
    variant = factories.variant(stock=5)
    version = shown(variant)[2]
    allow(variant, 10)
    assert shown(variant)[2] == version


def test_staff_read_and_write_what_is_on_the_shelf():
    variant = factories.variant(stock=0)
    allow(variant, 5)
    holder = uuid4()
    reserve(quantities={variant.stock_item_id: 3}, holder=holder)
    commit(holder=holder, by=SYSTEM)
    staff = APIClient()
    staff.force_authenticate(factories.staff())
    path = f"/api/products/{variant.product_id}/"
    page = staff.get(path).json()
    assert (page["stock"], page["in_stock"]) == (0, True)
    assert staff.patch(path, {"stock": 0}).status_code == 200, "sent back as it was read"
    variant.stock_item.refresh_from_db()
    assert (variant.stock_item.on_hand, variant.stock_item.reserved) == (0, 3)
    assert staff.patch(path, {"stock": 2}).json()["stock"] == 2
    variant.stock_item.refresh_from_db()
    assert (variant.stock_item.on_hand, variant.stock_item.reserved) == (2, 0)


# --- counts from the product's side -------------------------------------------------------------


def test_stock_that_was_expected_otherwise_is_not_overwritten():
    variant = factories.variant(stock=10)
    staff = APIClient()
    staff.force_authenticate(factories.staff())
    paths = [
        f"/api/products/{variant.product_id}/",
        f"/api/products/{variant.product_id}/variants/{variant.pk}/",
    ]
    factories.place(variant=variant, quantity=3)
    for path in paths:
        answer = staff.patch(path, {"stock": 12, "expected_stock": 10})
        assert (answer.status_code, answer.json()["code"]) == (409, "stock_moved")
        assert answer.json()["errors"][0]["actual"] == 7
    for number, path in enumerate(paths):
        answer = staff.patch(path, {"stock": 9 + number, "expected_stock": 7 + 2 * number})
        assert answer.json()["stock"] == 9 + number
    assert staff.patch(paths[0], {"stock": 4}).json()["stock"] == 4, "a count that expects nothing"


def test_a_new_product_expects_nothing():
    staff = APIClient()
    staff.force_authenticate(factories.staff())
    body = {"name": "Tea", "price": "5.00", "stock": 4, "expected_stock": 9}
    assert staff.post("/api/products/", body).status_code == 201


def test_a_page_of_the_admin_that_was_open_for_long_overwrites_no_sale():
    variant = factories.variant(stock=10)
    client = Client()
    client.force_login(factories.staff())
    url = f"/admin/catalog/variant/{variant.pk}/change/"
    form = client.get(url).context["adminform"].form
    posted = {
        name: form[name].value() if form[name].value() is not None else "" for name in form.fields
    }
    posted["initial-stock"] = posted["stock"]
    factories.place(variant=variant, quantity=3)
    client.post(url, {**posted, "name": "Large"})
    variant.refresh_from_db()
    assert (variant.name, variant.available) == ("Large", 7)
    answer = client.post(url, {**posted, "name": "Large", "stock": "20"}, follow=True)
    assert "There are 7 now, not 10" in answer.content.decode()
    variant.refresh_from_db()
    assert variant.stock_item.available == 7


def test_an_import_counts_what_is_on_the_shelf(tmp_path):
    from django.core.management import call_command

    variant = factories.variant(stock=0, sku="TEA-1")
    allow(variant, 2)
    assert shown(variant)[1] is True
    path = tmp_path / "goods.csv"
    path.write_text(
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\n"
        f"{variant.product.slug},Tea,TEA-1,25.00,4\n"
    )
    call_command(
        "import_products", str(path), "--set-stock", stdout=io.StringIO(), stderr=io.StringIO()
    )
    variant.refresh_from_db()
    assert (variant.stock_item.on_hand, variant.sellable) == (4, 6)
    assert update_variant(variant_id=variant.pk, changes={"stock": 4}, by=SYSTEM) is False
