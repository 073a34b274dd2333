"""Our own format: CSV with a row per variant, or JSON Lines with a product per line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from catalog.exporting.loading import Described
from catalog.importing.nexus import COLUMNS, read_pairs
from catalog.importing.values import BadValue, guarded, write_list
from catalog.services import variant_name

HEADER = list(COLUMNS)


def line(product: Described) -> bytes:
    """A product as a line of JSON."""
    return orjson.dumps(product) + b"\n"


def rows(product: Described) -> Iterator[list[str]]:
    """The cells of a product: what is said once stands in the row of its first variant."""
    told = {
        "name": product["name"],
        "description": product["description"],
        "brand": product["brand"],
        "category": write_list(
            [part["name"].strip() for part in product["category"]], separator=">", joint=" > "
        ),
        "product_type": product["product_type"],
        "attributes": _json(product["attributes"]),
        "collections": _json(product["collections"]),
        "tags": write_list(product["tags"]),
        "is_published": "true" if product["is_published"] else "false",
        "publish_from": product["publish_from"] or "",
        "publish_until": product["publish_until"] or "",
        "translations": _json(product["translations"]),
        "images": _images(product["images"]),
    }
    for variant in product["variants"]:
        cells = {"slug": product["slug"], **told, **_variant(variant)}
        yield [guarded(cells.get(name, "")) for name in COLUMNS]
        told = {}


def _variant(variant: Described) -> dict[str, str]:
    name, weight = variant["name"], variant["weight_grams"]
    options = [(option["name"].strip(), option["value"].strip()) for option in variant["options"]]
    return {
        "sku": variant["sku"],
        "variant_name": "" if name == variant_name(variant["options"]).strip() else name,
        "options": _pairs(options, variant["options"]),
        "price": variant["price"],
        "compare_at_price": variant["compare_at_price"] or "",
        "stock": str(variant["stock"]),
        "barcode": variant["barcode"],
        "weight_grams": "" if weight is None else str(weight),
        "prices": _json(variant["prices"]),
        "parts": _pairs(
            [(part["sku"], str(part["quantity"])) for part in variant["parts"]], variant["parts"]
        ),
    }


def _pairs(pairs: list[tuple[str, str]], objects: Any) -> str:
    """`a=b; c=d` where that can be read again, else JSON."""
    simple = "; ".join(f"{name}={value}" for name, value in pairs)
    try:
        if not simple.startswith("[") and read_pairs(simple, "options") == pairs:
            return simple
    except BadValue:
        pass
    return _json(objects)


def _images(images: list[Described]) -> str:
    if all(set(image) == {"url", "alt"} and not image["alt"] for image in images):
        return " ".join(image["url"] for image in images)
    return _json(images)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode() if value else ""
