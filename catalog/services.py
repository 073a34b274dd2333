"""The verbs of products and variants.

Locks: the definitions of attributes, stock rows, then the product, then its variants, as a checkout takes them (a stock
change that switches availability locks the product by trigger); several of a kind in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import ProtectedError
from django.db.models.functions import Now

from catalog.attribute_values import refuse_missing_values, write_values
from catalog.attributes import hold_definitions
from catalog.bundles import Part, lock_stock, refuse_if_needed, set_parts
from catalog.images import delete_files_after_commit, files_of, touch
from catalog.model_refusals import BY_CONSTRAINT, TooManyVariants
from catalog.models import VARIANT_NAME_LENGTH, Category, Product, ProductType, Variant
from catalog.refusals import (
    LastVariant,
    NoSuchProduct,
    SeveralVariants,
    SlugTaken,
    refusing_conflicts,
)
from catalog.richtext import clean_html
from catalog.slugs import distinct, slug_from
from catalog.stock import NO_VARIANT, find_variant, lock_stock_of, set_stock
from catalog.texts import Translations, merged
from common.actors import Actor
from common.ids import readable_code
from common.transactions import lock_row, require_transaction
from inventory import services as inventory

Options = Sequence[Mapping[str, str]]
# On a product with one variant these fields of the variant may be given with the product.
VARIANT_FIELDS = ("price", "compare_at_price", "sku", "stock", "expected_stock", "parts")
MAX_VARIANTS = 2048  # of one product, archived ones aside
# What a change has to be weighed against the definitions of attributes for.
_DESCRIBED = frozenset({"product_type", "attributes", "is_published"})


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A variant to be made. `stock` in pieces; without a SKU it gets a random one."""

    price: Decimal
    stock: int = 0
    sku: str = ""
    name: str = ""
    options: Options = ()
    compare_at_price: Decimal | None = None
    barcode: str = ""
    weight_grams: int | None = None
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product to be made, with at least one variant. Without a slug it gets one made from its name."""

    name: str
    variants: Sequence[NewVariant]
    slug: str = ""
    description: str = ""
    brand: str = ""
    tags: Sequence[str] = field(default_factory=tuple)
    category: Category | None = None
    is_published: bool = False
    product_type: ProductType | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    translations: Translations = None
    publish_from: datetime | None = None
    publish_until: datetime | None = None


def create_product(*, new: NewProduct, by: Actor) -> Product:
    """Put a product into the catalogue, with its variants and their opening stock.

    Raises:
        SlugTaken, SkuTaken, OptionsTaken, CompareAtBelowPrice, NeverShown, TooManyVariants.
        Invalid: naming `attributes.<code>` or `translations.<language>.<field>`.
    """
    with transaction.atomic():
        if new.product_type is not None or new.attributes:
            hold_definitions()
        product = Product(
            name=new.name,
            slug=new.slug or slug_from(new.name, fallback="product"),
            description=clean_html(new.description),
            brand=new.brand,
            tags=tidy_tags(new.tags),
            category=new.category,
            is_published=new.is_published,
            published_at=Now() if new.is_published else None,
            product_type=new.product_type,
            translations=merged({}, new.translations),
            publish_from=new.publish_from,
            publish_until=new.publish_until,
        )
        _insert(product, slug_is_given=bool(new.slug))
        if new.product_type is not None or new.attributes:
            write_values(product=product, given=new.attributes, replace=True)
            refuse_missing_values(product)
        _insert_variants(product, new.variants, present=0, first_position=0, by=by)
    return product


def update_product(
    *, product_id: int, changes: Mapping[str, Any], by: Actor, replace: bool = False
) -> bool:
    """Change a product, and the price, compare-at price, SKU and stock of its only variant.

    Args:
        changes: new values by field; fields that are not named stay. `stock` means pieces that can be sold. Of `attributes`
            and `translations` what is not named stays too, and null removes. With another `product_type` the values that it
            does not have go.
        replace: attributes and translations that are not named go.

    Returns:
        Whether anything differed.

    Raises:
        NoSuchProduct: it is not there or archived. SeveralVariants: a variant's field, and it has more than one.
        SlugTaken, SkuTaken, CompareAtBelowPrice, NeverShown.
        Invalid: naming `attributes.<code>` or `translations.<language>.<field>`.
    """
    of_variant = {key: value for key, value in changes.items() if key in VARIANT_FIELDS}
    of_product = {key: value for key, value in changes.items() if key not in VARIANT_FIELDS}
    with transaction.atomic():
        changed = False
        if _DESCRIBED & set(of_product):
            hold_definitions()
        if of_variant:
            changed = _update_only_variant(product_id, of_variant, by=by)
        product = _lock_product(product_id)
        return _write_product(product, of_product, replace=replace) or changed


def delete_product(*, product_id: int) -> bool:
    """Remove a product. What orders refer to is archived instead, and its slug and SKUs become free.

    Returns:
        Whether it is really gone.

    Raises:
        NoSuchProduct: it is not there, or archived already.
    """
    with transaction.atomic():
        items = lock_stock_of(Variant.objects.filter(product_id=product_id))
        product = _lock_product(product_id)
        refuse_if_needed(stock_items=items, product_id=product_id)
        try:
            with transaction.atomic():
                files = files_of(product.images.all())
                product.delete()
                for item in items:
                    inventory.discard_item(stock_item_id=item)
        except ProtectedError:
            _archive(product)
            return False
        delete_files_after_commit(files)
    return True


def add_variant(*, product_id: int, new: NewVariant, by: Actor) -> Variant:
    """Add a variant behind the others; see `add_variants`."""
    return add_variants(product_id=product_id, new=[new], by=by)[0]


def add_variants(*, product_id: int, new: Sequence[NewVariant], by: Actor) -> list[Variant]:
    """Add variants behind the others, all or none.

    Raises:
        NoSuchProduct, SkuTaken, OptionsTaken, CompareAtBelowPrice, TooManyVariants.
    """
    with transaction.atomic():
        lock_stock(variant_ids=[part.variant_id for variant in new for part in variant.parts])
        product = _lock_product(product_id)
        # Counted under the lock; `variant_count` was read before it.
        present = product.variants.live().count()
        last = product.variants.aggregate(last=models.Max("position"))["last"]
        touch(product.pk)
        first = 0 if last is None else last + 1
        return _insert_variants(product, new, present=present, first_position=first, by=by)


def update_variant(*, variant_id: int, changes: Mapping[str, Any], by: Actor) -> bool:
    """Change a variant; `stock` means pieces that can be sold, `on_hand` pieces counted on the shelf.
    `expected_stock`: what could be sold when `stock` was counted.

    Returns:
        Whether anything differed.

    Raises:
        SkuTaken, OptionsTaken, CompareAtBelowPrice; inventory.refusals.BelowReserved, StockMoved: a count that is refused.
    """
    with transaction.atomic():
        variant = find_variant(variant_id)
        changes = dict(changes)
        stock, on_hand = changes.pop("stock", None), changes.pop("on_hand", None)
        parts = changes.pop("parts", None)
        bundled = parts is not None and set_parts(variant_id=variant_id, parts=parts)
        seen = changes.pop("expected_stock", None)
        counted = set_stock(variant, stock=stock, on_hand=on_hand, by=by, expected=seen) or bundled
        product = _lock_product(variant.product_id)
        variant = lock_row(Variant.objects.all(), variant_id, missing=NO_VARIANT)
        if "options" in changes:
            changes["options"] = _plain(changes["options"])
            if changes["options"] != variant.options:
                changes.setdefault("name", variant_name(changes["options"]))
        changed = _write(variant, changes) or counted
        if changed:  # by a count too: it is an edit, which no other editor may overwrite unseen
            touch(product.pk)
        return changed


def delete_variant(*, variant_id: int) -> bool:
    """Remove a variant; archive it when orders refer to it.

    Returns:
        Whether it is really gone.

    Raises:
        LastVariant: it is the product's only one.
    """
    with transaction.atomic():
        chosen = Variant.objects.filter(pk=variant_id)
        items = lock_stock_of(chosen)
        variant = find_variant(variant_id)
        product = _lock_product(variant.product_id)
        if not product.variants.live().exclude(pk=variant_id).exists():
            raise LastVariant
        refuse_if_needed(stock_items=items)
        touch(product.pk)
        try:
            with transaction.atomic():
                variant.delete()
                for item in items:
                    inventory.discard_item(stock_item_id=item)
        except ProtectedError:
            chosen.update(archived_at=Now(), updated_at=Now())
            return False
    return True


def lock_for_edit(*, product_id: int) -> Product:
    """Lock a product for a change that rests on what was read of it, with all that the verbs above lock, in their order.

    Raises:
        NoSuchProduct: it is not there or archived.
    """
    require_transaction()
    hold_definitions()
    lock_stock_of(Variant.objects.filter(product_id=product_id))
    return _lock_product(product_id)


def variant_name(options: Options) -> str:
    """What a customer calls the variant: its option values, such as `Large / Blue`."""
    return " / ".join(option["value"] for option in options)[:VARIANT_NAME_LENGTH]


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Tags without blanks and repetitions, in the order given."""
    return list(dict.fromkeys(stripped for tag in tags if (stripped := tag.strip())))


# --- steps ------------------------------------------------------------------------------------


def _insert(product: Product, *, slug_is_given: bool) -> None:
    try:
        with refusing_conflicts(BY_CONSTRAINT):
            product.save(force_insert=True)
    except SlugTaken:
        if slug_is_given:
            raise
        product.slug = distinct(product.slug)
        product.save(force_insert=True)


def _insert_variants(
    product: Product, new: Sequence[NewVariant], *, present: int, first_position: int, by: Actor
) -> list[Variant]:
    """Insert variants beside `present` others by one statement, so that the product follows them once."""
    if present + len(new) > MAX_VARIANTS:
        raise TooManyVariants
    rows = []
    items = inventory.open_items(on_hand=[variant.stock for variant in new], by=by)
    for position, (variant, item) in enumerate(zip(new, items, strict=True), first_position):
        options = _plain(variant.options)
        rows.append(
            Variant(
                product=product,
                sku=variant.sku or f"NX-{readable_code(10)}",
                name=variant.name or variant_name(options),
                options=options,
                price=variant.price,
                compare_at_price=variant.compare_at_price,
                position=position,
                barcode=variant.barcode,
                weight_grams=variant.weight_grams,
                stock_item_id=item,
            )
        )
    with refusing_conflicts():
        Variant.objects.bulk_create(rows)
    for row, variant in zip(rows, new, strict=True):
        if variant.parts:
            set_parts(variant_id=row.pk, parts=variant.parts)
    return rows


def _update_only_variant(product_id: int, changes: dict[str, Any], *, by: Actor) -> bool:
    """Change the product's only variant.

    On a product with several, values that equal what the product shows are no change, so that a product can be sent back as
    it was read; anything else is refused.
    """
    live = list(
        Variant.objects.live()
        .filter(product_id=product_id)
        .select_related("stock_item")
        .order_by("price", "position", "pk")
    )
    if len(live) == 1:
        return update_variant(variant_id=live[0].pk, changes=changes, by=by)
    if not live:
        raise NoSuchProduct
    shown = {
        "price": live[0].price,
        "compare_at_price": live[0].compare_at_price,
        "stock": sum(variant.available for variant in live),
    }
    for key, value in changes.items():
        if key not in shown or shown[key] != value:
            raise SeveralVariants(field=key)
    return False


def _write_product(product: Product, changes: dict[str, Any], *, replace: bool) -> bool:
    if "description" in changes:
        changes["description"] = clean_html(changes["description"])
    if "tags" in changes:
        changes["tags"] = tidy_tags(changes["tags"])
    if changes.get("is_published") and product.published_at is None:
        changes["published_at"] = Now()
    if "translations" in changes:
        present = {} if replace else product.translations
        changes["translations"] = merged(present, changes["translations"])
    attributes = changes.pop("attributes", None)
    written = _write(product, changes)
    if attributes is not None or "product_type" in changes:
        given, whole = attributes or {}, replace and attributes is not None
        if write_values(product=product, given=given, replace=whole):
            touch(product.pk)
            written = True
    if attributes is not None or _DESCRIBED & set(changes):
        refuse_missing_values(product)
    return written


def _write(row: Product | Variant, changes: Mapping[str, Any]) -> bool:
    """Save the fields that differ."""
    changed = [key for key, value in changes.items() if getattr(row, key) != value]
    if not changed:
        return False
    for key in changed:
        setattr(row, key, changes[key])
    row.updated_at = Now()
    with refusing_conflicts(BY_CONSTRAINT):
        row.save(update_fields=[*changed, "updated_at"])
    return True


def _lock_product(product_id: int) -> Product:
    rows = Product.objects.unarchived().select_for_update(no_key=True).defer("search")
    product = rows.filter(pk=product_id).first()
    if product is None:
        raise NoSuchProduct("There is no such product.")
    return product


def _archive(product: Product) -> None:
    Variant.objects.live().filter(product=product).update(archived_at=Now(), updated_at=Now())
    product.is_published = False
    product.archived_at = Now()
    product.updated_at = Now()
    product.save(update_fields=["is_published", "archived_at", "updated_at"])


def _plain(options: Options) -> list[dict[str, str]]:
    return [{"name": option["name"], "value": option["value"]} for option in options]
