"""import_products: what becomes of the rows of a Shopify export."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Image, Product, Variant
from inventory.models import Movement, StockItem
from tests.catalog.exports import SHIRT, export, line, snapshot

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_variants_and_pictures_spread_over_rows(load):
    said = load(SHIRT)
    product = Product.objects.get()
    assert (product.slug, product.name, product.brand) == ("shirt", "Linen Shirt", "Nexus")
    assert product.description == "<p>Fine\nlinen</p>"
    assert product.tags == ["linen", "summer"]
    assert product.is_published
    assert product.category.name == "Clothing"
    assert product.min_price == 300
    small, medium = product.variants.order_by("position")
    assert (small.sku, small.name, small.weight_grams, small.barcode) == (
        "SH-S",
        "S / Red",
        250,
        "0123",
    )
    assert small.options == [{"name": "Size", "value": "S"}, {"name": "Colour", "value": "Red"}]
    assert (small.compare_at_price, small.stock_item.on_hand) == (350, 5)
    assert medium.sku.startswith("NX-")
    assert (str(medium.price), medium.compare_at_price, medium.stock_item.on_hand) == (
        "310.50",
        None,
        0,
    )
    pictures = list(product.images.order_by("position").values_list("source_url", "alt", "variant"))
    assert pictures == [
        ("https://pictures.shop/1.jpg", "Front", None),
        ("https://pictures.shop/2.jpg", "Back", medium.pk),
        ("https://pictures.shop/3.jpg", "", None),
    ]
    assert not any(image.file for image in Image.objects.all()), "nothing was fetched"
    assert "line 4: stock -2 is negative" in said
    assert "line 4: compare-at price 100.00 dropped" in said
    assert "1 created, 0 updated, 0 unchanged. Rows rejected: 0" in said


def test_twice_changes_nothing(load):
    load(SHIRT)
    before = snapshot()
    assert "0 created, 0 updated, 1 unchanged" in load(SHIRT)
    assert snapshot() == before


def test_a_changed_file_updates_but_leaves_stock(load):
    load(SHIRT)
    StockItem.objects.filter(variant__sku="SH-S").update(on_hand=3)
    changed = (
        SHIRT.replace('"300"', '"280"')
        .replace("Linen Shirt", "Linen Shirt II")
        .replace('"5"', '"9"')
    )
    changed = (
        changed.replace('"M"', '"L"')
        + line(handle="shirt", v1="XL", v2="Red", qty=4, price=400)
        + "\n"
    )
    assert "1 updated" in load(changed)
    product = Product.objects.get()
    assert (product.name, product.min_price) == ("Linen Shirt II", 280)
    assert product.variants.count() == 4, "what the file no longer has stays"
    assert StockItem.objects.get(variant__sku="SH-S").on_hand == 3
    assert "1 updated" in load(changed, "--set-stock")
    assert StockItem.objects.get(variant__sku="SH-S").on_hand == 9
    assert Movement.objects.latest("pk").quantity == 6
    assert "1 unchanged" in load(changed, "--set-stock")


def test_dry_run_keeps_nothing(load):
    said = load(SHIRT, "--dry-run")
    assert "1 created" in said
    assert "dry run" in said
    assert not Product.objects.exists()
    assert not Category.objects.exists()
    assert not StockItem.objects.exists()


BAD = {
    "no price": (line(handle="a", title="A"), "line 2: a: no price"),
    "text as price": (
        line(handle="a", title="A", price="free"),
        "line 2: a: “free” is not a price",
    ),
    "formula as price": (line(handle="a", title="A", price="=1+1"), "is not a price"),
    "negative price": (line(handle="a", title="A", price="-5"), "is not a price"),
    "not a number": (line(handle="a", title="A", price="NaN"), "is not a price"),
    "infinite": (line(handle="a", title="A", price="1e999999999"), "is"),
    "too precise": (line(handle="a", title="A", price="1.005"), "more than two decimals"),
    "too large": (line(handle="a", title="A", price="1" + "0" * 15), "too large"),
    "no handle": (line(title="A", price="1"), "line 2: no handle"),
    "no title": (line(handle="a", price="1"), "line 2: a: no row of this handle has a title"),
    "too many cells": (
        line(handle="a", title="A", price="1") + ",x,y",
        "line 2: 25 cells for 23 columns",
    ),
}


@pytest.mark.parametrize(("row", "reason"), BAD.values(), ids=BAD.keys())
def test_bad_rows_are_reported_and_the_rest_goes_on(load, row, reason):
    said = load(export(row, line(handle="good", title="Good", price="5", qty=1)))
    assert reason in said
    assert "Rejected: line 2" in said
    assert "1 created" in said
    assert [p.slug for p in Product.objects.all()] == ["good"]


def test_a_bad_variant_does_not_take_its_product_along(load):
    said = load(export(
        line(handle="a", title="A", o1="Size", v1="S", price="x"),
        line(handle="a", v1="M", price="5"),
        line(handle="a", v1="M", price="6"),
        line(handle="a", alt="nothing else"),
    ))  # fmt: skip
    assert "Rejected: line 2: a: “x” is not a price" in said
    assert "Rejected: line 4: a: the same options as line 3" in said
    assert "Rejected: line 5: a: neither a variant nor a picture" in said
    assert [v.name for v in Variant.objects.all()] == ["M"]


@pytest.mark.parametrize(
    ("published", "status", "expected"),
    [("true", "", True), ("TRUE", "active", True), ("", "active", True), ("false", "active", False),
     ("true", "draft", False), ("true", "archived", False), ("", "", True)],
)  # fmt: skip
def test_published_and_status(load, published, status, expected):
    load(export(line(handle="a", title="A", price="1", published=published, status=status)))
    assert Product.objects.get().is_published is expected


def test_rows_of_one_handle_need_not_be_together(load):
    load(export(
        line(handle="a", title="A", o1="Size", v1="S", price="1"),
        line(handle="b", title="B", price="2"),
        line(handle="A", v1="M", price="3"),
    ))  # fmt: skip
    assert sorted(Product.objects.get(slug="a").variants.values_list("name", flat=True)) == [
        "M",
        "S",
    ]


def test_skus_that_are_taken_are_replaced_and_found_again(load):
    text = export(
        line(handle="a", title="A", price="1", sku="SAME"),
        line(handle="b", title="B", price="2", sku="SAME"),
        line(handle="c", title="C", o1="Size", v1="S", price="2", sku="TWICE"),
        line(handle="c", v1="M", price="2", sku="TWICE"),
    )
    said = load(text)
    assert "line 3: SKU SAME is taken" in said
    assert "line 5: SKU TWICE is taken" in said
    before = snapshot()
    assert "3 unchanged" in load(text)
    assert snapshot() == before


def test_text_that_looks_like_a_formula_is_text(load):
    load(
        export(
            line(
                handle="a", title='=HYPERLINK("http://evil")', vendor="@x", price="1", tags="+1,-1"
            )
        )
    )
    product = Product.objects.get()
    assert product.name == '=HYPERLINK("http://evil")'
    assert product.tags == ["+1", "-1"]


def test_handles_that_are_no_slugs_get_one_that_stays(load):
    text = export(
        line(handle="12345", title="Digits", price="1"),
        line(handle="ቡና", title="Coffee", price="1"),
        line(handle="コーヒー", title="Coffee", price="1"),
        line(handle="has space", title="Space", price="1"),
    )
    assert "4 created" in load(text)
    assert "4 unchanged" in load(text)
    assert Product.objects.filter(slug="buna").exists()


def test_an_archived_product_leaves_its_address(load, owner):
    load(SHIRT)
    Product.objects.update(is_published=False, archived_at="2026-01-01T00:00Z")
    Variant.objects.update(archived_at="2026-01-01T00:00Z")
    assert "1 created" in load(SHIRT)
    assert owner.get("/api/products/shirt/").status_code == 200


def test_bad_picture_addresses_are_left_out(load):
    said = load(export(
        line(handle="a", title="A", price="1", image="javascript:alert(1)"),
        line(handle="a", image="/local.jpg"),
        line(handle="a", image="https://pictures.shop/" + "x" * 3000),
    ))  # fmt: skip
    assert said.count("picture left out") == 3
    assert not Image.objects.exists()


def test_the_number_of_statements_does_not_grow_with_products_or_variants(load):
    def statements(products: int, rows: int, prefix: str) -> tuple[int, int]:
        text = export(*[
            line(handle=f"{prefix}{number}", title="A", vendor="V", type="T", o1="Size", v1=f"S{n}", price="1", qty=n,
                 image=f"https://pictures.shop/{n}.jpg")
            for number in range(products) for n in range(rows)
        ])  # fmt: skip
        counted = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                load(text)
            # Besides, PostgreSQL is told how large tables have become, whenever they are four times as large.
            counted.append(sum(not query["sql"].startswith("ANALYZE") for query in queries))
        return counted[0], counted[1]

    load(export(line(handle="z", title="Z", vendor="V", type="T", price="1")))
    few, many = statements(1, 2, "a"), statements(40, 30, "b")
    assert few == many
    assert many[0] <= 40, "created"
    assert many[1] <= 25, "unchanged"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the exports are not here")
@pytest.mark.parametrize("path", sorted(SHARED.glob("shopify-*.csv")), ids=lambda path: path.name)
def test_real_exports(path):
    out = StringIO()
    call_command("import_products", str(path), stdout=out)
    assert "Products: 20 created, 0 updated, 0 unchanged. Rows rejected: 0" in out.getvalue()
    before = snapshot()
    call_command("import_products", str(path), stdout=out)
    assert snapshot() == before
