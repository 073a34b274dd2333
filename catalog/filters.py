"""Narrowing and sorting the list of products.

Each filter is written once, as a piece of SQL about one product (`Condition`): the fast path and the facets put the pieces
into their statements, `narrow` hangs the same pieces on a queryset.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, F, Func
from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_date
from rest_framework import serializers

from catalog.models import NAME_LENGTH, SLUG_LENGTH, Product, ProductQuerySet, by_id_or_slug
from catalog.tokens import NUMBER, TOKEN_LENGTH, plain_number, token, token_keys, token_texts
from common.errors import invalid_field
from common.money import DECIMAL_PLACES, MAX_DIGITS

ORDERINGS = {
    "price": "min_price",
    "-price": "-min_price",
    "name": "folded_name",
    "-name": "-folded_name",
    "created_at": "created_at",
    "-created_at": "-created_at",
    "updated_at": "updated_at",
    "-updated_at": "-updated_at",
    "relevance": "-relevance",
}
NEWEST = "-created_at"
STATUSES = ("published", "draft", "archived", "all")
ATTRIBUTE, OPTION = "attr.", "option."  # what such parameters begin with
MAX_VALUES = 50  # of one parameter
MAX_NAMES = 20  # of attributes and options in one query
MAX_IDS = 100

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_RANGE = re.compile(rf"({NUMBER}|{_DATE})?\.\.({NUMBER}|{_DATE})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a query asks of a product.

    Attributes:
        facet: whose choice it is: `category`, `price`, `in_stock`, `brand`, `attr.<code>`, `option.<name>`; empty when no
            facet shows alternatives to it.
        sql: true or false of a row `p` of catalog_product and a row `o` that has the `price` the caller would pay.
        params: for the `%s` in it, in order.
    """

    facet: str
    sql: str
    params: list[Any]


def joined(conditions: Iterable[Condition]) -> tuple[str, list[Any]]:
    """All of them, as one expression for a WHERE clause, with its parameters in order."""
    chosen = list(conditions)
    sql = " AND ".join(f"({one.sql})" for one in chosen)
    return sql or "true", [param for one in chosen for param in one.params]


def named(conditions: Iterable[Condition], prefix: str = "filter_") -> tuple[str, dict[str, Any]]:
    """As `joined`, for a statement whose parameters have names."""
    sql, params = joined(conditions)
    first, *rest = sql.split("%s")
    text = first + "".join(f"%({prefix}{place})s{piece}" for place, piece in enumerate(rest))
    return text, {f"{prefix}{place}": param for place, param in enumerate(params)}


# --- what can be asked ------------------------------------------------------------------------


def _price(help_text: str) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, min_value=0, required=False,
        help_text=help_text,
    )  # fmt: skip


class _Listed(serializers.ListField):
    """A parameter that may be repeated; with `separator`, one value may hold several."""

    def __init__(self, *, separator: str = "", limit: int = MAX_VALUES, **kwargs: Any) -> None:
        self.separator = separator
        super().__init__(max_length=limit, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        given = data if isinstance(data, list) else [data]
        if self.separator:
            given = [part for value in given for part in str(value).split(self.separator)]
        given = [value for value in given if value != ""]
        return list(dict.fromkeys(super().to_internal_value(given)))


def _words(length: int, **kwargs: Any) -> _Listed:
    return _Listed(child=serializers.CharField(max_length=length), **kwargs)


class StatusQuerySerializer(serializers.Serializer[Any]):
    """Which products staff want to see."""

    status = serializers.ChoiceField(
        choices=STATUSES, required=False,
        help_text="For staff: drafts, archived products or all; others see published ones.",
    )  # fmt: skip


class ProductQuerySerializer(StatusQuerySerializer):
    """The query of a list of products.

    Give it `request.query_params` itself, not its `dict()`, which forgets repeated values. Beside the fields declared here
    the result has `attributes` and `options`: what `attr.<code>` and `option.<name>` ask, by code or name.
    """

    category = serializers.CharField(
        max_length=SLUG_LENGTH, required=False, allow_blank=True,
        help_text="Id or slug; products of categories below it count. Unknown: an empty list.",
    )  # fmt: skip
    min_price = _price("At least this much, by the cheapest variant, in the currency asked for.")
    max_price = _price("At most this much, by the cheapest variant, in the currency asked for.")
    in_stock = serializers.BooleanField(
        required=False, default=None, allow_null=True, help_text="`true`: what can be bought now."
    )
    brand = _words(
        SLUG_LENGTH, separator=",", help_text="Id or slug of a brand; several: any of them."
    )
    collection = _words(
        SLUG_LENGTH, separator=",", help_text="Id or slug of a collection; several: any of them."
    )
    tag = _words(100, help_text="A tag; several: all of them.")
    ids = _Listed(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1), separator=",",
        limit=MAX_IDS, help_text="Only these products, such as those of a wish list: `1,2,3`.",
    )  # fmt: skip
    updated_since = serializers.DateTimeField(
        required=False, default_timezone=dt.UTC,
        help_text="What has changed since this moment, for copies of the catalogue; see docs/lists.md.",
    )  # fmt: skip
    search = serializers.CharField(
        max_length=200, required=False, allow_blank=True,
        help_text="Words of name, brand, tags, SKU or description, in any language; a word's "
        "beginning is enough, and a misspelt name is forgiven when nothing matches.",
    )  # fmt: skip

    def to_internal_value(self, data: Any) -> Any:
        many = data if isinstance(data, MultiValueDict) else None
        plain = {
            key: many.getlist(key) if many and isinstance(self.fields.get(key), _Listed) else value
            for key, value in data.items()
        }
        if plain.get("updated_since") == "":
            del plain["updated_since"]
        checked = super().to_internal_value(plain)
        checked["attributes"] = _named_values(data, ATTRIBUTE)
        checked["options"] = _named_values(data, OPTION)
        return checked


def _named_values(data: Mapping[str, Any], prefix: str) -> dict[str, list[str]]:
    """What parameters such as `attr.colour` ask, by the name behind the dot."""
    found: dict[str, list[str]] = {}
    for key in data:
        name = key.removeprefix(prefix)
        if name == key or not name:
            continue
        given = data.getlist(key) if isinstance(data, MultiValueDict) else [data[key]]
        values = [value for value in dict.fromkeys(map(str, given)) if value]
        if len(values) > MAX_VALUES:
            raise _wrong(key[:100], "max_length", f"Give at most {MAX_VALUES} values.")
        if len(name) > NAME_LENGTH or any(len(value) > TOKEN_LENGTH for value in values):
            raise _wrong(key[:100], "max_length", "That is longer than any value can be.")
        if any("\x00" in text for text in (name, *values)):
            raise _wrong(prefix, "invalid", "Null characters are not allowed.")
        for value in values:
            if prefix == ATTRIBUTE and ".." in value:
                _ends_of(key[:100], value)
        if values:
            found[name] = values
    if len(found) > MAX_NAMES:
        raise _wrong(prefix, "max_length", f"Ask about at most {MAX_NAMES}.")
    return found


def _wrong(field: str, code: str, detail: str) -> serializers.ValidationError:
    return serializers.ValidationError({field: [serializers.ErrorDetail(detail, code)]})


def _ends_of(field: str, value: str) -> tuple[str, Any, Any] | None:
    """A range such as `100..500`, `2026-01-01..` or `..9.5`: its column and its two ends, either of which may be open.

    None: it is no range, but a text that happens to have two dots in it.
    """
    match = _RANGE.fullmatch(value)
    if match is None or match.groups() == (None, None):
        return None
    ends: list[Any] = []
    for end in match.groups():
        if end is None:
            ends.append(None)
        elif re.fullmatch(_DATE, end):
            try:
                ends.append(parse_date(end))
            except ValueError:
                raise _wrong(field, "invalid", f"{end} is not in the calendar.") from None
        else:
            ends.append(Decimal(end))
    columns = {"date" if isinstance(end, dt.date) else "number" for end in ends if end is not None}
    if len(columns) > 1:
        raise _wrong(field, "invalid", "A range has two numbers or two dates.")
    return columns.pop(), ends[0], ends[1]


# --- what it means ----------------------------------------------------------------------------


def conditions(query: Mapping[str, Any], *, keyed: bool = False) -> list[Condition]:
    """What a checked query asks of a product, as SQL about `p` (catalog_product) and `o` (what it costs the caller).

    Whether the product may be seen at all is not among it, nor is `updated_since`, which `catalog.sync` answers.

    Args:
        keyed: `p` is a row of catalog_traits instead, which has the keys of tokens (migrations/0011_traits.py).
    """
    return _conditions(query, "p", "o.price", keyed=keyed)


def narrow(products: ProductQuerySet, query: Mapping[str, Any]) -> ProductQuerySet:
    """The products that a checked query asks for; prices are everybody's, in the shop's currency."""
    if _conditions(query, "p", "p.min_price"):
        products = products.filter(
            _Meets(lambda row: joined(_conditions(query, row, f"{row}.min_price")))
        )
    if (since := query.get("updated_since")) is not None:
        products = products.filter(updated_at__gte=since)
    return products


class _Meets(Func):
    """Conditions on the product of a queryset, under whatever name its table goes there."""

    output_field = BooleanField()

    def __init__(self, meaning: Callable[[str], tuple[str, list[Any]]]) -> None:
        super().__init__(F("pk"))
        self.meaning = meaning

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column: Any = self.get_source_expressions()[0]
        sql, params = self.meaning(compiler.quote_name_unless_alias(column.alias))
        return f"({sql})", params


def _conditions(
    query: Mapping[str, Any], p: str, price: str, *, keyed: bool = False
) -> list[Condition]:
    found: list[Condition] = []
    tokens_of = token_keys if keyed else token_texts

    def add(facet: str, sql: str, *params: Any) -> None:
        found.append(Condition(facet, sql, list(params)))

    if category := query.get("category"):
        ((column, key),) = by_id_or_slug(category).items()
        add("category", f"{p}.category_id IN ({_BELOW[column]})", key)
    lowest, highest = query.get("min_price"), query.get("max_price")
    if lowest is not None and highest is not None:
        add("price", f"{price} BETWEEN %s AND %s", lowest, highest)
    elif lowest is not None:
        add("price", f"{price} >= %s", lowest)
    elif highest is not None:
        add("price", f"{price} <= %s", highest)
    if (in_stock := query.get("in_stock")) is not None:
        add("in_stock", f"{p}.in_stock" if in_stock else f"NOT {p}.in_stock")
    if brands := query.get("brand"):
        add("brand", f"{p}.brand_id IN ({_BRANDS})", *_ids_and_slugs(brands))
    if collections := query.get("collection"):
        add("", f"{p}.id IN ({_COLLECTED})", *_ids_and_slugs(collections))
    if tags := query.get("tag"):
        column, param = tokens_of([token("t:", tag) for tag in tags])
        add("", f"{p}.{column.format('@>')}", param)
    for code, values in (query.get("attributes") or {}).items():
        found.append(_attribute(p, code, values, tokens_of))
    for name, values in (query.get("options") or {}).items():
        column, param = tokens_of([token(f"o:{name}=", value) for value in values])
        add(f"{OPTION}{name}", f"{p}.{column.format('&&')}", param)
    if ids := query.get("ids"):
        add("", f"{p}.id = ANY (%s)", list(ids))
    if words := query.get("search"):
        matching = Product.objects.matching(words).values("pk").query
        sql, params = matching.sql_with_params()
        add("", f"{p}.id IN ({sql})", *params)
    return found


def _below(start: str) -> str:
    return (
        f"WITH RECURSIVE below AS (SELECT id FROM catalog_category WHERE {start} = %s"  # noqa: S608
        " UNION SELECT child.id FROM catalog_category child JOIN below ON child.parent_id = below.id)"
        " SELECT id FROM below"
    )


_BELOW = {"pk": _below("id"), "slug": _below("slug")}
_BRANDS = "SELECT id FROM catalog_brand WHERE id = ANY (%s) OR slug = ANY (%s)"
_COLLECTED = (
    "SELECT entry.product_id FROM catalog_collectionproduct entry"
    " JOIN catalog_collection collection ON collection.id = entry.collection_id"
    " WHERE collection.is_published AND (collection.id = ANY (%s) OR collection.slug = ANY (%s))"
)


def _ids_and_slugs(keys: Sequence[str]) -> tuple[list[int], list[str]]:
    found = [by_id_or_slug(key) for key in keys]
    return [one["pk"] for one in found if "pk" in one], [
        one["slug"] for one in found if "slug" in one
    ]


def _attribute(
    p: str,
    code: str,
    values: Sequence[str],
    tokens_of: Callable[[list[str]], tuple[str, list[Any]]],
) -> Condition:
    """Any of these values or ranges of an attribute."""
    facet = f"{ATTRIBUTE}{code}"
    ranges = [ends for value in values if ".." in value and (ends := _ends_of(facet, value))]
    tokens = [
        token(f"a:{code}=", spelling)
        for value in values
        for spelling in (value, plain_number(value))
    ]
    column, param = tokens_of(list(dict.fromkeys(tokens)))
    params: list[Any] = [param]
    if not ranges:
        return Condition(facet, f"{p}.{column.format('&&')}", params)
    # A union, as each arm has an index; OR would have none. The first arm: texts that only look like ranges.
    table = "catalog_traits" if tokens_of is token_keys else "catalog_product"
    arms = [f"SELECT same.id FROM {table} same WHERE same.{column.format('&&')}"]  # noqa: S608
    for column, lowest, highest in ranges:
        limits = [("said.attribute_id = attribute.id", None), (f"said.{column} >= %s", lowest),
                  (f"said.{column} <= %s", highest)]  # fmt: skip
        said = " AND ".join(limit for limit, end in limits if end is not None or "%" not in limit)
        arms.append(
            "SELECT said.product_id FROM catalog_attribute attribute"  # noqa: S608
            f" JOIN catalog_attributevalue said ON {said}"
            " WHERE attribute.is_filterable AND attribute.code = %s"
        )
        params += [*(end for end in (lowest, highest) if end is not None), code]
    return Condition(facet, f"{p}.id IN ({' UNION ALL '.join(arms)})", params)


def ordering_of(asked: str | None, words: str) -> str:
    """The ordering by default: best match first in a search, otherwise newest first.

    Raises:
        common.errors.Invalid: relevance to nothing.
    """
    if asked == "relevance" and not words:
        raise invalid_field("ordering", "needs_search", "Relevance needs a search.")
    return "relevance" if words else NEWEST
