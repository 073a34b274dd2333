# ruff: noqa: S608 (every piece of SQL below is a constant of this file; values are parameters)
"""Smaller answers and fuller ones: `fields=` leaves parts of a product out, `expand=` puts what it refers to in.

Pure functions over the JSON of products, applied when they have been rendered; `expansions` alone asks the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from catalog.reads.context import Context
from catalog.reads.database import rows
from common.errors import invalid_field

MAX_NAMES = 100
Shape = Mapping[str, "Shape | None"]
EXPANDABLE = ("brand", "category", "collections")


# --- fields -------------------------------------------------------------------------------------


def shape_of(serializer: Any) -> Shape:
    """The names in what a serializer writes, each with the names within it, or None when nothing is."""
    fields = getattr(serializer, "child", serializer).fields
    return {name: _inner(serializer, name, field) for name, field in fields.items()}


def _inner(serializer: Any, name: str, field: Any) -> Shape | None:
    field = getattr(field, "child", field)
    if hasattr(field, "fields"):
        return shape_of(field)
    described = getattr(getattr(serializer, f"get_{name}", None), "_spectacular_annotation", {})
    kind = described.get("field", field)
    if type(kind).__name__ == "MoneyField":
        return {"amount": None, "currency": None}
    return None


def chosen_fields(texts: Sequence[str], shape: Shape) -> Shape | None:
    """What `fields=name,price,variants.sku` asks for, in the same form as a shape; None when it asks for nothing.

    Args:
        texts: the values of the parameter, each with commas. shape: the names that there are.

    Raises:
        common.errors.Invalid: naming the first name that there is not.
    """
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if len(names) > MAX_NAMES:
        raise invalid_field("fields", "max_length", f"Ask for at most {MAX_NAMES} fields.")
    chosen: dict[str, Any] = {}
    for name in names:
        place, known = chosen, shape
        steps = name.split(".")
        for number, step in enumerate(steps):
            if not known or step not in known:
                raise invalid_field("fields", "unknown_field", f"There is no field {name[:100]}.")
            inner = known[step]
            if number == len(steps) - 1 or place.get(step, {}) is None:
                place[step] = None  # all of it
                break
            place, known = place.setdefault(step, {}), inner or {}
    return chosen or None


def pick(document: Any, fields: Shape) -> Any:
    """The chosen parts of a document, in the document's order; of a list, those of each element."""
    if isinstance(document, list):
        return [pick(element, fields) for element in document]
    if not isinstance(document, dict):
        return document
    return {
        name: value if (inner := fields[name]) is None else pick(value, inner)
        for name, value in document.items()
        if name in fields
    }


# --- expand -------------------------------------------------------------------------------------


def chosen_expansions(texts: Sequence[str]) -> tuple[str, ...]:
    """What `expand=category,collections` asks for.

    Raises:
        common.errors.Invalid: naming what cannot be expanded.
    """
    names = {name.strip() for text in texts for name in text.split(",") if name.strip()}
    for name in sorted(names):
        if name not in EXPANDABLE:
            raise invalid_field("expand", "invalid_choice", f"Choose from {', '.join(EXPANDABLE)}.")
    return tuple(sorted(names))


def expansions(
    ids: Sequence[int], names: Iterable[str], context: Context
) -> dict[int, dict[str, Any]]:
    """What products refer to, in full, by the product's id. One statement.

    `category` replaces the short form; `brand` comes as `brand_details`, as the brand itself is a word; `collections` are
    those that are published.
    """
    found = rows(
        _expanding(tuple(sorted(names)), bool(context.language)),
        {**context.parameters, "ids": list(ids)},
    )
    return dict(found)


@lru_cache(maxsize=16)
def _expanding(names: tuple[str, ...], translated: bool) -> str:
    def text(row: str, field: str) -> str:
        if not translated:
            return f"{row}.{field}"
        return (
            f"coalesce(nullif({row}.translations -> %(language)s ->> '{field}', ''), {row}.{field})"
        )

    def described(row: str, *further: str) -> str:
        beside = "".join(f", '{name}', {row}.{column}" for name, column in map(str.split, further))
        return (
            f"jsonb_build_object('id', {row}.id, 'slug', {row}.slug, 'name', {text(row, 'name')},"
            f" 'description', {text(row, 'description')}{beside})"
        )

    # Keys and SQL alike are constants; what a caller asks only chooses among them.
    parts = {
        "brand": (
            "'brand_details', (SELECT " + described("brand")
            + " FROM catalog_brand brand WHERE brand.id = product.brand_id)"
        ),
        "category": (
            "'category', (SELECT " + described("category", "parent parent_id", "position position")
            + " FROM catalog_category category WHERE category.id = product.category_id)"
        ),
        "collections": (
            "'collections', coalesce((SELECT jsonb_agg("
            + described("collection") + " ORDER BY collection.position, collection.id)"
            " FROM catalog_collectionproduct entry"
            " JOIN catalog_collection collection ON collection.id = entry.collection_id"
            " WHERE entry.product_id = product.id AND collection.is_published), '[]')"
        ),
    }  # fmt: skip
    wanted = ", ".join(parts[name] for name in names)
    return (
        f"SELECT product.id, jsonb_build_object({wanted}) FROM catalog_product product"
        " WHERE product.id = ANY (%(ids)s)"
    )


# --- both, over bytes -----------------------------------------------------------------------------


def reshaper(
    fields_texts: Sequence[str],
    expand_texts: Sequence[str],
    shape: Shape,
    context: Context,
) -> Callable[[list[bytes]], list[bytes]] | None:
    """What turns products as rendered into products as asked for; None when they are asked for as they are.

    What is expanded may be named among the fields, too, and comes whether it is or not.

    Raises:
        common.errors.Invalid: a field that there is not, or what cannot be expanded.
    """
    names = chosen_expansions(expand_texts)
    added = {{"brand": "brand_details"}.get(name, name): None for name in names}
    fields = chosen_fields(fields_texts, {**shape, **_details(names)})
    if fields is None and not names:
        return None

    def reshape(pieces: list[bytes]) -> list[bytes]:
        documents = [orjson.loads(piece) for piece in pieces]
        if names:
            found = expansions([document["id"] for document in documents], names, context)
            documents = [{**document, **found.get(document["id"], {})} for document in documents]
        if fields is not None:
            wanted = {**added, **fields}
            documents = [pick(document, wanted) for document in documents]
        return [orjson.dumps(document) for document in documents]

    return reshape


def _details(names: Sequence[str]) -> dict[str, Shape]:
    """The names within what is expanded."""
    described: dict[str, None] = dict.fromkeys(("id", "slug", "name", "description"))
    shapes: dict[str, Shape] = {
        "brand": described,
        "category": {**described, "parent": None, "position": None},
        "collections": described,
    }
    return {{"brand": "brand_details"}.get(name, name): shapes[name] for name in names}
