"""A shown change is in the very next read: in every process, whoever made it. What nobody is shown changes no version."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import (
    RETAIL,
    Attribute,
    AttributeValue,
    Brand,
    Category,
    Image,
    Language,
    Price,
    Product,
    ProductType,
    Term,
    TypeAttribute,
    Variant,
)  # fmt: skip
from common.actors import SYSTEM
from inventory.services import set_on_hand
from tests import factories
from tests.catalog.reads.processes import URLS, look, sql

pytestmark = pytest.mark.django_db(transaction=True)
_number = count(1)


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
    for wait in (
        3,
        12,
        48,
    ):  # on a busy machine the looking itself may take longer than the first of these
        start = timezone.now() + timedelta(seconds=wait)
        Product.objects.update(publish_from=start)
        try:
            before = look(processes)["/api/products/"]
        except AssertionError:  # it appeared between two looks
            before = ""
        if timezone.now() < start:
            break
    assert '"results":[]' in before
    _sleep_until(start)
    assert "Sidamo" in look(processes)["/api/products/"]


def _sleep_until(moment):
    import time

    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM %s - clock_timestamp())", [moment])
        time.sleep(max(float(cursor.fetchone()[0]), 0) + 0.05)
