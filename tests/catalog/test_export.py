"""export_products: what is exported and imported again changes nothing, here and in another shop."""

from __future__ import annotations

import csv
import gzip
import io
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.categories import create_category
from catalog.images import add_image, read_picture
from catalog.models import (
    BundlePart,
    Image,
    Price,
    PriceList,
    Product,
    Term,
    Variant,
)
from catalog.texts import create_term
from inventory.models import StockItem
from tests.catalog.exports import SHIRT, snapshot
from tests.security.world import small_picture

pytestmark = pytest.mark.django_db

RICH = {
    "slug": "coffee", "name": "Yirgacheffe · ይርጋጨፌ ☕", "description": "<p>Washed, <b>fine</b></p>", "brand": "Abay, Sons",
    "category": ["Home", "Kitchen > Coffee"], "product_type": "Coffee",
    "attributes": [
        {"code": "altitude", "name": "Altitude", "kind": "number", "unit": "m", "value": "1950.5"},
        {"code": "harvest", "name": "Harvest", "kind": "date", "value": "2026-01-15"},
        {"code": "organic", "name": "Organic", "kind": "boolean", "value": True},
        {"code": "roast", "name": "Roast", "kind": "choice", "value": "Dark"},
        {"code": "story", "name": "Story", "kind": "text", "value": "=cmd|' /C calc'!A0"},
    ],
    "collections": [{"slug": "gifts", "name": "Gifts", "position": 4}],
    "tags": ["new", "a, b", "+plus"], "is_published": True, "publish_from": "2026-01-01T00:00:00Z",
    "publish_until": "2036-01-01T00:00:00.5Z",
    "translations": {"am": {"name": "ይርጋጨፌ", "description": "<p>ጥሩ</p>"}},
    "images": [
        {"url": "https://pictures.shop/1.jpg", "alt": "-minus", "translations": {"am": {"alt": "ፊት"}}},
        {"url": "https://pictures.shop/2.jpg", "variant": "C-2"},
    ],
    "variants": [
        {"sku": "C-1", "options": [{"name": "Size; big", "value": "a=b"}, {"name": "Grind", "value": "@fine"}],
         "price": "1250.00", "compare_at_price": "1300.00", "stock": 7, "barcode": "0123", "weight_grams": 250,
         "prices": [
             {"currency": "USD", "amount": "9.50", "valid_from": "2026-02-01T00:00:00Z"},
             {"price_list": "Wholesale", "currency": "ETB", "amount": "1000.00", "min_quantity": 10,
              "valid_from": "2026-02-01T00:00:00Z"},
             {"amount": "900.00", "is_sale": True, "valid_from": "2035-01-01T00:00:00Z",
              "valid_until": "2035-02-01T00:00:00Z"},
         ]},
        {"sku": "C-2", "name": "The big one", "options": [{"name": "Size; big", "value": "c"}], "price": "10", "stock": 0},
    ],
}  # fmt: skip
BUNDLE = {
    "slug": "set", "name": "Gift set", "is_published": False, "variants": [
        {"sku": "SET", "price": "2000", "parts": [{"sku": "C-2", "quantity": 2}, {"sku": "LATE", "quantity": 1}]},
    ],
}  # fmt: skip
LATE = {"slug": "late", "name": "'tis =late", "variants": [{"sku": "'=LATE", "price": "5", "stock": 3},
        {"sku": "LATE", "options": [{"name": "A", "value": "1"}], "price": "5", "stock": 3}]}  # fmt: skip


def jsonl(*products: dict) -> str:
    return "".join(json.dumps(product, ensure_ascii=False) + "\n" for product in products)


def exported(*options: str) -> str:
    out = StringIO()
    call_command("export_products", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def rows_of(*tables: str) -> list:
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT ctid::text, * FROM {table} ORDER BY 2")
            found.append(cursor.fetchall())
    return found


def everything() -> list:
    further = rows_of(
        "catalog_price", "catalog_pricelist", "catalog_attribute", "catalog_attributevalue", "catalog_attributechoice",
        "catalog_producttype", "catalog_typeattribute", "catalog_collection", "catalog_collectionproduct",
        "catalog_bundlepart", "catalog_brand", "catalog_catalogversion",
    )  # fmt: skip
    return [snapshot(), further]


def empty_shop() -> None:
    """As the rows of migrations leave it."""
    BundlePart.objects.all().delete()
    Product.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM inventory_movement; DELETE FROM inventory_stockitem")
        for table in (
            "collection",
            "typeattribute",
            "producttype",
            "attributechoice",
            "attribute",
            "brand",
        ):
            cursor.execute(f"DELETE FROM catalog_{table}")
        cursor.execute("UPDATE catalog_category SET parent_id = NULL; DELETE FROM catalog_category")
    PriceList.objects.exclude(pk=1).delete()


@pytest.fixture
def filled(load):
    """A shop with everything; some of it made by hand."""
    said = load(jsonl(RICH, BUNDLE, LATE))
    assert "3 created" in said
    assert "Rows rejected: 0" in said, said
    load(SHIRT)
    product = Product.objects.get(slug="late")
    add_image(product=product, picture=read_picture(small_picture()), alt="Ours")
    create_term(text="new", translations={"am": "አዲስ"})
    parent = create_category(name="Men", slug="for-men")
    shirts = create_category(name="Shirts", slug="shirts-of-men", parent=parent)
    Product.objects.filter(pk=product.pk).update(category=shirts, brand=" spaced ")
    StockItem.objects.filter(variant__sku="C-1").update(reserved=2)


FORMATS = [("--jsonl",), (), ("--format", "shopify")]


@pytest.mark.parametrize("options", FORMATS, ids=["JSON Lines", "Nexus CSV", "Shopify CSV"])
def test_imported_again_it_changes_nothing(filled, load, options):
    text = exported(*options)
    before = everything()
    for further in ((), ("--set-stock",)):
        said = load(text, *further)
        assert "0 created, 0 updated, 4 unchanged. Rows rejected: 0" in said, said
    assert everything() == before


@pytest.mark.parametrize("options", FORMATS, ids=["JSON Lines", "Nexus CSV", "Shopify CSV"])
def test_in_another_shop_it_makes_the_same_again(filled, load, options):
    text = exported(*options)
    empty_shop()
    said = load(text)
    assert "4 created" in said
    assert "Rows rejected: 0" in said, said
    assert exported(*options) == text


@pytest.mark.parametrize("options", FORMATS[:2], ids=["JSON Lines", "Nexus CSV"])
def test_a_sale_stays_beside_lower_prices(load, options):
    """A price for ten is no reason to refuse a sale for one, nor is a regular price that fell after the sale began."""
    began, begins, ends = "2026-01-01T00:00:00Z", "2035-01-01T00:00:00Z", "2035-02-01T00:00:00Z"
    prices = [
        {"amount": "590.00", "is_sale": True, "valid_from": began, "valid_until": begins},
        {"amount": "570.00", "is_sale": True, "valid_from": begins, "valid_until": ends},
        {"amount": "560.00", "min_quantity": 10, "valid_from": began},
    ]
    variants = [{"sku": "A", "price": "620.00", "prices": prices}]
    product = {"slug": "a", "name": "A", "variants": variants}
    assert "1 created" in load(jsonl(product))
    assert "1 unchanged. Rows rejected: 0" in load(exported(*options))
    Variant.objects.update(price="580.00")
    text = exported(*options)
    assert "1 unchanged. Rows rejected: 0" in load(text)
    empty_shop()
    assert "1 created" in load(text)
    assert exported(*options) == text


def test_what_was_imported_is_all_there(filled):
    coffee = json.loads(exported("--jsonl").splitlines()[0])
    for key in (
        "slug",
        "name",
        "description",
        "brand",
        "product_type",
        "tags",
        "is_published",
        "translations",
    ):
        assert coffee[key] == RICH[key], key
    assert [part["name"] for part in coffee["category"]] == RICH["category"]
    assert [a["value"] for a in coffee["attributes"]] == [
        "1950.5", "2026-01-15", "true", "Dark", "=cmd|' /C calc'!A0",
    ]  # fmt: skip
    assert coffee["collections"] == RICH["collections"]
    assert [image.get("variant", "") for image in coffee["images"]] == ["", "C-2"]
    first, second = coffee["variants"]
    assert [(p["price_list"], p["currency"], p["amount"], p["min_quantity"], p["is_sale"]) for p in first["prices"]] == [
        ("", "ETB", "900.00", 1, True), ("", "USD", "9.50", 1, False), ("Wholesale", "ETB", "1000.00", 10, False),
    ]  # fmt: skip
    assert (first["stock"], second["name"]) == (5, "The big one")
    bundle = json.loads(exported("--jsonl").splitlines()[1])
    assert bundle["variants"][0]["parts"] == [
        {"sku": "C-2", "quantity": 2},
        {"sku": "LATE", "quantity": 1},
    ]
    assert Term.objects.count() == 1


def test_no_cell_of_a_spreadsheet_begins_like_a_formula(filled):
    Product.objects.filter(slug="late").update(name="=HYPERLINK(1)")
    for options in ((), ("--format", "shopify")):
        text = exported(*options)
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
        assert "'=HYPERLINK(1)" in text
        assert "'+plus" in text or '"[' in text


def test_files_packed_files_and_refusals(filled, tmp_path, load):
    plain = exported()
    for name, read in (
        ("a.csv", lambda p: p.read_bytes()),
        ("a.csv.gz", lambda p: gzip.decompress(p.read_bytes())),
    ):
        path = tmp_path / name
        call_command("export_products", str(path), stderr=StringIO())
        assert read(path).decode() == plain
        call_command("import_products", str(path), stdout=StringIO())
    assert {path.name for path in tmp_path.glob("*.part")} == set()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_products", str(tmp_path / "no" / "folder.csv"), stderr=StringIO())
    with pytest.raises(CommandError, match="CSV only"):
        call_command("export_products", "--jsonl", "--format", "shopify")


def test_shopify_has_three_options(load):
    options = [{"name": f"O{n}", "value": "x"} for n in range(4)]
    load(jsonl({"slug": "a", "name": "A", "variants": [{"price": "1", "options": options}]}))
    err = StringIO()
    call_command("export_products", "--format", "shopify", stdout=StringIO(), stderr=err)
    assert "Left out: a: it has 4 options" in err.getvalue()
    assert "0 written" in err.getvalue()


def test_a_portion_is_one_statement(filled, load):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            exported("--jsonl")
        return len(queries)

    few = statements()
    load(
        jsonl(
            *(
                {**BUNDLE, "slug": f"s{n}", "variants": [{"sku": f"S{n}", "price": "1"}]}
                for n in range(50)
            )
        )
    )
    assert statements() == few <= 4


def test_changed_prices_end_what_held_before(filled, load):
    changed = json.loads(json.dumps(RICH))
    changed["variants"][0]["prices"][0]["amount"] = "8.00"
    said = load(jsonl(changed))
    assert "0 created, 1 updated" in said, said
    dollars = Price.objects.filter(variant__sku="C-1", currency="USD").order_by("valid_from")
    assert [(str(p.amount), p.valid_until is None) for p in dollars] == [
        ("9.50", False),
        ("8.00", True),
    ]
    assert "1 unchanged" in load(jsonl(changed))


def test_parts_and_pictures_of_variants(filled):
    assert (
        Image.objects.get(
            product__slug="coffee", source_url="https://pictures.shop/2.jpg"
        ).variant.sku
        == "C-2"
    )
    assert set(BundlePart.objects.values_list("variant__sku", "stock_item__variant__sku", "quantity")) == {
        ("SET", "C-2", 2), ("SET", "LATE", 1),
    }  # fmt: skip
    assert Variant.objects.get(sku="SET").stock_item.on_hand == 0
