"""Pictures for tests, small ones and bombs."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image as Pillow


def picture(form="JPEG", size=(60, 40), mode="RGB", colour="red", **options) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    drawn = Pillow.new("RGBA", size, colour).convert(mode)
    drawn.save(out, form, **options)
    return out.getvalue()


def opened(content: bytes) -> Pillow.Image:
    """What a reader sees of it."""
    image = Pillow.open(io.BytesIO(content))
    image.load()
    return image


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that is what its header says: bits, all zero, packed to next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def animated(form: str, size: tuple[int, int], frames: int) -> bytes:
    """An animation whose frames differ, so that none is left out."""
    out = io.BytesIO()
    drawn = [Pillow.new("RGB", size, ("red", "blue")[number % 2]) for number in range(frames)]
    drawn[0].save(out, form, save_all=True, append_images=drawn[1:])
    return out.getvalue()
