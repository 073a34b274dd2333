"""What a record changes beside the product and its variants: pictures, attributes, collections, prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings

from catalog.attribute_values import TEXT_LENGTH, exact_number
from catalog.importing.lookups import KnownAttribute, KnownType, Lookups
from catalog.importing.records import AttributeRecord, PriceRecord, ProductRecord, Remarks
from catalog.importing.shop import Found, Shop
from catalog.importing.values import BadValue, own_address, read_flag
from catalog.models import Kind, Price
from catalog.price_verbs import NewPrice
from common.errors import Invalid
from common.money import Money

if TYPE_CHECKING:
    from catalog.importing.planning import Plan

_EMPTY = {"text": None, "number": None, "choice_id": None, "boolean": None, "date": None}


@dataclass(slots=True)
class FurtherPlan:
    """Rows to be written; those of new variants know them by SKU."""

    images: list[Found] = field(default_factory=list)
    changed_images: list[Found] = field(default_factory=list)
    values: list[Found] = field(default_factory=list)
    changed_values: list[Found] = field(default_factory=list)
    gone_values: list[int] = field(default_factory=list)
    entries: list[Found] = field(default_factory=list)
    moved_entries: list[Found] = field(default_factory=list)
    prices: list[Found] = field(default_factory=list)  # of new variants
    wanted_prices: list[tuple[int, NewPrice]] = field(default_factory=list)  # price list, price

    def __bool__(self) -> bool:
        return any(
            getattr(self, name) for name in FurtherPlan.__dataclass_fields__ if name != "prices"
        )


def plan_further(plan: Plan, shop: Shop, lookups: Lookups, now: datetime, remarks: Remarks) -> None:
    """Fill `plan.further`.

    Raises:
        BadValue, common.errors.Refusal: the product cannot be imported.
    """
    _images(plan, shop, remarks)
    _attributes(plan, shop, lookups, remarks)
    _collections(plan, shop, lookups)
    _prices(plan, shop, lookups, now, remarks)


# --- pictures ---------------------------------------------------------------------------------


def _images(plan: Plan, shop: Shop, remarks: Remarks) -> None:
    record, further = plan.record, plan.further
    present = shop.images.get(plan.product_id or 0, [])
    known: dict[str, Found] = {}
    for row in present:
        for address in (row["source_url"], own_address(row["file"]) if row["file"] else ""):
            known.setdefault(address, row)
    position = max((row["position"] for row in present), default=-1)
    by_url = _variants_by_picture(record)
    for wanted in record.images:
        found = known.get(wanted.url)
        if found is None:
            position += 1
            further.images.append({
                "source_url": wanted.url, "alt": wanted.alt, "translations": wanted.translations or {},
                "position": position, "sku": wanted.variant_sku or by_url.get(wanted.url, ""),
            })  # fmt: skip
            continue
        becomes = dict(found)
        if wanted.alt and wanted.alt != found["alt"].strip():
            becomes["alt"] = wanted.alt
        if wanted.translations is not None:
            becomes["translations"] = wanted.translations
        if becomes != found:
            further.changed_images.append(becomes)


def _variants_by_picture(record: ProductRecord) -> dict[str, str]:
    """SKUs by the address of a picture that only this one of several variants has."""
    found: dict[str, list[str]] = {}
    for variant in record.variants:
        if variant.image_url:
            found.setdefault(variant.image_url, []).append(variant.sku)
    if len(record.variants) == 1:
        return {}
    return {url: skus[0] for url, skus in found.items() if len(skus) == 1}


# --- attributes -------------------------------------------------------------------------------


def _attributes(plan: Plan, shop: Shop, lookups: Lookups, remarks: Remarks) -> None:
    record, further = plan.record, plan.further
    type_id = plan.product["product_type_id"]
    if type_id is None:
        if record.attributes:
            raise BadValue("attributes without a product type")
        return
    before = shop.by_id.get(plan.product_id or 0)
    publishes = plan.product["is_published"] and not (before and before["is_published"])
    if before and not record.attributes and not record.product_type and not publishes:
        return
    of = lookups.type_of(type_id)
    if plan.product_changed:
        further.gone_values = [
            row["id"]
            for attribute_id, row in shop.values.get(plan.product_id or 0, {}).items()
            if attribute_id not in of.attribute_ids
        ]
    present = shop.values.get(plan.product_id or 0, {})
    said = of.attribute_ids & set(present)
    for wanted in record.attributes or []:
        lookups.declare(wanted, of)
        attribute = lookups.attribute(wanted.code)
        said.add(attribute.pk)
        columns = {**_EMPTY, **_columns(wanted, attribute)}
        row = present.get(attribute.pk)
        if row is None:
            further.values.append({"attribute_id": attribute.pk, **columns})
        elif any(row[name] != value for name, value in columns.items()):
            further.changed_values.append({"id": row["id"], **columns})
    if publishes or (before and before["product_type_id"] != type_id):
        _refuse_gaps(plan, of, said, before, remarks)


def _refuse_gaps(
    plan: Plan, of: KnownType, said: set[int], before: Found | None, remarks: Remarks
) -> None:
    """What is published, or gets a type while it is, says all that its type requires.

    Raises:
        BadValue: it is on sale; nobody takes it from there by a file that forgets an attribute.
    """
    missing = sorted(code for code, attribute in of.required.items() if attribute not in said)
    if not missing or not plan.product["is_published"]:
        return
    gap = f"without {', '.join(missing)}, which its type requires"
    if before and before["is_published"]:
        raise BadValue(gap)
    plan.product["is_published"] = False
    if before:
        plan.product_changed = any(before[name] != plan.product[name] for name in before)
    remarks.notice(plan.record.line, f"{plan.record.label}: {gap}: imported as a draft")


def _columns(wanted: AttributeRecord, attribute: KnownAttribute) -> dict[str, Any]:
    """The one column of a value.

    Raises:
        BadValue: the text is no value of this kind.
    """
    text, kind = wanted.value, attribute.kind
    if kind == Kind.CHOICE:
        return {"choice_id": attribute.choices[text]}
    if kind == Kind.TEXT:
        return {"text": text[:TEXT_LENGTH]}
    try:
        if kind == Kind.NUMBER:
            return {"number": exact_number(wanted.code, text)}
        if kind == Kind.DATE:
            return {"date": date.fromisoformat(text)}
        if (flag := read_flag(text)) is not None:
            return {"boolean": flag}
    except (Invalid, ValueError):
        pass
    raise BadValue(f"{wanted.code}: “{text[:40]}” is no {kind}")


# --- collections ------------------------------------------------------------------------------


def _collections(plan: Plan, shop: Shop, lookups: Lookups) -> None:
    present = shop.entries.get(plan.product_id or 0, {})
    for wanted in plan.record.collections or []:
        collection = lookups.collection(wanted)
        row = present.get(collection)
        if row is None:
            position = wanted.position
            if position is None:
                position = lookups.next_position(collection)
            plan.further.entries.append({"collection_id": collection, "position": position})
        elif wanted.position is not None and row["position"] != wanted.position:
            plan.further.moved_entries.append({"id": row["id"], "position": wanted.position})


# --- prices -----------------------------------------------------------------------------------


def _prices(plan: Plan, shop: Shop, lookups: Lookups, now: datetime, remarks: Remarks) -> None:
    new = {row["record"].sku: row for row in plan.new_variants}
    live = shop.variants.get(plan.product_id or 0, [])
    by_sku = {row["sku"]: row["id"] for row in live}
    for variant in plan.record.variants:
        for wanted in variant.prices:
            if wanted.valid_until is not None and wanted.valid_until <= now:
                continue  # history is not rewritten
            price_list = lookups.price_list(
                wanted.price_list, note=partial(remarks.notice, variant.line)
            )
            if variant.sku in new:
                _refuse_false_sale(wanted, variant.prices, variant.price, now)
                plan.further.prices.append({
                    "sku": new[variant.sku]["sku"], "price_list_id": price_list, "currency": wanted.currency,
                    "is_sale": wanted.is_sale, "min_quantity": wanted.min_quantity, "amount": wanted.amount,
                    "valid_from": wanted.valid_from or now, "valid_until": wanted.valid_until,
                })  # fmt: skip
                continue
            variant_id = by_sku.get(variant.sku)
            if variant_id is None or _is_so(
                wanted, price_list, shop.prices.get(variant_id, []), now
            ):
                continue
            _refuse_false_sale(wanted, variant.prices, variant.price, now)
            begins = wanted.valid_from
            price = NewPrice(
                variant_id=variant_id,
                amount=Money(wanted.amount, wanted.currency or settings.SHOP_CURRENCY),
                is_sale=wanted.is_sale,
                min_quantity=wanted.min_quantity,
                valid_from=None if begins is None or begins <= now else begins,
                valid_until=wanted.valid_until,
            )
            plan.further.wanted_prices.append((price_list, price))


def _is_so(wanted: PriceRecord, price_list: int, present: list[Price], now: datetime) -> bool:
    """Whether such a price is there: begun, if the wanted one would have begun, else of the same beginning."""
    for price in present:
        alike = (
            price.price_list_id == price_list
            and (price.currency, price.is_sale, price.min_quantity, price.amount, price.valid_until)
            == (wanted.currency, wanted.is_sale, wanted.min_quantity, wanted.amount, wanted.valid_until)
        )  # fmt: skip
        begun = wanted.valid_from is None or wanted.valid_from <= now
        if alike and (price.valid_from <= now if begun else price.valid_from == wanted.valid_from):
            return True
    return False


def _refuse_false_sale(
    wanted: PriceRecord, beside: list[PriceRecord], price: Decimal | None, now: datetime
) -> None:
    """A reduction is not above what is regular for its quantity in the moment it begins.

    One that has begun elsewhere was compared there; what is regular now need not be what was regular then.
    """
    begins = wanted.valid_from or now
    if not wanted.is_sale or price is None or begins < now:
        return
    regular = [
        other.amount for other in beside
        if not other.is_sale and other.currency == wanted.currency
        and other.price_list in {"", wanted.price_list}
        and other.min_quantity <= wanted.min_quantity
        and (other.valid_from or now) <= begins
        and (other.valid_until is None or other.valid_until > begins)
    ]  # fmt: skip
    if not wanted.currency:
        regular.append(price)
    if not regular or wanted.amount > min(regular):
        raise BadValue(f"the reduced price {wanted.amount} is not below a regular one")
