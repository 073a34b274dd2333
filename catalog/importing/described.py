"""Products as our own formats describe them: a JSON object each, whether it stood in a line or in the cells of rows.

What is not there is not said; null and the empty string say "none".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from catalog.importing.records import (
    MAX_IMAGES,
    MAX_VARIANTS,
    AttributeRecord,
    CollectionRecord,
    ImageRecord,
    PriceRecord,
    ProductRecord,
    Remarks,
    VariantRecord,
)
from catalog.importing.values import (
    MAX_GRAMS,
    BadValue,
    Note,
    is_picture_address,
    read_compare_at,
    read_flag,
    read_price,
    read_stock,
    stable_sku,
    tidy_tags,
)
from catalog.models import NAME_LENGTH, SKU_LENGTH, VARIANT_NAME_LENGTH
from catalog.slugs import is_slug
from common.money import EXPONENTS

MAX_OPTIONS = 5
PRODUCT_KEYS = frozenset({
    "slug", "name", "description", "brand", "tags", "category", "product_type", "attributes", "collections",
    "is_published", "publish_from", "publish_until", "translations", "images", "variants",
})  # fmt: skip
VARIANT_KEYS = frozenset({
    "sku", "name", "options", "price", "compare_at_price", "stock", "barcode", "weight_grams", "prices", "parts",
})  # fmt: skip
Described = Mapping[str, Any]


def slug_of(given: Any) -> str:
    """The slug a file names, or nothing where it names none.

    Raises:
        BadValue: it is not one.
    """
    slug = _text(given).casefold()
    if slug and not is_slug(slug):
        raise BadValue(f"“{slug[:80]}” is not a slug")
    return slug


def product_of(
    given: Described,
    variants: Sequence[tuple[int, Described]],
    *,
    line: int,
    remarks: Remarks,
) -> ProductRecord | None:
    """The record of a described product and its variants, each with its line; None (with remarks) when nothing is left.

    Raises:
        BadValue: the product as a whole cannot be imported.
    """
    note = partial(remarks.notice, line)
    slug = slug_of(given.get("slug"))
    if len(variants) > MAX_VARIANTS:
        raise BadValue(f"{len(variants)} variants: at most {MAX_VARIANTS}")
    for key in sorted(set(given) - PRODUCT_KEYS)[:5]:
        note(f"“{key[:60]}” is not known here: left out")
    product = ProductRecord(line=line, slug=slug)
    _say_product(product, given, note)
    seen: dict[frozenset[tuple[str, str]], int] = {}
    for number, (where, described) in enumerate(variants):
        place = f"variants.{number}: " if where == line and len(variants) > 1 else ""
        try:
            variant = _variant(slug, described, where, partial(remarks.notice, where))
            choices = frozenset(
                (option["name"], option["value"]) for option in variant.options or []
            )
            before = seen.setdefault(choices, where if not place else number)
            if before != (where if not place else number):
                twin = f"line {before}" if not place else f"variants.{before}"
                raise BadValue(f"the same options as {twin}")
        except BadValue as problem:
            remarks.reject(where, f"{slug or described.get('sku')}: {place}{problem}")
        else:
            product.variants.append(variant)
    return product if product.variants else None


# --- products ---------------------------------------------------------------------------------


def _say_product(product: ProductRecord, given: Described, note: Note) -> None:
    said = product.said
    if name := _text(given.get("name")):
        if len(name) > NAME_LENGTH:
            note(f"the name has {len(name)} characters: cut to {NAME_LENGTH}")
        said["name"] = name[:NAME_LENGTH].strip()
    if "description" in given:
        said["description"] = _text(given["description"])
    if "brand" in given:
        said["brand"] = _text(given["brand"])[:NAME_LENGTH]
    if "tags" in given:
        said["tags"] = tidy_tags(_texts(given["tags"], "tags"), note=note)
    if (shown := _flag(given.get("is_published"))) is not None:
        said["is_published"] = shown
        product.is_expressly_published = shown
    for name in ("publish_from", "publish_until"):
        if name in given:
            said[name] = _moment(given[name], name)
    if "translations" in given:
        said["translations"] = _translations(given["translations"])
    _say_category(product, given.get("category"))
    if "product_type" in given:
        product.product_type = _text(given["product_type"])[:NAME_LENGTH]
    if "attributes" in given:
        product.attributes = _attributes(given["attributes"])
    if "collections" in given:
        product.collections = _collections(given["collections"])
    product.images = _images(given.get("images"), product.line, note)


def _say_category(product: ProductRecord, given: Any) -> None:
    """A path of names; its parts may be objects with a slug, too."""
    if given in (None, "", []):
        return
    names, slugs = [], []
    for part in given if isinstance(given, list) else [given]:
        name = _text(part.get("name") if isinstance(part, dict) else part)[:NAME_LENGTH]
        if not name:
            raise BadValue("a category has no name")
        slug = slug_of(part.get("slug")) if isinstance(part, dict) else ""
        names.append(name)
        slugs.append(slug)
    product.category, product.category_slugs = tuple(names), tuple(slugs)


def _attributes(given: Any) -> list[AttributeRecord]:
    """`{"roast": "dark"}`, or a list of objects that also declare: code, name, kind, unit, value."""
    if isinstance(given, dict):
        given = [{"code": code, "value": value} for code, value in given.items()]
    found = []
    for entry in _objects(given or [], "attributes"):
        value = entry.get("value")
        if value in (None, ""):
            continue
        found.append(
            AttributeRecord(
                code=_text(entry.get("code")),
                value=str(value).lower() if isinstance(value, bool) else _text(value),
                name=_text(entry.get("name"))[:NAME_LENGTH],
                kind=_text(entry.get("kind")),
                unit=_text(entry.get("unit"))[:20],
            )
        )
    return found


def _collections(given: Any) -> list[CollectionRecord]:
    found = []
    for entry in given if isinstance(given, list) else []:
        described = entry if isinstance(entry, dict) else {"slug": entry}
        slug = slug_of(described.get("slug"))
        if not slug:
            raise BadValue("a collection has no slug")
        position = described.get("position")
        found.append(
            CollectionRecord(
                slug=slug,
                name=_text(described.get("name"))[:NAME_LENGTH],
                position=None if position is None else _whole(position, "a position"),
            )
        )
    return found


def _images(given: Any, line: int, note: Note) -> list[ImageRecord]:
    """Addresses, or objects with url, alt, variant (a SKU) and translations."""
    found: dict[str, ImageRecord] = {}
    for entry in given if isinstance(given, list) else []:
        described = entry if isinstance(entry, dict) else {"url": entry}
        url = _text(described.get("url"))
        if not is_picture_address(url):
            note(f"picture left out: “{url[:80]}” is no web address")
            continue
        found.setdefault(
            url,
            ImageRecord(
                url=url,
                alt=_text(described.get("alt"))[:300].strip(),
                line=line,
                variant_sku=_text(described.get("variant")),
                translations=_translations(described["translations"])
                if "translations" in described
                else None,
            ),
        )
    if len(found) > MAX_IMAGES:
        note(f"{len(found)} pictures: the first {MAX_IMAGES} are imported")
    return list(found.values())[:MAX_IMAGES]


# --- variants ---------------------------------------------------------------------------------


def _variant(slug: str, given: Described, line: int, note: Note) -> VariantRecord:
    for key in sorted(set(given) - VARIANT_KEYS)[:5]:
        note(f"“{key[:60]}” is not known here: left out")
    options = _options(given["options"]) if given.get("options") is not None else []
    price = None
    if _text(given.get("price")) or slug:
        if not _text(given.get("price")):
            raise BadValue("no price")
        price = _amount(given["price"])
    sku = _text(given.get("sku"))
    if len(sku) > SKU_LENGTH:
        note(f"the SKU has {len(sku)} characters: one is generated")
        sku = ""
    variant = VariantRecord(
        line=line,
        sku=sku or stable_sku(slug, options),
        options=options if slug or options else None,
        price=price,
    )
    said = variant.said
    if "name" in given:
        said["name"] = _text(given["name"])[:VARIANT_NAME_LENGTH].strip()
    if "compare_at_price" in given:
        said["compare_at_price"] = read_compare_at(
            _text(given["compare_at_price"]), price=price, note=note
        )
    if "barcode" in given:
        said["barcode"] = _text(given["barcode"])[:64].strip()
    if "weight_grams" in given:
        said["weight_grams"] = _grams(given["weight_grams"])
    if "stock" in given:
        variant.stock = read_stock(_text(given["stock"]), note=note)
    variant.prices = [_price(entry) for entry in _objects(given.get("prices") or [], "prices")]
    if given.get("parts") is not None:
        variant.parts = _parts(given["parts"])
    return variant


def _options(given: Any) -> list[dict[str, str]]:
    options: list[dict[str, str]] = []
    for entry in _objects(given, "options"):
        name, value = _text(entry.get("name")), _text(entry.get("value"))
        if not 1 <= len(name) <= 100 or not 1 <= len(value) <= 255:
            raise BadValue("an option needs a name and a value")
        if any(option["name"] == name for option in options):
            raise BadValue(f"the option “{name}” is named twice")
        options.append({"name": name, "value": value})
    if len(options) > MAX_OPTIONS:
        raise BadValue(f"{len(options)} options: at most {MAX_OPTIONS}")
    return options


def _price(given: Described) -> PriceRecord:
    currency = _text(given.get("currency")).upper()
    if currency and currency not in EXPONENTS:
        raise BadValue(f"“{currency[:10]}” is no currency that is known here")
    amount = _amount(given.get("amount"))
    if amount != round(amount, min(EXPONENTS[currency or settings.SHOP_CURRENCY], 2)):
        raise BadValue(f"{amount} has more decimals than {currency or settings.SHOP_CURRENCY}")
    begins, ends = (
        _moment(given.get("valid_from"), "valid_from"),
        _moment(given.get("valid_until"), "valid_until"),
    )
    if begins is not None and ends is not None and ends <= begins:
        raise BadValue("a price ends before it begins")
    return PriceRecord(
        price_list=_text(given.get("price_list"))[:NAME_LENGTH],
        currency="" if currency == settings.SHOP_CURRENCY else currency,
        amount=amount,
        min_quantity=_whole(given.get("min_quantity", 1), "min_quantity", least=1),
        is_sale=bool(_flag(given.get("is_sale"))),
        valid_from=begins,
        valid_until=ends,
    )


def _parts(given: Any) -> dict[str, int]:
    parts: dict[str, int] = {}
    for entry in _objects(given, "parts"):
        sku = _text(entry.get("sku"))
        if not sku or sku in parts:
            raise BadValue("each part of a bundle is a SKU, named once")
        parts[sku] = _whole(entry.get("quantity", 1), "the quantity of a part", least=1)
    return parts


# --- values -----------------------------------------------------------------------------------


def _text(given: Any) -> str:
    if given is None:
        return ""
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise BadValue(f"“{str(given)[:60]}” is not a text")
    return str(given).replace("\x00", "").strip()


def _texts(given: Any, what: str) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise BadValue(f"{what}: a list is wanted")
    return [_text(entry) for entry in given]


def _objects(given: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise BadValue(f"{what}: a list of objects is wanted")
    return given


def _flag(given: Any) -> bool | None:
    return given if isinstance(given, bool) else read_flag(_text(given))


def _amount(given: Any) -> Decimal:
    if isinstance(given, dict) and set(given) <= {"amount", "currency"}:
        if _text(given.get("currency")) not in {"", settings.SHOP_CURRENCY}:
            raise BadValue(f"this shop sells in {settings.SHOP_CURRENCY}")
        given = given.get("amount")
    return read_price(_text(given))


def _whole(given: Any, what: str, *, least: int = 0) -> int:
    text = _text(given)
    if not (text.isascii() and text.isdigit() and least <= int(text[:12]) <= 1_000_000_000):
        raise BadValue(f"“{text[:40]}” is not {what}: a whole number from {least} on")
    return int(text[:12])


def _grams(given: Any) -> int | None:
    text = _text(given)
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text[:12]) <= MAX_GRAMS:
        return int(text[:12])
    raise BadValue(f"“{text[:40]}” is not a weight in whole grams")


def _moment(given: Any, what: str) -> datetime | None:
    text = _text(given)
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise BadValue(f"{what}: “{text[:40]}” is no moment such as 2026-12-01T08:00:00Z")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue(f"{what}: “{text[:40]}” is beyond all calendars") from None


def _translations(given: Any) -> dict[str, dict[str, str]]:
    """`{"am": {"name": "…", "description": "…"}}`."""
    if given in (None, ""):
        return {}
    if not isinstance(given, dict):
        raise BadValue("translations: an object of languages is wanted")
    found: dict[str, dict[str, str]] = {}
    for language, texts in given.items():
        if not isinstance(texts, dict) or not 2 <= len(language) <= 12:
            raise BadValue("translations: an object of texts for each language is wanted")
        found[language.lower()] = {_text(name): _text(text) for name, text in texts.items()}
    return found
