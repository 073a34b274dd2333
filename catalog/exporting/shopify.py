"""Shopify's classic product CSV, as its own import and ours read it. It has no place for other prices, attributes,
collections, translations, bundles and times of publication: those are in our own format only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from catalog.exporting.loading import Described
from catalog.importing.values import guarded, write_list

OPTIONS = 3
HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Image Alt Text", "Gift Card", "Variant Image", "Variant Weight Unit", "Status",
]  # fmt: skip


def problem(product: Described) -> str:
    """Why a product cannot be written in this format, or nothing."""
    names = _option_names(product)
    if len(names) > OPTIONS:
        return f"it has {len(names)} options, and Shopify {OPTIONS}"
    return ""


def rows(product: Described) -> Iterator[list[str]]:
    """The cells of a product; rows without a variant hold further pictures."""
    names = _option_names(product)
    told = {
        "Title": product["name"], "Body (HTML)": product["description"], "Vendor": product["brand"],
        "Type": _path(product), "Tags": write_list(product["tags"]),
        "Published": "true" if product["is_published"] else "false", "Gift Card": "false",
        "Status": "active" if product["is_published"] else "draft",
        **{f"Option{number} Name": name for number, name in enumerate(names, 1)},
    }  # fmt: skip
    if not names:
        told |= {"Option1 Name": "Title"}
    images = enumerate(product["images"], 1)
    shown = {image["variant"]: image["url"] for image in product["images"] if "variant" in image}
    for variant, numbered in zip_longest(product["variants"], images):
        cells = {"Handle": product["slug"], **told}
        if variant is not None:
            cells |= _variant(variant, names)
            cells["Variant Image"] = shown.get(variant["sku"], "")
        if numbered is not None:
            position, image = numbered
            cells |= {
                "Image Src": image["url"],
                "Image Position": str(position),
                "Image Alt Text": image["alt"],
            }
        yield [guarded(cells.get(name, "")) for name in HEADER]
        told = {}


def _variant(variant: Described, names: list[str]) -> dict[str, str]:
    values = {option["name"].strip(): option["value"].strip() for option in variant["options"]}
    return {
        **{f"Option{number} Value": values.get(name, "") for number, name in enumerate(names, 1)},
        **({} if names else {"Option1 Value": "Default Title"}),
        "Variant SKU": _number(variant["sku"]), "Variant Grams": str(variant["weight_grams"] or 0),
        "Variant Inventory Tracker": "shopify", "Variant Inventory Qty": str(variant["stock"]),
        "Variant Inventory Policy": "deny", "Variant Fulfillment Service": "manual", "Variant Price": variant["price"],
        "Variant Compare At Price": variant["compare_at_price"] or "", "Variant Requires Shipping": "true",
        "Variant Taxable": "true", "Variant Barcode": _number(variant["barcode"]), "Variant Weight Unit": "g",
    }  # fmt: skip


def _path(product: Described) -> str:
    names = [part["name"].strip() for part in product["category"]]
    return write_list(names, separator=" > ", joint=" > ")


def _number(text: str) -> str:
    """An apostrophe in front of SKUs and barcodes is taken for a spreadsheet's; a real one needs another."""
    return f"'{text}" if text.startswith("'") else text


def _option_names(product: Described) -> list[str]:
    """Each once, in the order in which they are met."""
    names = (option["name"].strip() for one in product["variants"] for option in one["options"])
    return list(dict.fromkeys(names))
