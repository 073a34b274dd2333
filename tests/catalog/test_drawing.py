"""What comes out of a picture, and what one may cost."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from catalog import drawing
from catalog.drawing import (
    InvalidImage,
    PicturesBusy,
    encoded,
    one_at_a_time,
    read_picture,
)
from tests.catalog.pictures import animated, opened, picture, png_bomb

ROOT = Path(__file__).resolve().parents[2]


def near(colour, wanted, most=6) -> bool:
    return all(abs(a - b) <= most for a, b in zip(colour, wanted, strict=True))


# --- what comes out -------------------------------------------------------------------------------


def test_sixteen_bits_of_grey_are_not_all_white():
    """Pillow's own conversion cuts everything above 255."""
    for size in ((50, 40), (3000, 100)):
        out = io.BytesIO()
        Pillow.new("I;16", size, 40_000).save(out, "PNG")
        made = opened(read_picture(out.getvalue()).content)
        assert near(made.getpixel((5, 5))[:3], (155, 155, 155))


def test_cmyk_is_drawn_in_its_colours():
    made = opened(read_picture(picture(mode="CMYK", colour=(255, 0, 0, 255))).content)
    assert (made.mode, near(made.getpixel((5, 5)), (255, 0, 0))) == ("RGB", True)


@pytest.mark.parametrize("turn", range(2, 9))
def test_every_orientation_is_made_upright(turn):
    """A red corner at the top left, stored as each camera would, is at the top left again."""
    upright = Pillow.new("RGB", (60, 40), "blue")
    upright.paste("red", (0, 0, 20, 20))
    undo = {5: 5, 6: 8, 7: 7, 8: 6}.get(turn, turn)
    stored = upright.transpose(drawing._UPRIGHT[undo])
    exif = Pillow.Exif()
    exif[0x0112] = turn
    for form in ("JPEG", "PNG", "WEBP"):
        out = io.BytesIO()
        stored.save(out, form, exif=exif.tobytes(), quality=95)
        made = opened(read_picture(out.getvalue()).content)
        assert made.size == (60, 40), form
        assert near(made.getpixel((8, 8)), (255, 0, 0), 25), form
        assert near(made.getpixel((50, 30)), (0, 0, 255), 25), form


def test_where_and_by_whom_it_was_taken_is_gone():
    exif = Pillow.Exif()
    exif[0x8825] = {1: "N", 2: (9.0, 1.0, 48.0)}
    exif[0x010F] = "Camera-of-Abebe"
    further = {"JPEG": {"comment": b"Abebe"}, "PNG": {}, "WEBP": {"xmp": b"<x>Abebe</x>"}}
    for form, more in further.items():
        made = read_picture(picture(form, exif=exif.tobytes(), **more)).content
        assert b"Abebe" not in made
        assert not opened(made).getexif()
        assert {"exif", "xmp", "icc_profile", "comment"} & set(opened(made).info) == set()


def test_colours_of_another_space_are_translated_and_a_broken_profile_is_left_out():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = read_picture(picture("PNG", icc_profile=srgb)).content
    assert near(opened(same).getpixel((5, 5)), (255, 0, 0))
    broken = read_picture(picture("PNG", icc_profile=b"no profile" * 20)).content
    assert near(opened(broken).getpixel((5, 5)), (255, 0, 0))


def test_transparency_stays_where_there_is_some_and_is_white_in_a_jpeg():
    clear = read_picture(picture("PNG", mode="RGBA", colour=(255, 0, 0, 0)))
    assert opened(clear.content).mode == "RGBA"
    full = read_picture(picture("PNG", mode="RGBA", colour=(255, 0, 0, 255)))
    assert opened(full.content).mode == "RGB", "four bytes a pixel for nothing"
    palette = Pillow.new("P", (20, 20), 0)
    palette.putpalette([255, 0, 0] * 256)
    out = io.BytesIO()
    palette.save(out, "PNG", transparency=0)
    seen = opened(read_picture(out.getvalue()).content)
    assert (seen.mode, seen.getpixel((3, 3))[3]) == ("RGBA", 0)
    jpeg = opened(encoded(seen, "JPEG"))
    assert (jpeg.mode, near(jpeg.getpixel((3, 3)), (255, 255, 255))) == ("RGB", True)


def test_bands_leave_no_seam():
    """Drawn in one piece and drawn in bands, a large picture is the same to the last bit but one."""
    large = Pillow.radial_gradient("L").resize((3001, 2501)).convert("RGB")
    whole = large.resize((2000, round(2501 * 2000 / 3001)), Pillow.Resampling.LANCZOS)
    banded = drawing._shrunk(large, has_alpha=False)
    assert banded.size == whole.size
    from PIL import ImageChops

    worst = max(high for _, high in ImageChops.difference(banded, whole).getextrema())
    assert worst <= 2


def test_long_strips_and_single_pixels():
    for size in ((12_000, 1), (1, 12_000), (1, 1), (2001, 2000)):
        made = read_picture(picture("PNG", size))
        assert max(made.width, made.height) <= 2000
        assert min(made.width, made.height) >= 1


# --- what it may cost -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        png_bomb(12_000, 12_000),
        png_bomb(30_000, 1000),
        picture("WEBP", (4000, 3200), lossless=True),
        animated("WEBP", (1000, 1000), 13),
        animated("PNG", (1000, 1000), 26),
    ],
    ids=["144 million", "30 million in a strip", "webp", "webp frames", "png frames"],
)
def test_real_bombs_are_refused_without_decoding(content, monkeypatch):
    assert len(content) < drawing.MAX_BYTES
    monkeypatch.setattr(drawing, "_shrunk", lambda *a, **k: pytest.fail("decoded"))
    started = time.monotonic()
    with one_at_a_time(1), pytest.raises(InvalidImage) as refusal:  # nor does it wait for others
        read_picture(content)
    assert "million pixels" in refusal.value.detail
    assert time.monotonic() - started < 1


def test_a_short_animation_is_its_first_frame():
    made = read_picture(animated("WEBP", (100, 100), 10))
    assert getattr(opened(made.content), "n_frames", 1) == 1


HEAVIEST = {
    "png": lambda: _large("PNG", 5000, 5000, "RGB"),
    "png with transparency": lambda: _large("PNG", 5000, 5000, "RGBA"),
    "png of 16 bits": lambda: _large("PNG", 5000, 5000, "I;16"),
    "interlaced bits": lambda: png_bomb(5000, 5000),
    "jpeg": lambda: _large("JPEG", 5000, 5000, "RGB"),
    "progressive jpeg": lambda: _large("JPEG", 5000, 5000, "RGB", progressive=True, subsampling=0),
    "progressive strip": lambda: _large("JPEG", 25_000, 1000, "RGB", progressive=True),
    "cmyk jpeg": lambda: _large("JPEG", 5000, 5000, "CMYK"),
    "webp": lambda: _large("WEBP", 3500, 3500, "RGB", method=0),
    "webp with transparency": lambda: _large("WEBP", 3500, 3500, "RGBA", method=0),
    "webp that is too large": lambda: _large("WEBP", 5000, 5000, "RGB", method=0),
}
_PROBE = """
import sys
import django
django.setup()
from catalog.drawing import InvalidImage, read_picture
from tests.catalog.pictures import picture
for form in ("JPEG", "PNG", "WEBP"):
    read_picture(picture(form))  # what every process has loaded after its first picture
def megabytes(name):  # getrusage() would remember the process that started this one
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(lines[name].split()[0]) // 1024
before = megabytes("VmRSS")
try:
    read_picture(sys.stdin.buffer.read())
except InvalidImage:
    pass
print(megabytes("VmHWM") - before, megabytes("VmRSS") - before)
"""


def _large(form, width, height, mode, **options) -> bytes:
    grey = Pillow.radial_gradient("L").resize((width, height))
    drawn = Pillow.merge("RGB", (grey, grey, grey))
    if mode == "I;16":
        drawn = grey.convert("I").point(lambda v: v * 257).convert("I;16")
    elif mode == "RGBA":
        drawn.putalpha(grey)
    elif mode == "CMYK":
        drawn = drawn.convert("CMYK")
    out = io.BytesIO()
    speed = {"compress_level": 1} if form == "PNG" else {"quality": 60}
    drawn.save(out, form, **speed, **options)
    return out.getvalue()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's figures")
@pytest.mark.parametrize("kind", HEAVIEST)
def test_the_heaviest_picture_of_each_kind_stays_in_bounds(kind, tmp_path):
    """Megabytes beyond what the process had. The machine has 512, and one picture at a time is decoded on it."""
    content = HEAVIEST[kind]()
    assert len(content) <= drawing.MAX_BYTES
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        input=content,
        capture_output=True,
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "ecommerce.settings", "NEXUS_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    peak, kept = map(int, done.stdout.split())
    assert peak < 220, f"{kind}: {peak} MB"
    assert kept < 40, f"{kind}: keeps {kept} MB"


# --- one at a time --------------------------------------------------------------------------------


def test_pictures_are_decoded_one_at_a_time(monkeypatch):
    inside, most, content = [], [], picture()
    real = drawing._redrawn

    def slow(given):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        return real(given)

    monkeypatch.setattr(drawing, "_redrawn", slow)
    threads = [threading.Thread(target=read_picture, args=[content]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (8, 1)


def test_another_process_counts_too_and_a_killed_one_does_not():
    held = subprocess.Popen(
        [sys.executable, "-c",
         "import time\nfrom catalog.drawing import one_at_a_time\n"
         "with one_at_a_time(1):\n    print('held', flush=True)\n    time.sleep(60)"],
        stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        assert held.stdout.readline() == b"held\n"
        with pytest.raises(PicturesBusy), one_at_a_time(0.1):
            pytest.fail("two at once")
    finally:
        held.kill()
        held.wait()
    with one_at_a_time(1):
        pass


def test_who_waits_too_long_is_told_to_come_back(owner, db, monkeypatch):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from catalog.models import Image
    from tests import factories

    monkeypatch.setattr(drawing, "LONGEST_WAIT", 0.05)
    path = f"/api/products/{factories.variant().product_id}/images/"
    file = SimpleUploadedFile("a.jpg", picture(), content_type="image/jpeg")
    with one_at_a_time(1):
        answer = owner.post(path, {"file": file}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (503, "pictures_busy")
    assert answer["Retry-After"] == "2"
    assert not Image.objects.exists()
