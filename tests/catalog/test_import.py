"""import_products: Shopify's exports in every shape they come in, and our own format."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Image, Product, Variant
from inventory.models import Movement, StockItem

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Option2 Name", "Option2 Value", "Variant SKU", "Variant Grams", "Variant Inventory Tracker",
    "Variant Inventory Qty", "Variant Price", "Variant Compare At Price", "Variant Barcode", "Image Src",
    "Image Position", "Image Alt Text", "Variant Image", "Status",
]  # fmt: skip


def line(**cells) -> str:
    """A row of the classic export; cells are named by their column's initials."""
    names = {
        "handle": "Handle", "title": "Title", "body": "Body (HTML)", "vendor": "Vendor", "type": "Type", "tags": "Tags",
        "published": "Published", "o1": "Option1 Name", "v1": "Option1 Value", "o2": "Option2 Name",
        "v2": "Option2 Value", "sku": "Variant SKU", "grams": "Variant Grams", "tracker": "Variant Inventory Tracker",
        "qty": "Variant Inventory Qty", "price": "Variant Price", "was": "Variant Compare At Price",
        "barcode": "Variant Barcode", "image": "Image Src", "alt": "Image Alt Text", "vimage": "Variant Image",
        "status": "Status",
    }  # fmt: skip
    values = {names[key]: str(value) for key, value in cells.items()}
    return ",".join('"' + values.get(column, "").replace('"', '""') + '"' for column in HEADER)


@pytest.fixture
def load(tmp_path):
    """Write a file and import it; gives what the command said."""

    def run(content: str | bytes, *options: str, fails: bool = False) -> str:
        path = tmp_path / "export.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out, err = StringIO(), StringIO()
        if fails:
            with pytest.raises(CommandError) as refusal:
                call_command("import_products", str(path), *options, stdout=out, stderr=err)
            return out.getvalue() + str(refusal.value)
        call_command("import_products", str(path), *options, stdout=out, stderr=err)
        return out.getvalue()

    return run


def export(*rows: str) -> str:
    return "\r\n".join([",".join(HEADER), *rows]) + "\r\n"


SHIRT = export(
    line(handle="shirt", title="Linen Shirt", body="<p onclick='x'>Fine\nlinen</p><script>alert(1)</script>", vendor="Nexus",
         type="Clothing", tags="linen, summer ,linen", published="true", o1="Size", v1="S", o2="Colour", v2="Red",
         sku="SH-S", grams="250", tracker="shopify", qty=5, price="300", was="350", barcode="'0123",
         image="https://pictures.shop/1.jpg", alt="Front"),
    line(handle="shirt", v1="M", v2="Red", qty=-2, price="310.50", was="100", vimage="https://pictures.shop/2.jpg"),
    line(handle="shirt", image="https://pictures.shop/2.jpg", alt="Back"),
    line(handle="shirt", image="https://pictures.shop/3.jpg"),
)  # fmt: skip


def snapshot() -> list:
    """Everything an import writes, versions of rows included: equal means nothing was written."""
    with connection.cursor() as cursor:
        found = []
        for table in ("catalog_product", "catalog_variant", "catalog_image", "catalog_category",
                      "inventory_stockitem", "inventory_movement"):  # fmt: skip
            cursor.execute(f"SELECT ctid::text, * FROM {table} ORDER BY id")
            found.append(cursor.fetchall())
    return found


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
    "rewrite",
    [
        lambda text: ("\ufeff" + text).encode(),
        lambda text: text.replace("\r\n", "\n").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("cp1252"),
        lambda text: ("\n\r\n".join(text.split("\r\n")) + ",,,,,\r\n").encode(),
    ],
    ids=["BOM", "LF", "UTF-16", "cp1252", "blank rows"],
)
def test_encodings_and_line_ends(load, rewrite):
    text = export(line(handle="cafe", title="Café Crème", body="Two\nlines", price="5", qty=1))
    load(rewrite(text))
    product = Product.objects.get()
    assert product.name == "Café Crème"
    assert product.description.split() == ["Two", "lines"]


def test_cp1252_is_noticed(load):
    assert "not UTF-8" in load(export(line(handle="a", title="Café", price="5")).encode("cp1252"))


def test_delimiters_column_order_and_missing_or_extra_columns(load):
    assert "1 created" in load("Price;Extra;TITLE;handle\n12,50;x;Honey;honey\n")
    honey = Product.objects.get()
    assert honey.min_price == 12.5
    assert honey.is_published
    assert honey.variants.get().stock_item.on_hand == 0
    assert "1 created" in load(
        "Handle\tTitle\tVariant Price\tVariant Inventory Qty\ntea\tTea\t1,250.00\t3\n"
    )
    assert Product.objects.get(slug="tea").min_price == 1250


def test_the_present_template_is_understood(load):
    load(
        "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,"
        "Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Weight value (grams),"
        "Product image URL,Image position,Image alt text,Variant image URL\n"
        "Mug,mug,<b>Blue</b>,Nexus,Home & Garden > Kitchen > Mugs,,kitchen,TRUE,Active,MUG-1,,Title,Default Title,"
        "90,100,shopify,7,300,https://pictures.shop/m.jpg,1,Mug,\n"
    )
    mug = Product.objects.get()
    assert mug.description == "<b>Blue</b>"
    assert mug.category.name == "Mugs"
    assert mug.category.parent.parent.name == "Home & Garden"
    variant = mug.variants.get()
    assert (variant.sku, variant.options, variant.stock_item.on_hand) == ("MUG-1", [], 7)


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


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "is empty"),
        (b"PK\x03\x04rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"\x00\x01\x02\x00" * 100, "not a CSV file"),
        (b"name,colour\nx,y\n", "not a Shopify product export"),
        (b"{\"products\": []}", "not a Shopify product export"),
        (export().encode(), "no product could be imported"),
        (export(line(handle="a", title="A")).encode(), "no product could be imported"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_imported(load, content, sentence):
    assert sentence in load(content, fails=True)


def test_a_missing_file(load):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_products", "/nowhere/at/all.csv")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_products", "/")


def test_an_unclosed_quote_swallows_no_silence(load):
    text = export(line(handle="a", title="A", price="1")) + 'b,"B never ends,,,\n' + "c,C,,\n" * 3
    assert "Rejected: line 3" in load(text)


def test_long_things_are_cut_with_a_word_about_it(load):
    said = load(export(line(
        handle="a", title="T" * 300, body="<p>" + "x" * 60_000, price="1", tags=",".join(f"t{n}" for n in range(60)),
        sku="S" * 101,
                tracker="shopify",
    )))  # fmt: skip
    assert said.count("Notice: line 2") == 4
    product = Product.objects.get()
    assert len(product.name) == 255
    assert len(product.tags) == 50


def test_our_own_format(load):
    text = (
        "slug,name,description,brand,category,tags,is_published,sku,options,price,compare_at_price,stock,barcode,"
        "weight_grams,images\n"
        'mug,Mug · ኩባያ,<b>Blue</b>,Nexus,Home > Kitchen,"blue, mug",false,,Size=Small,90,100,7,,300,'
        "https://pictures.shop/1.jpg https://pictures.shop/2.jpg\n"
        "mug,,,,,,,MUG-L,Size=Large; Colour=Blue,120.50,,3,,,\n"
        "12,Digits,,,,,,,,1,,,,,\n"
        "bowl,,,,,,,,,1,,,,,\n"
        "cup,Cup,,,,,,,Size,1,,,,,\n"
        ",Nobody,,,,,,,,1,,,,,\n"
    )
    said = load(text)
    mug = Product.objects.get()
    assert (mug.name, mug.is_published, mug.category.slug) == ("Mug · ኩባያ", False, "kitchen")
    assert mug.category.parent.slug == "home"
    assert [(v.name, v.stock_item.on_hand) for v in mug.variants.order_by("position")] == [
        ("Small", 7), ("Large / Blue", 3),
    ]  # fmt: skip
    assert mug.images.count() == 2
    assert "line 4: “12” is not a slug" in said
    assert "line 5: bowl: no row has a name" in said
    assert "line 6: cup: “Size” is not an option" in said
    assert "line 7: no slug" in said
    before = snapshot()
    assert "1 unchanged" in load(text, "--format", "nexus")
    assert snapshot() == before
    assert "needs the columns" in load(SHIRT, "--format", "nexus", fails=True)


def test_an_unchanged_product_costs_the_same_few_statements(load):
    def statements(rows: int) -> int:
        text = export(*[
            line(handle="a", title="A", o1="Size", v1=f"S{n}", price="1", image=f"https://pictures.shop/{n}.jpg")
            for n in range(rows)
        ])  # fmt: skip
        load(text)
        with CaptureQueriesContext(connection) as queries:
            load(text)
        return len(queries)

    assert statements(2) == statements(30) <= 8


@pytest.mark.skipif(not SHARED.is_dir(), reason="the exports are not here")
@pytest.mark.parametrize("path", sorted(SHARED.glob("shopify-*.csv")), ids=lambda path: path.name)
def test_real_exports(path):
    out = StringIO()
    call_command("import_products", str(path), stdout=out)
    assert "Products: 20 created, 0 updated, 0 unchanged. Rows rejected: 0" in out.getvalue()
    before = snapshot()
    call_command("import_products", str(path), stdout=out)
    assert snapshot() == before
