"""Renditions: smaller copies of a picture, as WebP and as JPEG, for lists, telephones and old browsers.

They are made by the worker, so that an upload answers at once and the web server keeps its memory for requests. Nobody has
to wait for them: until they are there, the picture itself is shown. A name holds a digest of the content, so what is at an
address never changes, and caches may keep it for ever. Making them twice makes the same names with the same content.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image as Pillow

from catalog.drawing import encoded, one_at_a_time
from catalog.images import StorageUnavailable, delete_files_after_commit, save_file, touch
from catalog.models import Image

log = logging.getLogger(__name__)

SIZES = (200, 400, 800, 1600)  # pixels of the longest side; a picture is never enlarged
FORMATS = ("webp", "jpeg")
LONGEST_WAIT = 60.0  # seconds for another picture to be done: a worker has time
# A file is stored before its row is committed: only what is older than this can be without one for good.
ORPHANED_AFTER = timedelta(days=1)
FOLDER = "products"


@dataclass(frozen=True, slots=True)
class _Made:
    """A rendition before it is stored."""

    width: int
    height: int
    format: str
    content: bytes

    def name_beside(self, original: str) -> str:
        digest = hashlib.sha256(self.content).hexdigest()[:16]
        stem = original.rpartition(".")[0]
        return f"{stem}-{max(self.width, self.height)}-{digest}.{self.format}"


def make_renditions(*, image_id: int) -> bool:
    """Make and record the renditions of a picture. Safe to repeat, to kill, and to run beside its deletion.

    Returns:
        Whether anything was recorded: not for a picture that is gone, or has these renditions already.

    Raises:
        StorageUnavailable, catalog.drawing.PicturesBusy: nothing was recorded; try again later.
    """
    image = Image.objects.filter(pk=image_id).exclude(file="").first()
    if image is None:
        return False
    original = str(image.file.name)
    try:
        content = _content(original)
    except FileNotFoundError:
        log.error("the file of image %d is not there: %s", image_id, original)
        return False
    with one_at_a_time(LONGEST_WAIT):
        made = _draw(content)
    recorded = [
        {
            "width": one.width,
            "height": one.height,
            "format": one.format,
            "name": _stored(one.name_beside(original), one.content),
        }
        for one in made
    ]
    return _record(image, original, recorded)


def without_renditions() -> Iterator[int]:
    """Ids of pictures that have a file and no renditions, oldest first; few in memory at a time."""
    rows = Image.objects.filter(renditions=[]).exclude(file="").order_by("pk")
    last = 0
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:1000]):
        yield from ids
        last = ids[-1]


def sweep(*, dry_run: bool = False) -> Iterator[str]:
    """Delete files that no picture has: what a killed process, a rolled-back transaction or a failed deletion left.

    Yields:
        The name of each, once it is gone.

    Raises:
        StorageUnavailable
    """
    for folder in _listed(FOLDER)[0]:
        if not folder.isdecimal():
            continue
        path = f"{FOLDER}/{folder}"
        found = {f"{path}/{name}" for name in _listed(path)[1]}
        # A file's folder is named after the product that its picture belongs to, for life.
        for image in Image.objects.filter(product_id=int(folder)).only("file", "renditions"):
            found -= {str(image.file.name), *(one["name"] for one in image.renditions)}
        for name in sorted(found):
            if _is_orphan(name):
                if not dry_run:
                    _delete(name)
                yield name


# --- steps ------------------------------------------------------------------------------------


def _content(name: str) -> bytes:
    with _storage_answers(), default_storage.open(name) as file:
        content: bytes = file.read()
    return content


def _draw(content: bytes) -> list[_Made]:
    """Every size in every format, smallest first; each size is drawn from the next larger one."""
    with Pillow.open(io.BytesIO(content), formats=("WEBP",)) as original:
        image: Pillow.Image = original.convert("RGBA" if original.has_transparency_data else "RGB")
    width, height = image.size
    longest = max(width, height)
    made: list[_Made] = []
    for side in sorted({min(side, longest) for side in SIZES}, reverse=True):
        size = (max(1, round(width * side / longest)), max(1, round(height * side / longest)))
        if size != image.size:
            image = image.resize(size, Pillow.Resampling.LANCZOS)
        made += [_Made(*size, form, encoded(image, form.upper())) for form in reversed(FORMATS)]
    return made[::-1]


def _stored(name: str, content: bytes) -> str:
    """Under that very name. A file of another length that is there is what a killed process has left."""
    with _storage_answers():
        if default_storage.exists(name):
            if default_storage.size(name) == len(content):
                return name
            default_storage.delete(name)
    return save_file(name, content)


def _record(image: Image, original: str, recorded: list[dict[str, Any]]) -> bool:
    new = {one["name"] for one in recorded}
    with transaction.atomic():
        touch(image.product_id)  # locks the product, as every verb does before its pictures
        row = Image.objects.select_for_update().filter(pk=image.pk, file=original).first()
        if row is None:  # deleted meanwhile, and its files with it, except these
            delete_files_after_commit(new)
            return False
        if row.renditions == recorded:
            transaction.set_rollback(True)  # nothing has changed: the product was not touched
            return False
        delete_files_after_commit({one["name"] for one in row.renditions} - new)
        row.renditions = recorded
        row.save(update_fields=["renditions"])
    return True


def _listed(path: str) -> tuple[list[str], list[str]]:
    """Folders and files."""
    try:
        with _storage_answers():
            found: tuple[list[str], list[str]] = default_storage.listdir(path)
    except FileNotFoundError:
        return [], []
    return found


def _is_orphan(name: str) -> bool:
    try:
        with _storage_answers():
            return default_storage.get_modified_time(name) < timezone.now() - ORPHANED_AFTER
    except FileNotFoundError:  # its picture was being deleted
        return False


def _delete(name: str) -> None:
    with _storage_answers():
        default_storage.delete(name)


@contextmanager
def _storage_answers() -> Iterator[None]:
    """What a storage complains about is that it cannot be used now, unless it is that a file is not there."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageUnavailable from error
