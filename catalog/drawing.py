"""Pictures from outside: judged by their headers, decoded one at a time, drawn anew.

What a file may cost is known before a pixel is decoded. Decoding takes memory by the pixel, not by the byte: a WebP of a
kilobyte can ask for hundreds of megabytes. So each format has its bound, and one machine decodes one picture at a time,
whatever number of threads and processes it has.
"""

from __future__ import annotations

import ctypes
import fcntl
import io
import math
import os
import re
import struct
import tempfile
import time
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from PIL import Image as Pillow

from common.errors import Invalid, Unavailable

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 2000  # pixels of what is stored
# Frames count. libwebp's decoder holds four copies of a picture, so its bound is half: the peak of each is measured in
# tests/catalog/test_drawing.py.
MAX_PIXELS = {"JPEG": 25_000_000, "PNG": 25_000_000, "WEBP": 12_500_000}
FORMATS = tuple(MAX_PIXELS)
LONGEST_WAIT = 5.0  # seconds that a caller waits for another picture to be done
_BAND = 64  # rows of the result that are drawn at once
# What LANCZOS looks at beyond the edge of a row's own pixels, in pixels of the result.
_SUPPORT = 3
_UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
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


class PicturesBusy(Unavailable):
    """Other pictures are being read, and this one has waited long enough; send it again in a moment."""

    code = "pictures_busy"
    title = "Other pictures are being read"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn anew: WebP bytes without metadata, and its size in pixels."""

    content: bytes
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """Decode a JPEG, PNG or WebP and encode it anew: upright, at most 2000 pixels a side, in sRGB, without metadata.

    Format, size and frames are read from the header and judged before a single pixel is decoded.

    Raises:
        InvalidImage: empty, too large, another format, too many pixels, damaged, or a web page in disguise.
        PicturesBusy: not read, for want of memory.
    """
    if not content:
        raise InvalidImage("The file is empty.")
    if len(content) > MAX_BYTES:
        raise InvalidImage("A picture may have 5 MB.")
    if _MARKUP.search(content):
        raise InvalidImage("The file contains a web page or a program.")
    _refuse_bomb(content)
    with one_at_a_time(LONGEST_WAIT), _undamaged():
        drawn = _redrawn(content)
        return Picture(encoded(drawn, "WEBP"), drawn.width, drawn.height)


def encoded(image: Pillow.Image, form: str) -> bytes:
    """The file of a picture, as WebP or JPEG. JPEG knows no transparency: what is transparent becomes white."""
    out = io.BytesIO()
    if form == "WEBP":
        image.save(out, "WEBP", quality=82, method=4)
        return out.getvalue()
    if image.mode == "RGBA":
        ground = Pillow.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    image.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return out.getvalue()


@contextmanager
def one_at_a_time(patience: float) -> Iterator[None]:
    """Let no other thread or process of this machine decode a picture meanwhile; give the memory back afterwards.

    Args:
        patience: seconds to wait for whoever is decoding one.

    Raises:
        PicturesBusy
    """
    path = Path(tempfile.gettempdir()) / f"nexus-pictures-{os.getuid()}.lock"
    # Every opening has a lock of its own, also in one process. It ends with the file's closing, or with the process.
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + patience
        while not _taken(lock):
            if time.monotonic() > until:
                raise PicturesBusy("Other pictures are being read. Try again.", retry_after=2)
            time.sleep(0.02)
        yield
        _trim()
    finally:
        os.close(lock)


def bounded_read(file: IO[bytes]) -> bytes:
    """The file's bytes, or one byte more than allowed when there are more."""
    return file.read(MAX_BYTES + 1)


# --- steps ------------------------------------------------------------------------------------


@contextmanager
def _undamaged() -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        raise InvalidImage("Send an undamaged JPEG, PNG or WebP picture.") from None


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _trim() -> None:
    """glibc keeps what was freed; a web server has better uses for it. Elsewhere there is no such function."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _refuse_bomb(content: bytes) -> None:
    """Judge by the header, before anybody waits and before a pixel is decoded."""
    with _undamaged(), Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
        form = opened.format if opened.format in MAX_PIXELS else "JPEG"  # "MPO": two JPEGs in one
        frames = (
            getattr(opened, "n_frames", 1) if form != "JPEG" else 1
        )  # of the two only one is read
        pixels = opened.width * opened.height * frames
    if pixels > MAX_PIXELS[form]:
        told = f"{MAX_PIXELS[form] / 1_000_000:g} million pixels"
        raise InvalidImage(f"A {form} picture may have {told}, all its frames together.")


def _redrawn(content: bytes) -> Pillow.Image:
    """The picture as it is to be looked at, in RGB, or in RGBA where something shines through."""
    with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
        # A JPEG decodes straight to a smaller size; asked for a square it would not, were it a long strip.
        scale = max(*opened.size, MAX_SIDE) / MAX_SIDE
        opened.draft(None, (math.ceil(opened.width / scale), math.ceil(opened.height / scale)))
        opened.load()
        upright = _UPRIGHT.get(opened.getexif().get(_ORIENTATION, 1))
        profile = opened.info.get("icc_profile")
        small = _shrunk(opened, has_alpha=opened.has_transparency_data)
    del opened  # its pixels are many
    if upright is not None:
        small = small.transpose(upright)
    drawn = _in_srgb(small, profile)
    shines_through = drawn.mode == "RGBA" and drawn.getchannel("A").getextrema() != (255, 255)
    if drawn.mode != (mode := "RGBA" if shines_through else "RGB"):
        drawn = drawn.convert(mode)
    drawn.info = {}
    return drawn


def _shrunk(image: Pillow.Image, *, has_alpha: bool) -> Pillow.Image:
    """The picture at most 2000 pixels a side, drawn band by band: resizing the whole would double its memory."""
    scale = max(image.width, image.height, MAX_SIDE) / MAX_SIDE
    width, height = (max(1, round(side / scale)) for side in image.size)
    margin = math.ceil(_SUPPORT * scale)
    result: Pillow.Image | None = None
    for top in range(0, height, _BAND):
        bottom = min(top + _BAND, height)
        begin, end = (row * image.height / height for row in (top, bottom))
        first = max(0, math.floor(begin) - margin)
        last = min(image.height, math.ceil(end) + margin)
        strip = _in_eight_bits(image.crop((0, first, image.width, last)), has_alpha=has_alpha)
        box = (0, begin - first, image.width, end - first)
        band = strip.resize((width, bottom - top), Pillow.Resampling.LANCZOS, box=box)
        result = result or Pillow.new(band.mode, (width, height))
        result.paste(band, (0, top))
    assert result is not None  # it has at least one row
    return result


def _in_eight_bits(strip: Pillow.Image, *, has_alpha: bool) -> Pillow.Image:
    """A mode in which colours can be mixed: palettes, bits and 16-bit greys have none."""
    if strip.mode.startswith("I"):
        return strip.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
    if has_alpha:
        return strip.convert("RGBA")
    return strip if strip.mode in {"RGB", "L", "CMYK"} else strip.convert("RGB")


def _in_srgb(image: Pillow.Image, profile: Any) -> Pillow.Image:
    """Colours as screens expect them, where the file says which it means; a profile that makes no sense is left out."""
    if not profile:
        return image
    from PIL import ImageCms  # few pictures need it

    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, meant, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, *_DAMAGE):
        return image
