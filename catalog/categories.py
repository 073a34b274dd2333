"""The verbs of categories. Whatever changes the tree's shape does so one at a time, under one advisory lock."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import ProtectedError
from django.db.models.functions import Now

from catalog.models import Category, Product, by_id_or_slug
from catalog.refusals import (
    CategoryCycle,
    CategoryInUse,
    CategoryTooDeep,
    NoSuchCategory,
    SlugTaken,
    refusing_conflicts,
)
from catalog.richtext import clean_html
from catalog.slugs import distinct, slug_from
from catalog.texts import Translations, merged
from common.transactions import lock_row, require_transaction

NO_CATEGORY = "There is no such category."
_TREE_LOCK = 0x6E78_6361_7465  # any number that is nobody else's


def find_category(key: str, *, field: str = "category") -> Category:
    """The category of that id or slug.

    Raises:
        NoSuchCategory: naming `field`.
    """
    found = Category.objects.filter(**by_id_or_slug(key)).first()
    if found is None:
        raise NoSuchCategory(field=field)
    return found


def create_category(
    *,
    name: str,
    slug: str = "",
    description: str = "",
    parent: Category | None = None,
    position: int = 0,
    translations: Translations = None,
) -> Category:
    """Add a category; without a slug it gets one made from its name.

    Raises:
        SlugTaken, CategoryTooDeep; Invalid: the translations.
    """
    with transaction.atomic():
        if parent is not None:
            _lock_tree()
            if len(_ancestors(parent.pk)) >= Category.MAX_DEPTH:
                raise CategoryTooDeep
        category = Category(
            name=name,
            slug=slug or slug_from(name, fallback="category"),
            description=clean_html(description),
            parent=parent,
            position=position,
            translations=merged({}, translations),
        )
        try:
            with refusing_conflicts():
                category.save(force_insert=True)
        except SlugTaken:
            if slug:
                raise
            category.slug = distinct(category.slug)
            category.save(force_insert=True)
    return category


def update_category(
    *, category_id: int, changes: dict[str, Any], replace: bool = False
) -> Category:
    """Change name, slug, description, translations, position or parent (a Category or None).

    Args:
        replace: translations that are not given go.

    Raises:
        SlugTaken; CategoryCycle, CategoryTooDeep: the move is impossible; Invalid: the translations.
    """
    with transaction.atomic():
        if "parent" in changes:
            _lock_tree()
        category = lock_row(Category.objects.all(), category_id, missing=NO_CATEGORY)
        if "parent" in changes:
            refuse_bad_move(category, changes["parent"])
        if "description" in changes:
            changes = {**changes, "description": clean_html(changes["description"])}
        if "translations" in changes:
            present = {} if replace else category.translations
            changes = {**changes, "translations": merged(present, changes["translations"])}
        changed = [field for field, value in changes.items() if getattr(category, field) != value]
        if changed:
            for field in changed:
                setattr(category, field, changes[field])
            category.updated_at = Now()
            with refusing_conflicts():
                category.save(update_fields=[*changed, "updated_at"])
            category.refresh_from_db()
    return category


def delete_category(*, category_id: int) -> None:
    """Remove an empty category. Archived products let go of it.

    Raises:
        CategoryInUse: products or categories are below it.
    """
    with transaction.atomic():
        archived = Product.objects.filter(category_id=category_id, archived_at__isnull=False)
        archived.update(category=None)
        try:
            Category.objects.filter(pk=category_id).delete()
        except ProtectedError as error:
            raise CategoryInUse from error


def lock_for_edit(*, category_id: int) -> Category:
    """Lock a category for a change that rests on what was read of it, with all that the verbs above lock, in their order.

    Raises:
        NotFound: it has just been deleted.
    """
    require_transaction()
    _lock_tree()
    return lock_row(Category.objects.all(), category_id, missing=NO_CATEGORY)


def refuse_bad_move(category: Category, parent: Category | None) -> None:
    """Check a move; under the tree's lock the answer is final, without it a hint.

    Raises:
        CategoryCycle, CategoryTooDeep.
    """
    if parent is None:
        return
    above = _ancestors(parent.pk)
    if category.pk in above:
        raise CategoryCycle
    if len(above) + _height(category.pk) > Category.MAX_DEPTH:
        raise CategoryTooDeep


def _lock_tree() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE_LOCK])


def _ancestors(category_id: int) -> list[int]:
    """Ids from the category up to its root."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE above AS (
                SELECT id, parent_id FROM catalog_category WHERE id = %s
                 UNION
                SELECT parent.id, parent.parent_id FROM catalog_category parent
                  JOIN above ON above.parent_id = parent.id
            )
            SELECT id FROM above
            """,
            [category_id],
        )
        return [row[0] for row in cursor.fetchall()]


def _height(category_id: int) -> int:
    """How many levels the category and everything below it take: 1 for a leaf."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE below AS (
                SELECT id, 1 AS level FROM catalog_category WHERE id = %s
                 UNION ALL
                SELECT child.id, level + 1 FROM catalog_category child
                  JOIN below ON child.parent_id = below.id WHERE level < 100
            )
            SELECT max(level) FROM below
            """,
            [category_id],
        )
        row = cursor.fetchone()
    return int(row[0] or 1)
