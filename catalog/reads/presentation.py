"""How an answer is dressed: parameters that change what is said of products, not which products there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson
from django.http import QueryDict
from rest_framework import serializers

from catalog import search
from catalog.prices import known_currencies
from catalog.reads.context import Context
from catalog.reads.database import rows
from catalog.reads.pages import Reshape
from catalog.serializers import ProductSerializer
from catalog.sparse import Shape, reshaper, shape_of

YES = {"true", "1"}


class PresentationSerializer(serializers.Serializer[Any]):
    """Of a product and of lists; for the OpenAPI document."""

    currency = serializers.ChoiceField(
        choices=known_currencies(), required=False,
        help_text="Prices in this currency; what has none in it is not shown. Left out: the shop's own.",
    )  # fmt: skip
    fields = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="Only these fields, such as `name,price,variants.sku`."
    )
    expand = serializers.CharField(
        required=False, help_text="In full: `brand`, `category`, `collections`, with commas."
    )


class ListPresentationSerializer(PresentationSerializer):
    """Of lists alone; for the OpenAPI document."""

    facets = serializers.BooleanField(
        required=False,
        help_text="Add `facets`: what the list could be narrowed by, with counts. Each respects the other filters.",
    )
    highlight = serializers.BooleanField(
        required=False,
        help_text="In a search, add `highlight`: HTML with the words found in `<mark>`.",
    )


def reshape_of(query: QueryDict, context: Context) -> Reshape | None:
    """What makes rendered products into products as asked for; None when they are asked for as they are.

    Raises:
        common.errors.Invalid: a field that there is not, or what cannot be expanded.
    """
    steps: list[Reshape] = []
    words = query.get("search", "")
    if words and query.get("highlight") in YES:
        steps.append(_highlighter(words, context))
    if "fields" in query or "expand" in query:
        shape = {**_shape(), "highlight": None} if steps else _shape()
        chosen = reshaper(query.getlist("fields"), query.getlist("expand"), shape, context)
        steps += [chosen] if chosen else []
    if not steps:
        return None

    def reshape(pieces: list[bytes]) -> list[bytes]:
        for step in steps:
            pieces = step(pieces)
        return pieces

    return reshape


def _highlighter(words: str, context: Context) -> Callable[[list[bytes]], list[bytes]]:
    def mark(pieces: list[bytes]) -> list[bytes]:
        documents = [orjson.loads(piece) for piece in pieces]
        statement, parameters = search.highlights(
            words, [document["id"] for document in documents], context.language
        )
        first, *rest = statement.split("%s")
        named = first + "".join(f"%(mark_{place})s{text}" for place, text in enumerate(rest))
        found = rows(
            named,
            {f"mark_{place}": value for place, value in enumerate(parameters)},
            prepared=False,
        )
        marked = {pk: {"name": name, "description": passage} for pk, name, passage in found}
        return [
            orjson.dumps({**document, "highlight": marked.get(document["id"])})
            for document in documents
        ]

    return mark


@lru_cache(maxsize=1)
def _shape() -> Shape:
    return shape_of(ProductSerializer(context={"sees_everything": False}))
