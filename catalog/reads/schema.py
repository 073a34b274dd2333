"""What the public doors answer, for the OpenAPI document: the serializer's product, and what parameters make of it."""

from __future__ import annotations

from typing import Any

_LINK = {"type": ["string", "null"], "format": "uri"}
_PRODUCT: dict[str, Any] = {"$ref": "#/components/schemas/Product"}
_PART: dict[str, Any] = {
    "type": "object",
    "title": "Part of a product",
    "description": "With `fields` only those fields of a product; with `expand` and `highlight` these in addition.",
    "properties": {
        "brand_details": {"type": ["object", "null"], "additionalProperties": True},
        "collections": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "highlight": {
            "type": ["object", "null"],
            "properties": {
                "name": {"type": ["string", "null"], "description": "HTML."},
                "description": {"type": ["string", "null"], "description": "HTML: a passage."},
            },
        },
    },
    "additionalProperties": True,
}
_FACET: dict[str, Any] = {
    "type": "object",
    "required": ["values"],
    "properties": {
        "values": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["count"],
                "properties": {"count": {"type": "integer"}},
                "additionalProperties": True,
            },
        },
        "other": {"type": "integer", "description": "Products of values that are not named."},
        "is_estimate": {"type": "boolean"},
    },
    "additionalProperties": True,
}
_FACETS: dict[str, Any] = {
    "type": "object",
    "description": "With `facets=true`: by `category`, `price`, `brand`, `in_stock`, `tags`, `attributes` and `options`.",
    "properties": {
        "count": {"type": "integer"},
        "is_estimate": {"type": "boolean"},
        **dict.fromkeys(("category", "price", "brand", "in_stock", "tags"), _FACET),
        "attributes": {"type": "object", "additionalProperties": _FACET},
        "options": {"type": "object", "additionalProperties": _FACET},
    },
    "additionalProperties": True,
}

ONE_PRODUCT: dict[str, Any] = {"anyOf": [_PRODUCT, _PART]}
PRODUCT_PAGE: dict[str, Any] = {
    "type": "object",
    "required": ["results", "next", "previous"],
    "properties": {
        "results": {"type": "array", "items": ONE_PRODUCT},
        "next": _LINK,
        "previous": _LINK,
        "count": {"type": "integer", "description": "Only with `?count=true`."},
        "count_is_estimate": {
            "type": "boolean",
            "description": "`true` where `count` is an estimate.",
        },
        "facets": _FACETS,
        "removed": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "With `updated_since`: ids of products that are not shown any more.",
        },
        "until": {
            "type": "string",
            "format": "date-time",
            "description": "With `updated_since`: where to begin next time.",
        },
    },
    "additionalProperties": False,
}
