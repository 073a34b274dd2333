"""Shopify exports, written by the row."""

from __future__ import annotations

from django.db import connection

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
