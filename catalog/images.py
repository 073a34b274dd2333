"""The verbs of pictures. What is stored has been drawn anew (`catalog.drawing`) and has a name of our own, used once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models.functions import Now

from catalog.drawing import (
    MAX_BYTES,
    InvalidImage,
    Picture,
    PicturesBusy,
    bounded_read,
    read_picture,
)
from catalog.models import Image, Product, Variant
from catalog.texts import Translations, merged
from common.errors import Unavailable
from common.jobs import enqueue
from common.transactions import lock_row

__all__ = [
    "MAX_BYTES", "ImageSource", "InvalidImage", "Picture", "PicturesBusy", "StorageUnavailable", "add_image",
    "add_image_sources", "bounded_read", "delete_files_after_commit", "delete_image", "files_of", "read_picture",
    "replace_source", "save_file", "touch", "update_image",
]  # fmt: skip
log = logging.getLogger(__name__)
NO_PICTURE = "The product has no such picture."
TRANSLATED = {"alt": 300}  # what has translations, and the longest it may be


class StorageUnavailable(Unavailable):
    """The place where pictures are kept cannot take one now."""

    code = "storage_unavailable"
    title = "Pictures cannot be stored now"


def add_image(
    *,
    product: Product,
    picture: Picture,
    alt: str = "",
    variant: Variant | None = None,
    position: int | None = None,
    translations: Translations = None,
) -> Image:
    """Store a picture and show it with the product, behind the others unless a position is given.

    Its renditions follow: a job makes them.

    Args:
        translations: of the alternative text: `{"am": {"alt": "..."}}`.

    Raises:
        StorageUnavailable: nothing was stored. Invalid: naming `translations.<language>.<field>`.
    """
    texts = merged({}, translations, fields=TRANSLATED)
    name = _store(product.pk, picture)
    try:
        with transaction.atomic():
            touch(product.pk)
            image = Image.objects.create(
                product=product,
                variant=variant,
                file=name,
                alt=alt,
                translations=texts,
                position=_next_position(product) if position is None else position,
                width=picture.width,
                height=picture.height,
            )
            _ask_for_renditions(image)
            return image
    except BaseException:
        default_storage.delete(name)  # a file without a row would stay for ever
        raise


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Where a picture is said to be."""

    url: str
    alt: str = ""
    variant: Variant | None = None


def add_image_sources(*, product: Product, sources: Sequence[ImageSource]) -> None:
    """Show pictures by their addresses, which are stored and not fetched."""
    with transaction.atomic():
        touch(product.pk)
        Image.objects.bulk_create(
            Image(
                product=product,
                variant=source.variant,
                source_url=source.url,
                alt=source.alt,
                position=position,
            )
            for position, source in enumerate(sources, _next_position(product))
        )


def replace_source(*, image: Image, picture: Picture) -> None:
    """Give an image that was only an address a file of its own.

    Raises:
        StorageUnavailable; NotFound: the image has just been deleted. Nothing is stored then.
    """
    name = _store(image.product_id, picture)
    try:
        with transaction.atomic():
            touch(image.product_id)  # first: it locks the product, as every verb does
            row = lock_row(Image.objects.all(), image.pk, missing=NO_PICTURE)
            row.file, row.renditions = name, []
            row.width, row.height = picture.width, picture.height
            row.save(update_fields=["file", "renditions", "width", "height"])
            _ask_for_renditions(row)
    except BaseException:
        default_storage.delete(name)
        raise


def update_image(*, image: Image, changes: dict[str, Any]) -> None:
    """Change alternative text, its translations (what is not named stays, null removes), position or the variant it shows.

    Raises:
        Invalid: naming `translations.<language>.<field>`. NotFound: the picture has just been deleted.
    """
    with transaction.atomic():
        _lock_product(image.product_id)
        row = lock_row(Image.objects.all(), image.pk, missing=NO_PICTURE)
        if "translations" in changes:
            texts = merged(row.translations, changes["translations"], fields=TRANSLATED)
            changes = {**changes, "translations": texts}
        changed = [key for key, value in changes.items() if getattr(row, key) != value]
        if not changed:
            return
        for key in changed:
            setattr(row, key, changes[key])
        touch(row.product_id)
        row.save(update_fields=changed)


def delete_image(*, image: Image) -> None:
    """Remove a picture; its files go once that is committed."""
    with transaction.atomic():
        touch(image.product_id)
        # Locked, and read again: the job may have added renditions since.
        for row in Image.objects.select_for_update().filter(pk=image.pk):
            delete_files_after_commit(files_of([row]))
            row.delete()


def files_of(images: Iterable[Image]) -> list[str]:
    """The names of everything that is stored of these pictures."""
    return [
        name
        for image in images
        for name in (image.file.name, *(made["name"] for made in image.renditions))
        if name
    ]


def _lock_product(product_id: int) -> None:
    """As every verb does before it locks what hangs on a product."""
    rows = Product.objects.select_for_update(no_key=True).filter(pk=product_id)
    list(rows.values_list("pk"))


def touch(product_id: int) -> None:
    """Note that something a product shows has changed."""
    Product.objects.filter(pk=product_id).update(updated_at=Now())


def delete_files_after_commit(names: Iterable[str]) -> None:
    """Remove files when the transaction has succeeded. A file that cannot be removed is logged, not fatal."""
    for name in filter(None, names):
        transaction.on_commit(partial(_delete_file, name))


def _delete_file(name: str) -> None:
    try:
        default_storage.delete(name)
    except OSError:
        log.warning("could not delete %s", name, exc_info=True)


def save_file(name: str, content: bytes) -> str:
    """Store a file; returns the name that the storage gave it.

    Raises:
        StorageUnavailable: a full disk, or a storage that does not answer.
    """
    try:
        return default_storage.save(name, ContentFile(content))
    except OSError as error:
        raise StorageUnavailable from error


def _store(product_id: int, picture: Picture) -> str:
    return save_file(f"products/{product_id}/{uuid4().hex}.webp", picture.content)


def _ask_for_renditions(image: Image) -> None:
    name = f"catalog.make_renditions:{image.pk}"
    enqueue("catalog.make_renditions", at_most_one=name, image_id=image.pk)


def _next_position(product: Product) -> int:
    last = product.images.aggregate(last=models.Max("position"))["last"]
    return 0 if last is None else last + 1
