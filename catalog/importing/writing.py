"""Records into the catalogue: each product in its own transaction, found again by its slug: a second run changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db import DataError, IntegrityError, transaction

from catalog.categories import create_category
from catalog.images import ImageSource, add_image_sources, update_image
from catalog.importing.records import ProductRecord, Remarks, VariantRecord, stable_sku
from catalog.models import Category, Product, Variant
from catalog.richtext import MAX_LENGTH, clean_html
from catalog.services import (
    NewProduct,
    NewVariant,
    add_variant,
    create_product,
    update_product,
    update_variant,
)
from catalog.slugs import slug_from
from common.actors import Actor
from common.errors import Refusal


class Outcome(Enum):
    """What became of a record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(slots=True)
class ImportRun:
    """One run over a file.

    Args:
        set_stock: also set the stock of variants that exist already; otherwise only new ones get stock, as what was sold
            since the file was written must not come back.
        dry_run: do all of it and keep nothing.
    """

    by: Actor
    remarks: Remarks
    set_stock: bool = False
    dry_run: bool = False
    counts: Counter[Outcome] = field(default_factory=Counter)
    _lines_by_slug: dict[str, int] = field(default_factory=dict)
    _categories: dict[tuple[str, ...], Category | None] = field(default_factory=dict)

    def take(self, record: ProductRecord) -> Product | None:
        """Create or update the product of a record; what the catalogue refuses becomes a remark."""
        before = self._lines_by_slug.setdefault(record.slug, record.line)
        if before != record.line:
            return self._reject(record, f"has the same address as line {before}")
        try:
            category = self._category(record.category)
            with transaction.atomic():
                product, outcome = self._write(record, category)
                if self.dry_run:
                    transaction.set_rollback(True)
        except Refusal as refusal:
            return self._reject(record, refusal.detail)
        except (IntegrityError, DataError) as error:
            return self._reject(record, str(error).splitlines()[0])
        self.counts[outcome] += 1
        return product

    def _reject(self, record: ProductRecord, reason: str) -> Product | None:
        self.counts[Outcome.REJECTED] += 1
        self.remarks.reject(record.line, f"{record.slug}: {reason}")
        return None

    def _write(self, record: ProductRecord, category: Category | None) -> tuple[Product, Outcome]:
        self._settle_skus(record)
        product = Product.objects.unarchived().filter(slug=record.slug).defer("search").first()
        if product is None:
            product = self._create(record, category)
            self._write_images(product, record)
            return product, Outcome.CREATED
        changes = self._changes(product, record, category)
        changed = bool(changes) and update_product(
            product_id=product.pk, changes=changes, by=self.by
        )
        changed = self._write_variants(product, record) or changed
        changed = self._write_images(product, record) or changed
        return product, Outcome.UPDATED if changed else Outcome.UNCHANGED

    # --- products and variants ----------------------------------------------------------------

    def _create(self, record: ProductRecord, category: Category | None) -> Product:
        new = NewProduct(
            name=record.name,
            slug=record.slug,
            description=self._description(record) or "",
            brand=record.brand or "",
            tags=record.tags or [],
            category=category,
            is_published=record.is_published is not False,
            variants=[_new_variant(variant) for variant in record.variants],
        )
        return create_product(new=new, by=self.by)

    def _changes(
        self, product: Product, record: ProductRecord, category: Category | None
    ) -> dict[str, Any]:
        """What the file says otherwise; where it says nothing, the shop is right."""
        said: dict[str, Any] = {
            "name": record.name,
            "description": self._description(record),
            "brand": record.brand,
            "tags": record.tags,
            "is_published": record.is_published,
        }
        changes = {
            key: value
            for key, value in said.items()
            if value is not None and getattr(product, key) != value
        }
        if category is not None and product.category_id != category.pk:
            changes["category"] = category
        return changes

    def _description(self, record: ProductRecord) -> str | None:
        if record.description is None:
            return None
        if len(record.description) > MAX_LENGTH:
            self.remarks.notice(record.line, f"the description is cut to {MAX_LENGTH} characters")
        return clean_html(record.description[:MAX_LENGTH])

    def _write_variants(self, product: Product, record: ProductRecord) -> bool:
        live = list(Variant.objects.live().filter(product=product).select_related("stock_item"))
        by_options = {_key(variant.options): variant for variant in live}
        by_sku = {variant.sku: variant for variant in live}
        changed = False
        for wanted in record.variants:
            variant = by_options.get(_key(wanted.options)) or by_sku.get(wanted.sku)
            if variant is None:
                add_variant(product_id=product.pk, new=_new_variant(wanted), by=self.by)
                changed = True
            elif changes := self._variant_changes(variant, wanted):
                changed = (
                    update_variant(variant_id=variant.pk, changes=changes, by=self.by) or changed
                )
        return changed

    def _variant_changes(self, variant: Variant, wanted: VariantRecord) -> dict[str, Any]:
        said: dict[str, Any] = {
            "sku": wanted.sku,
            "options": wanted.options,
            "price": wanted.price,
            "barcode": wanted.barcode,
            "weight_grams": wanted.weight_grams,
        }
        changes = {
            key: value
            for key, value in said.items()
            if value is not None and getattr(variant, key) != value
        }
        if variant.compare_at_price != wanted.compare_at_price:
            changes["compare_at_price"] = wanted.compare_at_price
        if (
            self.set_stock
            and wanted.stock is not None
            and variant.stock_item.available != wanted.stock
        ):
            changes["stock"] = wanted.stock
        return changes

    def _settle_skus(self, record: ProductRecord) -> None:
        """Give a SKU of its own to each variant whose SKU another variant has, in the file or in the shop."""
        skus = [variant.sku for variant in record.variants]
        elsewhere = set(
            Variant.objects.live()
            .filter(sku__in=skus)
            .exclude(product__slug=record.slug)
            .values_list("sku", flat=True)
        )
        for variant in record.variants:
            if variant.sku in elsewhere:
                own = stable_sku(record.slug, variant.options)
                self.remarks.notice(variant.line, f"SKU {variant.sku} is taken: {own} instead")
                variant.sku = own
            elsewhere.add(variant.sku)

    # --- categories and pictures --------------------------------------------------------------

    def _category(self, path: tuple[str, ...]) -> Category | None:
        """The category of that path of names, made if need be. A category is known by its slug."""
        path = path[: Category.MAX_DEPTH]
        if path and path not in self._categories:
            parent = self._category(path[:-1])
            slug = slug_from(path[-1], fallback="category")
            found = Category.objects.filter(slug=slug).first()
            if found is None and not self.dry_run:
                found = create_category(name=path[-1], slug=slug, parent=parent)
            self._categories[path] = found
        return self._categories.get(path)

    def _write_images(self, product: Product, record: ProductRecord) -> bool:
        if not record.images:
            return False
        known = {image.source_url: image for image in product.images.exclude(source_url="")}
        changed = False
        for wanted in record.images:
            image = known.get(wanted.url)
            if image is not None and wanted.alt and image.alt != wanted.alt:
                update_image(image=image, changes={"alt": wanted.alt})
                changed = True
        missing = [wanted for wanted in record.images if wanted.url not in known]
        if missing:
            sources = [
                ImageSource(
                    wanted.url, wanted.alt, self._only_variant_with(product, record, wanted.url)
                )
                for wanted in missing
            ]
            add_image_sources(product=product, sources=sources)
        return changed or bool(missing)

    @staticmethod
    def _only_variant_with(product: Product, record: ProductRecord, url: str) -> Variant | None:
        skus = [variant.sku for variant in record.variants if variant.image_url == url]
        if len(skus) != 1 or len(record.variants) == 1:
            return None
        return Variant.objects.live().filter(product=product, sku=skus[0]).first()


def _key(options: Iterable[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((option["name"], option["value"]) for option in options)


def _new_variant(record: VariantRecord) -> NewVariant:
    return NewVariant(
        price=record.price,
        stock=record.stock or 0,
        sku=record.sku,
        options=record.options,
        compare_at_price=record.compare_at_price,
        barcode=record.barcode or "",
        weight_grams=record.weight_grams,
    )


def summary(run: ImportRun) -> str:
    """What a run did, in one line."""
    parts = [f"{run.counts[outcome]} {outcome.value}" for outcome in list(Outcome)[:3]]
    rows, notices = len(run.remarks.rejected), len(run.remarks.notices)
    return f"Products: {', '.join(parts)}. Rows rejected: {rows}. Notices: {notices}." + (
        " Nothing was kept: this was a dry run." if run.dry_run else ""
    )


def did_something(counts: Iterable[Outcome]) -> bool:
    """Whether any product of the file is now in the shop as the file has it."""
    return any(outcome is not Outcome.REJECTED for outcome in counts)
