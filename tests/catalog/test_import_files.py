"""Files in every encoding and order that exports come in, our own format, and what is no such file."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Product
from tests.catalog.exports import SHIRT, export, line, snapshot

pytestmark = pytest.mark.django_db


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
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "is empty"),
        (b"PK\x03\x04rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "damaged"),
        (b"\x00\x01\x02\x00" * 100, "not a CSV file"),
        (b"name,colour\nx,y\n", "not a Shopify product export"),
        (b"{\"products\": []}", "no product could be imported"),
        (b"[{}]", "write one product per line"),
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
