"""The verbs of brands and collections.

A product names its brand in words, and the database keeps the row of it; a new name of the row is the new word on all its
products (both by trigger). The words for a brand's name in other languages are a `Term`, as they stand on every product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.functions import Now

from catalog.model_refusals import BY_CONSTRAINT, BrandInUse
from catalog.models import Brand, Collection, CollectionProduct, Product, Term
from catalog.refusals import NoSuchProduct, SlugTaken, refusing_conflicts
from catalog.richtext import clean_html
from catalog.slugs import distinct, slug_from
from catalog.texts import Translations, merged, merged_words
from common.errors import Invalid
from common.transactions import lock_row

MOST_IN_COLLECTION = 10_000


# --- brands -----------------------------------------------------------------------------------


def create_brand(
    *, name: str, slug: str = "", description: str = "", translations: Translations = None
) -> Brand:
    """Add a brand that no product has yet; without a slug it gets one made from its name.

    Raises:
        NameTaken, SlugTaken; Invalid: the translations.
    """
    with transaction.atomic():
        brand = Brand(
            name=name,
            slug=slug or slug_from(name, fallback="brand"),
            description=clean_html(description),
        )
        brand.translations = _translated(brand, translations, replace=False)
        _insert(brand, slug_is_given=bool(slug))
    return brand


def update_brand(*, brand_id: int, changes: Mapping[str, Any], replace: bool = False) -> Brand:
    """Change a brand. A new name is the new name on all its products.

    Args:
        replace: translations that are not given go.

    Raises:
        NameTaken, SlugTaken; Invalid: the translations.
    """
    with transaction.atomic():
        brand = lock_row(Brand.objects.all(), brand_id, missing="There is no such brand.")
        new = dict(changes)
        translations = new.pop("translations", None)
        before = brand.name
        if new.get("name", before) != before:
            _copy_term(before, new["name"])
            brand.name = new["name"]
        if translations is not None:
            new["translations"] = _translated(brand, translations, replace=replace)
        brand.name = before
        _write(brand, new)
    return brand


def delete_brand(*, brand_id: int) -> None:
    """Remove a brand that no product has. Archived products let go of it.

    Raises:
        BrandInUse
    """
    with transaction.atomic():
        Product.objects.filter(brand_ref=brand_id, archived_at__isnull=False).update(brand="")
        try:
            Brand.objects.filter(pk=brand_id).delete()
        except ProtectedError as error:
            raise BrandInUse from error


def brand_translations(brands: Sequence[Brand]) -> dict[int, dict[str, dict[str, str]]]:
    """The translations of brands, their names among them, by id; one statement."""
    terms = dict(
        Term.objects.filter(text__in=[brand.name for brand in brands]).values_list(
            "text", "translations"
        )
    )
    return {
        brand.pk: {
            code: {
                **({"name": names[code]} if code in names else {}),
                **brand.translations.get(code, {}),
            }
            for code in sorted({*brand.translations, *names})
        }
        for brand in brands
        for names in (terms.get(brand.name, {}),)
    }


def _translated(brand: Brand, given: Translations, *, replace: bool) -> dict[str, dict[str, str]]:
    """The brand's own column; the names among the translations become the words of its term."""
    term = Term.objects.select_for_update(no_key=True).filter(text=brand.name).first()
    names = {} if term is None else dict(term.translations)
    whole = {code: dict(texts) for code, texts in ({} if replace else brand.translations).items()}
    for code, text in ({} if replace else names).items():
        whole.setdefault(code, {})["name"] = text
    wanted = merged(whole, given)
    words = {code: name for code, texts in wanted.items() if (name := texts.pop("name", ""))}
    if words != names:
        merged_words({}, words)
        Term.objects.update_or_create(text=brand.name, defaults={"translations": words})
    return {code: texts for code, texts in wanted.items() if texts}


def _copy_term(before: str, after: str) -> None:
    """A brand's new name has the old one's translations, unless it has its own."""
    term = Term.objects.filter(text=before).first()
    if term is not None:
        Term.objects.get_or_create(text=after, defaults={"translations": term.translations})


# --- collections ------------------------------------------------------------------------------


def create_collection(
    *,
    name: str,
    slug: str = "",
    description: str = "",
    is_published: bool = True,
    position: int = 0,
    translations: Translations = None,
) -> Collection:
    """Add an empty collection; without a slug it gets one made from its name.

    Raises:
        SlugTaken; Invalid: the translations.
    """
    with transaction.atomic():
        collection = Collection(
            name=name,
            slug=slug or slug_from(name, fallback="collection"),
            description=clean_html(description),
            is_published=is_published,
            position=position,
            translations=merged({}, translations),
        )
        _insert(collection, slug_is_given=bool(slug))
    return collection


def update_collection(
    *, collection_id: int, changes: Mapping[str, Any], replace: bool = False
) -> Collection:
    """Change a collection, but not what is in it.

    Args:
        replace: translations that are not given go.

    Raises:
        SlugTaken; Invalid: the translations.
    """
    with transaction.atomic():
        collection = _lock_collection(collection_id)
        new = dict(changes)
        if new.get("translations") is not None:
            present = {} if replace else collection.translations
            new["translations"] = merged(present, new["translations"])
        _write(collection, new)
    return collection


def delete_collection(*, collection_id: int) -> None:
    """Remove a collection; its products stay what they are."""
    Collection.objects.filter(pk=collection_id).delete()


def set_products(*, collection_id: int, product_ids: Sequence[int]) -> None:
    """These products in this order, and no others.

    Raises:
        Invalid: naming `products.<number>` for what is no product, archived, or named twice.
    """
    with transaction.atomic():
        collection = _lock_collection(collection_id)
        present = _positions(collection)
        moved = {
            product_id: position
            for position, product_id in enumerate(product_ids)
            if present.get(product_id) != position
        }
        gone = present.keys() - set(product_ids)
        _lock_products({*moved, *gone})
        _refuse_unknown(product_ids)
        _write_entries(collection, moved, gone)


def add_product(*, collection_id: int, product_id: int, position: int | None = None) -> bool:
    """Put a product into a collection, or move it there: behind the others, or at a position counted from 0.

    Returns:
        Whether it is new there.

    Raises:
        NoSuchProduct: or it is archived.
    """
    with transaction.atomic():
        collection = _lock_collection(collection_id)
        present = _positions(collection)
        others = [pk for pk in present if pk != product_id]
        place = len(others) if position is None else min(position, len(others))
        moved = {
            pk: number
            for number, pk in enumerate([*others[:place], product_id, *others[place:]])
            if present.get(pk) != number
        }
        _lock_products({*moved, product_id})
        if not Product.objects.unarchived().filter(pk=product_id).exists():
            raise NoSuchProduct("There is no such product.")
        _write_entries(collection, moved)
    return product_id not in present


def remove_product(*, collection_id: int, product_id: int) -> bool:
    """Take a product out of a collection.

    Returns:
        Whether it was there.
    """
    with transaction.atomic():
        collection = _lock_collection(collection_id)
        _lock_products([product_id])
        is_there = collection.entries.filter(product=product_id).exists()
        _write_entries(collection, {}, [product_id] if is_there else [])
    return is_there


def _positions(collection: Collection) -> dict[int, int]:
    """Where each product is, in order. Archived ones are not told of, and wait in their places."""
    entries = collection.entries.filter(product__archived_at=None).order_by("position", "product")
    return dict(entries.values_list("product_id", "position"))


def _lock_products(product_ids: Iterable[int]) -> None:
    """Before what hangs on them, as everybody does; the triggers of entries would lock them after it."""
    rows = Product.objects.filter(pk__in=product_ids).select_for_update(no_key=True)
    list(rows.order_by("pk").values_list("pk"))


def _write_entries(
    collection: Collection, moved: Mapping[int, int], gone: Iterable[int] = ()
) -> None:
    """Only what differs: a product whose entry is written looks changed to everybody who keeps a copy."""
    if not (moved or gone):
        return
    collection.entries.filter(product__in=gone).delete()
    CollectionProduct.objects.bulk_create(
        [
            CollectionProduct(collection=collection, product_id=product_id, position=position)
            for product_id, position in moved.items()
        ],
        update_conflicts=True,
        unique_fields=["collection", "product"],
        update_fields=["position"],
    )
    _touch(collection)


def _refuse_unknown(product_ids: Sequence[int]) -> None:
    known = set(
        Product.objects.unarchived().filter(pk__in=product_ids).values_list("pk", flat=True)
    )
    errors, seen = [], set()
    for number, product_id in enumerate(product_ids):
        place = f"products.{number}"
        if product_id not in known:
            detail = "There is no such product."
            errors.append({"field": place, "code": "does_not_exist", "detail": detail})
        elif product_id in seen:
            detail = "Each product is named once."
            errors.append({"field": place, "code": "repeated", "detail": detail})
        seen.add(product_id)
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors[:100])


def _lock_collection(collection_id: int) -> Collection:
    return lock_row(Collection.objects.all(), collection_id, missing="There is no such collection.")


def _touch(collection: Collection) -> None:
    Collection.objects.filter(pk=collection.pk).update(updated_at=Now())


# --- steps ------------------------------------------------------------------------------------


def _insert(row: Brand | Collection, *, slug_is_given: bool) -> None:
    try:
        with refusing_conflicts(BY_CONSTRAINT):
            row.save(force_insert=True)
    except SlugTaken:
        if slug_is_given:
            raise
        row.slug = distinct(row.slug)
        row.save(force_insert=True)
    row.refresh_from_db()


def _write(row: Brand | Collection, changes: dict[str, Any]) -> None:
    if "description" in changes:
        changes["description"] = clean_html(changes["description"])
    changed = [name for name, value in changes.items() if getattr(row, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(row, name, changes[name])
    row.updated_at = Now()
    with refusing_conflicts(BY_CONSTRAINT):
        row.save(update_fields=[*changed, "updated_at"])
    row.refresh_from_db()
