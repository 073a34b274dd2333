"""Renditions: what is made, when, under which names; what goes with a picture; what the sweeper finds."""

from __future__ import annotations

import os
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as live
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from catalog import renditions
from catalog.images import (
    StorageUnavailable,
    add_image,
    delete_image,
    read_picture,
    replace_source,
)
from catalog.models import Image, Product
from catalog.renditions import make_renditions, sweep
from catalog.services import delete_product
from tests import factories
from tests.catalog.pictures import opened, picture

pytestmark = pytest.mark.django_db


def stored() -> set[str]:
    root = Path(live.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def names_of(image: Image) -> set[str]:
    image.refresh_from_db()
    return {str(image.file.name), *(one["name"] for one in image.renditions)}


def an_image(size=(900, 600), **options) -> Image:
    content = picture("PNG", size, **options)
    return add_image(product=factories.variant().product, picture=read_picture(content))


@pytest.fixture(autouse=True)
def _no_jobs_of_others(request):
    """Worlds of other modules commit jobs; Django's flush knows nothing of procrastinate's tables."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((2000, 1000), [200, 400, 800, 1600]),
        ((3000, 3000), [200, 400, 800, 1600]),
        ((900, 600), [200, 400, 800, 900]),
        ((400, 300), [200, 400]),
        ((60, 40), [60]),
        ((1, 1), [1]),
        ((1200, 1), [200, 400, 800, 1200]),
        ((600, 900), [200, 400, 600 + 200, 900]),
    ],
)
def test_every_size_in_both_formats_and_never_enlarged(size, sides):
    image = an_image(size)
    assert make_renditions(image_id=image.pk)
    image.refresh_from_db()
    shown = [(max(one["width"], one["height"]), one["format"]) for one in image.renditions]
    assert shown == [(side, form) for side in sides for form in ("webp", "jpeg")]
    for one in image.renditions:
        with default_storage.open(one["name"]) as file:
            seen = opened(file.read())
        assert (seen.format.lower(), seen.size) == (one["format"], (one["width"], one["height"]))
        wanted = size[0] / size[1]
        assert abs(one["width"] - one["height"] * wanted) <= max(1, wanted)


def test_what_is_transparent_is_white_in_the_jpeg():
    image = an_image((300, 300), mode="RGBA", colour=(0, 0, 0, 0))
    make_renditions(image_id=image.pk)
    image.refresh_from_db()
    seen = {}
    for one in image.renditions:
        with default_storage.open(one["name"]) as file:
            seen[one["format"]] = opened(file.read()).getpixel((20, 20))
    assert seen["webp"][3] == 0
    assert min(seen["jpeg"]) >= 250


def test_a_job_makes_them_and_the_answer_shows_them(owner, api, run_jobs):
    product = factories.variant().product
    path = f"/api/products/{product.pk}/images/"
    file = SimpleUploadedFile("a.png", picture("PNG", (500, 500)), content_type="image/png")
    shown = owner.post(path, {"file": file}, format="multipart").json()
    assert shown["renditions"] == [], "an upload does not wait for them"
    before = Product.objects.get(pk=product.pk).version
    assert run_jobs("catalog.make_renditions") == 1
    made = api.get(path).json()["results"][0]["renditions"]
    assert [list(one) for one in made] == [["url", "width", "height", "format"]] * 6
    assert Product.objects.get(pk=product.pk).version > before, "caches see it at once"
    for one in made:
        answer = Client().get(one["url"].removeprefix(live.PUBLIC_URL))
        assert answer.status_code == 200
        assert answer["Content-Type"] == f"image/{one['format']}"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert api.get(f"/api/products/{product.pk}/").json()["images"][0]["renditions"] == made


def test_an_imported_picture_gets_them_too(run_jobs):
    product = factories.variant().product
    image = Image.objects.create(product=product, source_url="https://else.example/a.jpg")
    assert not make_renditions(image_id=image.pk), "what is elsewhere has none"
    replace_source(image=image, picture=read_picture(picture(size=(300, 300))))
    assert run_jobs("catalog.make_renditions") == 1
    image.refresh_from_db()
    assert len(image.renditions) == 4


def test_making_them_twice_changes_nothing():
    image = an_image()
    assert make_renditions(image_id=image.pk)
    first, files = names_of(image), stored()
    version = Product.objects.get().version
    assert not make_renditions(image_id=image.pk)
    assert (names_of(image), stored()) == (first, files)
    assert Product.objects.get().version == version


def test_a_file_that_a_killed_process_has_left_half_written_is_written_again():
    image = an_image()
    make_renditions(image_id=image.pk)
    image.refresh_from_db()
    name = image.renditions[0]["name"]
    whole = default_storage.size(name)
    Path(default_storage.path(name)).write_bytes(b"half")
    Image.objects.update(renditions=[])
    assert make_renditions(image_id=image.pk)
    assert default_storage.size(name) == whole
    assert stored() == names_of(image)


def test_other_renditions_take_the_place_of_the_old(
    monkeypatch, django_capture_on_commit_callbacks
):
    image = an_image()
    make_renditions(image_id=image.pk)
    monkeypatch.setattr(renditions, "SIZES", (300,))
    with django_capture_on_commit_callbacks(execute=True):
        assert make_renditions(image_id=image.pk)
    assert len(names_of(image)) == 3
    assert stored() == names_of(image)


def test_they_go_with_the_picture_and_with_the_product(django_capture_on_commit_callbacks):
    first, second = an_image(), an_image()
    for image in (first, second):
        make_renditions(image_id=image.pk)
    with django_capture_on_commit_callbacks() as callbacks:
        delete_image(image=first)  # as it was before its renditions
        assert stored() >= names_of(second), "not before the commit"
        assert len(stored()) == 18
    for callback in callbacks:
        callback()
    assert stored() == names_of(second)
    with django_capture_on_commit_callbacks(execute=True):
        delete_product(product_id=second.product_id)
    assert stored() == set()


def test_a_picture_that_is_deleted_meanwhile_leaves_no_file(
    monkeypatch, django_capture_on_commit_callbacks
):
    image = an_image()
    real = renditions._record

    def late(row, *args):
        with django_capture_on_commit_callbacks(execute=True):
            delete_image(image=Image.objects.get())
        with django_capture_on_commit_callbacks(execute=True):
            return real(row, *args)

    monkeypatch.setattr(renditions, "_record", late)
    assert not make_renditions(image_id=image.pk)
    assert stored() == set()


def test_a_file_that_is_gone_is_no_reason_to_try_for_ever(caplog):
    image = an_image()
    default_storage.delete(image.file.name)
    assert not make_renditions(image_id=image.pk)
    assert "is not there" in caplog.text


def test_a_full_disk_leaves_the_row_as_it_was(monkeypatch):
    image = an_image()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    with pytest.raises(StorageUnavailable):
        make_renditions(image_id=image.pk)
    image.refresh_from_db()
    assert image.renditions == []


@pytest.mark.django_db(transaction=True)
def test_four_jobs_for_one_picture_at_once_make_one_set():
    image = an_image()
    start, results = threading.Barrier(4), []

    def run():
        start.wait(timeout=30)
        try:
            results.append(make_renditions(image_id=image.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]
    assert names_of(image) <= stored()


# --- the command and the sweeper ------------------------------------------------------------------


def command(*options: str) -> str:
    out = StringIO()
    call_command("renditions", *options, stdout=out)
    return out.getvalue()


def test_the_command_makes_what_is_missing_and_is_safe_to_run_twice():
    images = [an_image() for _ in range(3)]
    Image.objects.create(product=images[0].product, source_url="https://else.example/a.jpg")
    make_renditions(image_id=images[0].pk)
    assert command("--missing") == "Renditions were made of 2 pictures.\n"
    assert command("--missing") == "Renditions were made of 0 pictures.\n"
    assert stored() == set().union(*map(names_of, images))
    assert command("--all") == "Renditions were made of 0 pictures.\n"
    with pytest.raises(CommandError):
        command()
    with pytest.raises(CommandError):
        command("--missing", "--dry-run")


def test_the_command_says_what_is_wrong_with_the_storage(monkeypatch):
    an_image()
    monkeypatch.setattr(default_storage, "save", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "full")))  # fmt: skip
    with pytest.raises(CommandError, match="run it again"):
        command("--missing")


def leave(name: str, *, days: float = 2) -> str:
    path = Path(live.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    at = path.stat().st_mtime - days * 86_400
    os.utime(path, (at, at))
    return name


def test_the_sweeper_takes_what_no_picture_has_and_nothing_else():
    assert list(sweep()) == [], "no folder yet"
    image = an_image()
    make_renditions(image_id=image.pk)
    for name in names_of(image):
        leave(name)
    here = f"products/{image.product_id}"
    orphans = {leave(f"{here}/left.webp"), leave("products/999999/gone.jpeg")}
    young = leave(f"{here}/just-now.webp", days=0.5)
    foreign = {leave("products/readme.txt"), leave("products/notes/a.webp"), leave("other/a.webp")}
    assert "Would delete 2 files." in command("--sweep", "--dry-run")
    assert orphans <= stored()
    assert "Deleted 2 files." in command("--sweep")
    assert stored() == names_of(image) | {young} | foreign


def test_the_sweeper_is_a_job_of_every_night():
    from procrastinate.contrib.django import app

    leave("products/7/gone.webp")
    app.tasks["catalog.sweep_files"].func(timestamp=0)
    assert stored() == set()
    periodic = {task.task.name for task in app.periodic_registry.periodic_tasks.values()}
    assert "catalog.sweep_files" in periodic


def test_a_job_is_asked_for_in_the_transaction_of_the_picture():
    from django.db import transaction

    product = factories.variant().product
    made = read_picture(picture())
    with transaction.atomic():
        add_image(product=product, picture=made)
        transaction.set_rollback(True)
    assert not ProcrastinateJob.objects.filter(task_name="catalog.make_renditions").exists()


# --- alternative texts in other languages -----------------------------------------------------------


def test_alternative_texts_have_translations(owner, api):
    product = factories.variant().product
    path = f"/api/products/{product.pk}/images/"
    file = SimpleUploadedFile("a.jpg", picture(), content_type="image/jpeg")
    form = {"file": file, "alt": "Red", "translations": '{"am": {"alt": "ቀይ"}}'}
    made = owner.post(path, form, format="multipart")
    assert made.status_code == 201, made.content
    assert made.json()["translations"] == {"am": {"alt": "ቀይ"}}
    one = f"{path}{made.json()['id']}/"
    assert "translations" not in api.get(one).json()
    read = api.get(one, headers={"Accept-Language": "am"}).json()
    assert read["alt"] == "ቀይ"
    changed = owner.patch(one, {"translations": {"am": {"alt": "በጣም ቀይ"}}})
    assert changed.json()["translations"] == {"am": {"alt": "በጣም ቀይ"}}
    assert changed.json()["alt"] == "Red"
    assert owner.patch(one, {"alt": "Very red"}).json()["translations"] != {}, "as they are"
    assert owner.patch(one, {"translations": {"am": None}}).json()["translations"] == {}
    for wrong, field in (
        ({"xx": {"alt": "x"}}, "translations.xx"),
        ({"am": {"name": "x"}}, "translations.am.name"),
        ({"am": {"alt": "x" * 301}}, "translations.am.alt"),
        ({"en": {"alt": "x"}}, "translations.en"),
        ({"am": "x"}, "translations"),
        ("x", "translations"),
        ([1], "translations"),
    ):
        answer = owner.patch(one, {"translations": wrong})
        assert answer.status_code == 400, wrong
        assert answer.json()["errors"][0]["field"].startswith(field), answer.content
    for wrong in ("{", "[1]", "7"):
        file = SimpleUploadedFile("a.jpg", picture(), content_type="image/jpeg")
        form = {"file": file, "translations": wrong}
        assert owner.post(path, form, format="multipart").status_code == 400, wrong
    assert Image.objects.count() == 1
