"""Pictures: what is taken, what is refused, what is stored."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from django.conf import settings as live
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from catalog import images
from catalog.images import InvalidImage, read_picture
from catalog.models import Image
from tests import factories

pytestmark = pytest.mark.django_db


def picture(form="JPEG", size=(60, 40), mode="RGB", **options) -> bytes:
    out = io.BytesIO()
    Pillow.new(mode, size, "red" if mode == "RGB" else 0).save(out, form, **options)
    return out.getvalue()


def upload(content: bytes, name="a.jpg", kind="image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=kind)


@pytest.fixture
def address(db):
    return f"/api/products/{factories.variant().product_id}/images/"


def send(owner, address, file, field="file", **data):
    return owner.post(address, {field: file, **data}, format="multipart")


def stored() -> list[Path]:
    return [path for path in Path(live.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("form", "kind"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_picture_is_drawn_anew_and_shown(owner, api, address, form, kind, settings):
    answer = send(owner, address, upload(picture(form), f"x.{form}", kind), alt="Red · ቀይ")
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["width"], shown["height"], shown["alt"], shown["position"]) == (
        60,
        40,
        "Red · ቀይ",
        0,
    )
    assert shown["url"].startswith(f"{settings.PUBLIC_URL}/media/products/")
    assert (
        send(owner, address, upload(picture(form), kind=kind), field="image").json()["position"]
        == 1
    )
    with default_storage.open(Image.objects.first().file.name) as file:
        assert Pillow.open(file).format == "WEBP"
    assert shown.pop("translations") == {}, "for staff"
    assert api.get(address).json()["results"][0] == shown
    assert api.get(address.replace("images/", "")).json()["images"][0]["id"] == shown["id"]


def test_camera_data_is_gone_and_the_picture_upright():
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x8825] = {1: "N", 2: (9.0, 1.0, 48.0)}  # where it was taken
    made = read_picture(
        picture(exif=exif.tobytes(), comment=b"secret-comment", icc_profile=b"secret")
    )
    assert (made.width, made.height) == (40, 60)
    with Pillow.open(io.BytesIO(made.content)) as drawn:
        assert not drawn.getexif()
        assert "icc_profile" not in drawn.info
    assert b"secret" not in made.content


def test_large_pictures_are_made_smaller_and_transparency_stays():
    made = read_picture(picture("JPEG", (4000, 1000)))
    assert (made.width, made.height) == (2000, 500)
    made = read_picture(picture("PNG", (20, 20), "RGBA"))
    assert Pillow.open(io.BytesIO(made.content)).mode == "RGBA"
    for mode in ("L", "P", "1", "LA", "I;16"):
        assert read_picture(picture("PNG", (9, 9), mode)).width == 9
    assert read_picture(picture("JPEG", (9, 9), "CMYK")).width == 9


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises far more pixels than its few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


REFUSED = {
    "nothing": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "polyglot": picture() + b"<script>alert(1)</script>",
    "gif": picture("GIF"),
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "cut off": picture("PNG", (300, 300))[:100],
    "bomb of 144 million pixels": bomb(12_000, 12_000),
    "bomb of 400 million pixels": bomb(20_000, 20_000),
    "bomb just over": bomb(5001, 5000),
    "bomb of width": bomb(2**31 - 1, 1),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_everything_else_is_400_and_leaves_nothing(owner, address, content):
    answer = send(owner, address, upload(content))
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == "file"
    assert not Image.objects.exists()
    assert not stored()


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(Pillow.Image, "load", lambda opened: pytest.fail("decoded"))
    for width, height in ((5001, 5000), (12_000, 12_000), (2**31 - 1, 1)):
        with pytest.raises(InvalidImage):
            read_picture(bomb(width, height))


def test_too_large_is_413(owner, address):
    answer = send(owner, address, upload(picture() + b"\0" * images.MAX_BYTES))
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    slightly = upload(picture() + b"\0" * (images.MAX_BYTES - 100))
    assert send(owner, address, slightly).status_code == 413
    assert not stored()


def test_declared_types_and_bodies(owner, address):
    assert send(owner, address, upload(picture(), kind="text/html")).status_code == 400
    assert send(owner, address, upload(picture(), kind="image/svg+xml")).status_code == 400
    assert owner.post(address, {"file": "x"}, format="json").status_code == 415
    assert send(owner, address, "no file").status_code == 400
    assert owner.post(address, {}, format="multipart").json()["errors"][0]["code"] == "required"
    assert send(owner, address, upload(picture()), colour="red").json()["code"] == "unknown_field"
    assert send(owner, address, upload(picture()), alt="a\x00").status_code == 400
    garbled = owner.generic(
        "POST", address, b"garbage", content_type="multipart/form-data; boundary=x"
    )
    assert garbled.status_code == 400
    assert (
        owner.generic("POST", address, b"x", content_type="multipart/form-data").status_code == 400
    )
    many = {f"f{n}": "x" for n in range(3000)}
    assert owner.post(address, many, format="multipart").status_code == 400


def test_file_names_are_ours(owner, address):
    for name in ("../../../etc/passwd", "a\x00.jpg", "x.html", "é" * 300 + ".jpg", "C:\\x.jpg"):
        answer = send(owner, address, upload(picture(), name))
        assert answer.status_code in {201, 400}
    assert stored()
    for path in stored():
        assert path.suffix == ".webp"
        assert path.is_relative_to(Path(live.MEDIA_ROOT) / "products")


def test_changing_and_deleting(owner, api, address, django_capture_on_commit_callbacks):
    product_id = int(address.split("/")[3])
    image = send(owner, address, upload(picture())).json()
    one = f"{address}{image['id']}/"
    assert owner.patch(one, {"alt": "New", "position": 5}).json()["alt"] == "New"
    other = factories.variant()
    bad = owner.patch(one, {"variant_id": other.pk})
    assert bad.json()["errors"][0]["code"] == "does_not_exist"
    mine = factories.variant(product=Image.objects.get().product)
    assert owner.patch(one, {"variant_id": mine.pk}).json()["variant_id"] == mine.pk
    assert owner.patch(one, {"variant_id": None}).json()["variant_id"] is None
    for caller, status in ((api, 401),):
        assert caller.delete(one).status_code == status
    assert (
        owner.delete(f"/api/products/{other.product_id}/images/{image['id']}/").status_code == 404
    )
    with django_capture_on_commit_callbacks() as callbacks:
        assert owner.delete(one).status_code == 204
        assert len(stored()) == 1, "not before the commit"
    for callback in callbacks:
        callback()
    assert not stored()
    with django_capture_on_commit_callbacks(execute=True):
        send(owner, address, upload(picture()))
        owner.delete(f"/api/products/{product_id}/")
    assert not stored()


def test_permissions(api, customer, clerk, address):
    assert send(api, address, upload(picture())).status_code == 401
    assert send(customer, address, upload(picture())).status_code == 403
    assert send(clerk("change_product"), address, upload(picture())).status_code == 403
    assert send(clerk("add_image"), address, upload(picture())).status_code == 201


def test_a_full_disk_is_503_and_leaves_no_row(owner, address, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    answer = send(owner, address, upload(picture()))
    assert answer.status_code == 503
    assert answer.json()["code"] == "storage_unavailable"
    assert "Retry-After" in answer
    assert not Image.objects.exists()


def test_no_file_without_a_row(owner, address, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("crash")

    monkeypatch.setattr(images, "_next_position", broken)
    with pytest.raises(RuntimeError):
        images.add_image(product=factories.variant().product, picture=read_picture(picture()))
    assert not stored()


@settings(max_examples=400, deadline=None)
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    spots=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=20),
    cut=st.integers(0, 200),
)
def test_damaged_pictures_are_refused_or_read_but_never_break(form, spots, cut):
    exif = Pillow.Exif()
    exif[0x0112] = 3
    content = bytearray(picture(form, (33, 17), exif=exif.tobytes()))
    for place, value in spots:
        content[place % len(content)] = value
    content = content[: len(content) - cut] if cut < 150 else content
    with contextlib.suppress(InvalidImage):
        assert read_picture(bytes(content)).width > 0


@pytest.mark.parametrize("path", ["x" * 3000, "ቡ" * 200, "..%2fsecret_key", "%00", "products"])
def test_what_is_no_picture_of_ours_is_not_found(client, path):
    answer = client.get(f"/media/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "max-age" not in answer.get("Cache-Control", "")
