"""Attributes, types and products that tests of the model start from."""

from __future__ import annotations

from typing import Any

PRODUCTS, ATTRIBUTES, TYPES = "/api/products/", "/api/attributes/", "/api/product-types/"


def ok(answer: Any, status: int = 200) -> Any:
    """The body of an answer that has to have this status."""
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def refused(answer: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The problem of an answer that has to be one, with this code, or this code at this field."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    if field is None:
        assert body["code"] == code, body
    else:
        assert (field, code) in [(e["field"], e["code"]) for e in body["errors"]], body
    return body


def coffee_type(owner: Any) -> dict[str, Any]:
    """A type with one attribute of each kind, the roast required."""
    for body in (
        {
            "code": "roast",
            "name": "Roast",
            "kind": "choice",
            "choices": ["light", "medium", "dark"],
        },
        {"code": "weight", "name": "Weight", "kind": "number", "unit": "g"},
        {"code": "organic", "name": "Organic", "kind": "boolean"},
        {"code": "harvest", "name": "Harvest", "kind": "date"},
        {"code": "notes", "name": "Notes", "kind": "text"},
    ):
        ok(owner.post(ATTRIBUTES, body), 201)
    uses = [{"code": "roast", "is_required": True}] + [
        {"code": code} for code in ("weight", "organic", "harvest", "notes")
    ]
    return ok(owner.post(TYPES, {"name": "Coffee", "attributes": uses}), 201)


SAID = {
    "roast": "dark",
    "weight": 250,
    "organic": True,
    "harvest": "2025-10-01",
    "notes": "berries",
}


def product(owner: Any, **fields: Any) -> dict[str, Any]:
    """A simple product, by the API."""
    return ok(owner.post(PRODUCTS, {"name": "Sidamo", "price": "100", "stock": 5, **fields}), 201)


def values(row: dict[str, Any]) -> dict[str, Any]:
    """What an answer says of a product, by code."""
    return {entry["code"]: entry["value"] for entry in row["attributes"]}
