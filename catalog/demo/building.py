"""Putting up the demo shop: whatever is missing is made, whatever is there is left as it is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from catalog.categories import create_category
from catalog.demo.art.canvas import SIDE
from catalog.demo.art.drawing import draw
from catalog.demo.described import (
    build_collection,
    build_types,
    build_words,
    in_amharic,
    said_of,
    type_of,
)
from catalog.demo.goods import Good
from catalog.demo.shelves import SHELVES
from catalog.demo.stock import GOODS
from catalog.images import Picture, add_image
from catalog.models import Category, Product, ProductType, Variant
from catalog.services import NewProduct, NewVariant, create_product
from common.actors import Actor

BUILDER = Actor("system", name="demo")
_PENS = 2
_LOCK = 0x6E78_6465_6D6F  # any number that is nobody else's


Built = tuple[Good, bytes]


class AnotherBuilder(Exception):
    """Another run has been building the demo shop for longer than anyone should wait."""


@contextmanager
def one_builder(*, patience: float = 60) -> Iterator[None]:
    """Let a second run wait for the first, at most `patience` seconds, so that it finds everything there.

    Raises:
        AnotherBuilder
    """
    with connection.cursor() as cursor:
        deadline = time.monotonic() + patience
        # Asked again and again, as a statement that waits is cut off by lock_timeout.
        while not _take_lock(cursor):
            if time.monotonic() > deadline:
                raise AnotherBuilder
            time.sleep(0.1)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _take_lock(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
    return bool(cursor.fetchone()[0])


def build_shelves() -> int:
    """Make the missing categories; returns how many that were."""
    known = {category.slug: category for category in Category.objects.all()}
    made = 0
    for position, shelf in enumerate(SHELVES):
        if shelf.slug not in known:
            known[shelf.slug] = create_category(
                name=shelf.name,
                slug=shelf.slug,
                description=f"<p>{shelf.description}</p>",
                parent=known[shelf.above] if shelf.above else None,
                position=position,
                translations=in_amharic(shelf.name),
            )
            made += 1
    return made


def missing_goods() -> list[Good]:
    """What has neither a product of its slug nor a variant of its SKU: the owner may have renamed or archived it."""
    slugs = set(
        Product.objects.values_list("slug", flat=True).filter(slug__in=[g.slug for g in GOODS])
    )
    skus = set(Variant.objects.filter(sku__startswith="DEMO-").values_list("sku", flat=True))
    return [
        good
        for good in GOODS
        if good.slug not in slugs
        and not any(good.sku(position) in skus for position in range(len(good.offers)))
    ]


def build_goods(
    goods: list[Good], *, progress: Callable[[Iterable[Built]], Iterable[Built]]
) -> None:
    """Make these products, each with its variants, stock and picture in a transaction of its own.

    A few pictures are drawn ahead while earlier products are written.
    """
    if not goods:
        return  # what describes them is their owner's by now
    categories = {category.slug: category for category in Category.objects.all()}
    with transaction.atomic():
        types = build_types()
        build_words()
    with ThreadPoolExecutor(_PENS) as pens:
        for good, content in progress(_drawn(goods, pens)):
            with transaction.atomic():
                product = create_product(new=_new_product(good, categories, types), by=BUILDER)
                picture = Picture(content, SIDE, SIDE)
                add_image(product=product, picture=picture, alt=good.alt, position=0)
    with transaction.atomic():
        build_collection()


def _drawn(goods: list[Good], pens: ThreadPoolExecutor) -> Iterator[Built]:
    ahead: deque[tuple[Good, Future[bytes]]] = deque()
    for good in goods:
        ahead.append((good, pens.submit(draw, good.drawing)))
        if len(ahead) > 2 * _PENS:
            first, drawing = ahead.popleft()
            yield first, drawing.result()
    for first, drawing in ahead:
        yield first, drawing.result()


def _new_product(
    good: Good, categories: dict[str, Category], types: dict[str, ProductType]
) -> NewProduct:
    return NewProduct(
        name=good.name,
        slug=good.slug,
        description=good.description,
        brand=good.brand,
        tags=good.tags,
        category=categories[good.shelf],
        is_published=True,
        product_type=types.get(type_of(good)),
        attributes=said_of(good),
        translations=in_amharic(good.name),
        variants=[
            NewVariant(
                price=offer.price,
                stock=offer.stock,
                sku=good.sku(position),
                options=[{"name": name, "value": value} for name, value in offer.options],
                compare_at_price=offer.was,
                weight_grams=offer.grams,
            )
            for position, offer in enumerate(good.offers)
        ],
    )
