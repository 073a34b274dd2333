"""What a record changes of what the shop has. Nothing is written here, but words that the file declares are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from catalog.importing.further import FurtherPlan, plan_further
from catalog.importing.lookups import Lookups
from catalog.importing.records import ProductRecord, Remarks, VariantRecord
from catalog.importing.shop import Found, Shop
from catalog.importing.values import BadValue, stable_sku
from catalog.models import SLUG_LENGTH, Product
from catalog.richtext import MAX_LENGTH, clean_html
from catalog.services import variant_name
from catalog.slugs import slug_from

ZERO = "its price is 0: imported as a draft; publish it if it is meant to be free"


@dataclass(slots=True)
class Plan:
    """What is to be written of one record. Without a `product_id` it is new."""

    record: ProductRecord
    product_id: int | None
    product: Found  # all its columns, as they shall be
    product_changed: bool = False
    new_variants: list[Found] = field(default_factory=list)
    changed_variants: list[Found] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)  # stock items, and pieces that can be sold
    further: FurtherPlan = field(default_factory=FurtherPlan)

    @property
    def changes_something(self) -> bool:
        """Whether the shop differs from the file."""
        return bool(
            self.product_id is None
            or self.product_changed
            or self.new_variants
            or self.changed_variants
            or self.counts
            or self.further
        )


@dataclass(slots=True)
class Planner:
    """Plans for the records of one batch, against what `shop` has; `remarks` gets what a person should know."""

    shop: Shop
    lookups: Lookups
    set_stock: bool
    now: datetime
    remarks: Remarks
    _taken: dict[str, int] = field(default_factory=dict)  # SKUs of this batch, by record

    def plan(self, record: ProductRecord) -> Plan:
        """What this record changes.

        Raises:
            BadValue, common.errors.Refusal: the product cannot be imported.
        """
        found = self.shop.product_of(record)
        skus = self._settle_skus(record, found)
        if found is None:
            plan = self._new(record)
        else:
            plan = self._changes(record, found)
        self._variants(plan, skus)
        self._refuse_gifts(plan, found)
        plan_further(plan, self.shop, self.lookups, self.now, self.remarks)
        return plan

    # --- products -------------------------------------------------------------------------------

    def _new(self, record: ProductRecord) -> Plan:
        if "name" not in record.said:
            raise BadValue(f"no slug, and no variant has the SKU {record.label[:100]}")
        slug = record.slug or slug_from(record.said["name"], fallback="product")
        if not record.slug and (slug in self.shop.by_slug or self._is_taken(slug)):
            ending = stable_sku(record.variants[0].sku, [])[3:9].lower()
            slug = f"{slug[: SLUG_LENGTH - 7].rstrip('-')}-{ending}"
        product = {
            "slug": slug, "description": "", "brand": "", "tags": [], "translations": {}, "is_published": True,
            "publish_from": None, "publish_until": None, "product_type_id": None, "category_id": None,
        }  # fmt: skip
        return Plan(record, None, {**product, **self._said(record, None)})

    @staticmethod
    def _is_taken(slug: str) -> bool:
        return Product.objects.unarchived().filter(slug=slug).exists()

    def _changes(self, record: ProductRecord, found: Found) -> Plan:
        """What the file says otherwise; where it says nothing, the shop is right."""
        said = {
            name: value
            for name, value in self._said(record, found).items()
            if not _same(found[name], value)
        }
        return Plan(record, found["id"], {**found, **said}, product_changed=bool(said))

    def _said(self, record: ProductRecord, found: Found | None) -> dict[str, Any]:
        said = dict(record.said)
        if "description" in said:
            said["description"] = self._clean(record, said["description"])
        if said.get("translations"):
            said["translations"] = {
                language: {
                    name: clean_html(text[:MAX_LENGTH]) if name == "description" else text
                    for name, text in texts.items()
                }
                for language, texts in said["translations"].items()
            }
        begins, ends = (
            said.get(name, (found or {}).get(name)) for name in ("publish_from", "publish_until")
        )
        if begins and ends and ends <= begins:
            raise BadValue("publish_until is not after publish_from")
        path = record.category
        if path and (found is None or self.lookups.path_of(found["category_id"]) != path):
            said["category_id"] = self.lookups.category(path, record.category_slugs)
        if record.product_type:
            said["product_type_id"] = self.lookups.product_type(record.product_type).pk
        elif record.product_type == "" and found is not None and record.attributes is None:
            said["product_type_id"] = found["product_type_id"]
        return said

    def _clean(self, record: ProductRecord, text: str) -> str:
        if len(text) > MAX_LENGTH:
            self.remarks.notice(record.line, f"the description is cut to {MAX_LENGTH} characters")
        return clean_html(text[:MAX_LENGTH])

    def _refuse_gifts(self, plan: Plan, found: Found | None) -> None:
        """What costs nothing is not published by the way: most often a price was forgotten."""
        record, product = plan.record, plan.product
        if record.is_expressly_published or not product["is_published"]:
            return
        free = [variant for variant in plan.new_variants if variant["price"] == 0]
        prices = {
            row["id"]: row["price"] for row in self.shop.variants.get(plan.product_id or 0, [])
        }
        free += [
            row for row in plan.changed_variants if row["price"] == 0 and prices[row["id"]] != 0
        ]
        was_free = any(price == 0 for price in prices.values())
        if found is not None and not found["is_published"] and was_free:
            free = free or [{}]  # still the draft that it was imported as
        if free:
            product["is_published"] = False
            plan.product_changed = found is not None and any(
                not _same(found[name], product[name]) for name in found
            )
            self.remarks.notice(record.line, f"{record.label}: {ZERO}")

    # --- variants -------------------------------------------------------------------------------

    def _settle_skus(self, record: ProductRecord, found: Found | None) -> dict[int, str]:
        """A SKU for each variant: one of its own where another has it, in the file or in the shop."""
        own = None if found is None else found["id"]
        settled: dict[int, str] = {}
        for variant in record.variants:
            sku = variant.sku
            owner = self.shop.sku_owners.get(sku, own)
            taken = self._taken.setdefault(sku, id(variant))
            if owner != own or taken != id(variant):
                sku = stable_sku(record.slug, variant.options or [])
                self.remarks.notice(variant.line, f"SKU {variant.sku} is taken: {sku} instead")
            settled[id(variant)] = sku
        return settled

    def _variants(self, plan: Plan, skus: Mapping[int, str]) -> None:
        live = self.shop.variants.get(plan.product_id or 0, [])
        by_options = {_key(row["options"]): row for row in live}
        by_sku = {row["sku"]: row for row in live}
        position = max((row["position"] for row in live), default=-1)
        for wanted in plan.record.variants:
            sku = skus[id(wanted)]
            row = None if wanted.options is None else by_options.get(_key(wanted.options))
            row = row or by_sku.get(sku)
            if row is not None:
                self._change_variant(plan, row, wanted, sku)
                continue
            if wanted.price is None:
                raise BadValue("no price")
            position += 1
            plan.new_variants.append(_new_variant(wanted, sku, position))

    def _change_variant(self, plan: Plan, row: Found, wanted: VariantRecord, sku: str) -> None:
        said: dict[str, Any] = {"sku": sku, **wanted.said}
        if wanted.options is not None and _key(wanted.options) != _key(row["options"]):
            said["options"] = wanted.options
            said.setdefault("name", variant_name(wanted.options))
        if wanted.price is not None:
            said["price"] = wanted.price
        if said.get("barcode") is None:
            said.pop("barcode", None)
        becomes = {**row, **said}
        if (
            becomes["compare_at_price"] is not None
            and becomes["compare_at_price"] < becomes["price"]
        ):
            becomes["compare_at_price"] = None
        if any(not _same(row[name], becomes[name]) for name in row):
            plan.changed_variants.append(becomes)
        available = max(row["on_hand"] - row["reserved"], 0)
        if self.set_stock and wanted.stock is not None and wanted.stock != available:
            if row["id"] in self.shop.bundles:
                note = partial(self.remarks.notice, wanted.line)
                if wanted.stock:
                    note(f"{sku}: a bundle is sold out of its parts' stock: not set")
            else:
                plan.counts[row["stock_item_id"]] = wanted.stock


def _new_variant(wanted: VariantRecord, sku: str, position: int) -> Found:
    options = wanted.options or []
    compare_at: Decimal | None = wanted.said.get("compare_at_price")
    return {
        "record": wanted,
        "sku": sku,
        "name": wanted.said.get("name") or variant_name(options),
        "options": options,
        "price": wanted.price,
        "compare_at_price": compare_at,
        "position": position,
        "barcode": wanted.said.get("barcode") or "",
        "weight_grams": wanted.said.get("weight_grams"),
        "stock": 0 if wanted.parts else wanted.stock or 0,
    }


def _key(options: Iterable[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((option["name"].strip(), option["value"].strip()) for option in options)


def _same(present: Any, wanted: Any) -> bool:
    """Whether a file says what is there; spaces around a text are no difference."""
    if isinstance(present, str) and isinstance(wanted, str):
        return present.strip() == wanted.strip()
    if isinstance(present, list) and all(isinstance(word, str) for word in present):
        return bool(list(dict.fromkeys(word.strip() for word in present)) == wanted)
    return bool(present == wanted)
