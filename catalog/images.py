"""Pictures: looked at before they are decoded, drawn anew, and stored under names of our own."""

from __future__ import annotations

import io
import logging
import re
import struct
import warnings
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models.functions import Now
from PIL import Image as Pillow
from PIL import ImageOps

from catalog.models import Image, Product, Variant
from common.errors import Invalid, Unavailable

log = logging.getLogger(__name__)

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000  # 75 MB when decoded: what a 512 MB machine can spare
MAX_SIDE = 2000  # pixels of what is stored
FORMATS = ("JPEG", "PNG", "WEBP")
# No picture has these; a file that is two things at once has.
_MARKUP = re.compile(rb"<(script|html|!doctype|\?php|iframe)", re.IGNORECASE)
# What decoders raise over damaged files.
_DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, struct.error, zlib.error,
    Pillow.DecompressionBombError, Pillow.DecompressionBombWarning,
)  # fmt: skip
# Once, for the whole process: filters that come and go are not safe between threads.
warnings.filterwarnings("error", category=Pillow.DecompressionBombWarning)


class InvalidImage(Invalid):
    """The file is not a picture we take."""

    code = "invalid_image"
    title = "Not a usable picture"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[{"field": "file", "code": self.code, "detail": detail}])


class StorageUnavailable(Unavailable):
    """The place where pictures are kept cannot take one now."""

    code = "storage_unavailable"
    title = "Pictures cannot be stored now"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn anew: WebP bytes without metadata, and its size in pixels."""

    content: bytes
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """Decode a JPEG, PNG or WebP and encode it anew, upright, at most 2000 pixels a side, without metadata.

    Format and size are read from the header and judged before a single pixel is decoded.

    Raises:
        InvalidImage: empty, too large, another format, too many pixels, damaged, or a web page in disguise.
    """
    if not content:
        raise InvalidImage("The file is empty.")
    if len(content) > MAX_BYTES:
        raise InvalidImage("A picture may have 5 MB.")
    if _MARKUP.search(content):
        raise InvalidImage("The file contains a web page or a program.")
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise InvalidImage("A picture may have 25 million pixels.")
            return _redraw(opened)
    except _DAMAGE:
        raise InvalidImage("Send an undamaged JPEG, PNG or WebP picture.") from None


def _redraw(opened: Pillow.Image) -> Picture:
    opened.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG decodes straight to a smaller size
    opened.thumbnail((MAX_SIDE, MAX_SIDE))
    upright = ImageOps.exif_transpose(opened)
    has_alpha = upright.has_transparency_data
    drawn = upright.convert("RGBA" if has_alpha else "RGB")
    drawn.info = {}
    out = io.BytesIO()
    drawn.save(out, "WEBP", quality=82, method=4)
    return Picture(out.getvalue(), drawn.width, drawn.height)


def add_image(
    *,
    product: Product,
    picture: Picture,
    alt: str = "",
    variant: Variant | None = None,
    position: int | None = None,
) -> Image:
    """Store a picture and show it with the product, behind the others unless a position is given.

    Raises:
        StorageUnavailable: nothing was stored.
    """
    name = _store(product.pk, picture)
    try:
        with transaction.atomic():
            touch(product.pk)
            return Image.objects.create(
                product=product,
                variant=variant,
                file=name,
                alt=alt,
                position=_next_position(product) if position is None else position,
                width=picture.width,
                height=picture.height,
            )
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
    """Give an image that was only an address a file of its own."""
    name = _store(image.product_id, picture)
    try:
        with transaction.atomic():
            image.file = name
            image.width, image.height = picture.width, picture.height
            touch(
                image.product_id
            )  # first: it locks the product, as every verb does before its parts
            image.save(update_fields=["file", "width", "height"])
    except BaseException:
        default_storage.delete(name)
        raise


def update_image(*, image: Image, changes: dict[str, Any]) -> None:
    """Change alt text, position or the variant it shows."""
    changed = [key for key, value in changes.items() if getattr(image, key) != value]
    if not changed:
        return
    for key in changed:
        setattr(image, key, changes[key])
    with transaction.atomic():
        touch(image.product_id)
        image.save(update_fields=changed)


def delete_image(*, image: Image) -> None:
    """Remove a picture; its file goes once that is committed."""
    with transaction.atomic():
        name = image.file.name
        touch(image.product_id)
        image.delete()
        delete_files_after_commit([name or ""])


def touch(product_id: int) -> None:
    """Note that something a product shows has changed."""
    Product.objects.filter(pk=product_id).update(updated_at=Now())


def delete_files_after_commit(names: Iterable[str]) -> None:
    """Remove files when the transaction has succeeded. A file that cannot be removed is logged, not fatal."""
    for name in names:
        if name:
            transaction.on_commit(partial(_delete_file, name))


def _delete_file(name: str) -> None:
    try:
        default_storage.delete(name)
    except OSError:
        log.warning("could not delete %s", name, exc_info=True)


def _store(product_id: int, picture: Picture) -> str:
    try:
        return default_storage.save(
            f"products/{product_id}/{uuid4().hex}.webp", ContentFile(picture.content)
        )
    except OSError as error:
        raise StorageUnavailable from error


def _next_position(product: Product) -> int:
    last = product.images.aggregate(last=models.Max("position"))["last"]
    return 0 if last is None else last + 1


def bounded_read(file: IO[bytes]) -> bytes:
    """The file's bytes, or one byte more than allowed when there are more."""
    return file.read(MAX_BYTES + 1)
