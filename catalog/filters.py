"""Narrowing and sorting the list of products."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.models import SLUG_LENGTH, ProductQuerySet
from common.errors import invalid_field
from common.money import DECIMAL_PLACES, MAX_DIGITS

ORDERINGS = {
    "price": "min_price",
    "-price": "-min_price",
    "name": "folded_name",
    "-name": "-folded_name",
    "created_at": "created_at",
    "-created_at": "-created_at",
    "relevance": "-relevance",
}
NEWEST = "-created_at"
STATUSES = ("published", "draft", "archived", "all")


def _price(help_text: str) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, min_value=0, required=False,
        help_text=help_text,
    )  # fmt: skip


class StatusQuerySerializer(serializers.Serializer[Any]):
    """Which products staff want to see."""

    status = serializers.ChoiceField(
        choices=STATUSES, required=False,
        help_text="For staff: drafts, archived products or all; others see published ones.",
    )  # fmt: skip


class ProductQuerySerializer(StatusQuerySerializer):
    """The query of a list of products."""

    category = serializers.CharField(
        max_length=SLUG_LENGTH, required=False, allow_blank=True,
        help_text="Id or slug; products of categories below it count. Unknown: an empty list.",
    )  # fmt: skip
    min_price = _price("At least this much, by the cheapest variant.")
    max_price = _price("At most this much, by the cheapest variant.")
    in_stock = serializers.BooleanField(
        required=False, default=None, allow_null=True, help_text="`true`: what can be bought now."
    )
    search = serializers.CharField(
        max_length=200, required=False, allow_blank=True,
        help_text="Words of name, brand, tags, SKU or description, in any language; a word's "
        "beginning is enough, and a misspelt name is forgiven when nothing matches.",
    )  # fmt: skip


def narrow(products: ProductQuerySet, query: dict[str, Any]) -> ProductQuerySet:
    """The products that a checked query asks for."""
    if query.get("category"):
        products = products.in_category(query["category"])
    if (lowest := query.get("min_price")) is not None:
        products = products.filter(min_price__gte=lowest)
    if (highest := query.get("max_price")) is not None:
        products = products.filter(min_price__lte=highest)
    if (in_stock := query.get("in_stock")) is not None:
        products = products.filter(in_stock=in_stock)
    if words := query.get("search"):
        products = products.matching(words)
    return products


def ordering_of(asked: str | None, words: str) -> str:
    """The ordering by default: best match first in a search, otherwise newest first.

    Raises:
        common.errors.Invalid: relevance to nothing.
    """
    if asked == "relevance" and not words:
        raise invalid_field("ordering", "needs_search", "Relevance needs a search.")
    return "relevance" if words else NEWEST
