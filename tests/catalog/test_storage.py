"""Pictures in an object store, spoken to over HTTP; what happens when it is away; and addresses that are refused."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog import renditions
from catalog.models import Image
from ecommerce import guards
from tests import factories
from tests.catalog.pictures import opened, picture

ROOT = Path(__file__).resolve().parents[2]
KEY, SECRET = "AKIAEXAMPLE", "s3cr+t/with=signs"
WRITTEN = "AKIAEXAMPLE:s3cr%2Bt%2Fwith%3Dsigns"


@pytest.fixture(scope="session")
def s3():
    """A server that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


def use(settings, url: str) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": guards.media_storage(url, production=False),
    }


@pytest.fixture
def bucket(s3, settings):
    """The shop keeps its pictures in an empty bucket there."""
    import boto3

    host, port = s3
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket="pictures")
    use(settings, f"s3+http://{WRITTEN}@{host}:{port}/pictures/shop?base_url=https://cdn.example/p")
    yield client
    for one in client.list_objects_v2(Bucket="pictures").get("Contents", []):
        client.delete_object(Bucket="pictures", Key=one["Key"])
    client.delete_bucket(Bucket="pictures")


def keys(client) -> set[str]:
    return {one["Key"] for one in client.list_objects_v2(Bucket="pictures").get("Contents", [])}


def send(owner, path):
    file = SimpleUploadedFile("a.jpg", picture(size=(900, 600)), content_type="image/jpeg")
    return owner.post(path, {"file": file}, format="multipart")


@pytest.fixture
def path(db):
    return f"/api/products/{factories.variant().product_id}/images/"


def test_a_picture_lives_and_dies_in_the_bucket(
    owner, api, path, bucket, django_capture_on_commit_callbacks
):
    shown = send(owner, path)
    assert shown.status_code == 201, shown.content
    image = Image.objects.get()
    assert shown.json()["url"] == f"https://cdn.example/p/{image.file.name}", "public, unsigned"
    assert keys(bucket) == {f"shop/{image.file.name}"}
    head = bucket.head_object(Bucket="pictures", Key=f"shop/{image.file.name}")
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert head["ContentType"] == "image/webp"

    with django_capture_on_commit_callbacks(execute=True):
        assert renditions.make_renditions(image_id=image.pk)
        assert not renditions.make_renditions(image_id=image.pk)
    made = api.get(path).json()["results"][0]["renditions"]
    assert len(made) == 8
    for one in made:
        assert one["url"].startswith("https://cdn.example/p/products/")
        name = one["url"].removeprefix("https://cdn.example/p/")
        got = bucket.get_object(Bucket="pictures", Key=f"shop/{name}")
        assert opened(got["Body"].read()).size == (one["width"], one["height"])
        assert got["ContentType"] == f"image/{one['format']}"
    assert len(keys(bucket)) == 9
    with django_capture_on_commit_callbacks(execute=True):
        assert owner.delete(f"{path}{image.pk}/").status_code == 204
    assert keys(bucket) == set()


def test_the_sweeper_reads_the_bucket(bucket, path, owner, monkeypatch):
    send(owner, path)
    bucket.put_object(Bucket="pictures", Key="shop/products/999999/left.webp", Body=b"x")
    bucket.put_object(Bucket="pictures", Key="shop/elsewhere/kept.webp", Body=b"x")
    assert list(renditions.sweep()) == [], "too young"
    monkeypatch.setattr(renditions, "ORPHANED_AFTER", renditions.ORPHANED_AFTER * -1)
    assert list(renditions.sweep(dry_run=True)) == ["products/999999/left.webp"]
    assert list(renditions.sweep()) == ["products/999999/left.webp"]
    assert keys(bucket) == {f"shop/{Image.objects.get().file.name}", "shop/elsewhere/kept.webp"}


def test_our_own_media_address_is_shut_then(bucket):
    """With an empty prefix a folder of the process would be served."""
    for name in ("manage.py", "products/1/a.webp", ""):
        assert Client().get(f"/media/{name}").status_code == 404


def test_a_file_that_is_not_there(bucket):
    with pytest.raises(FileNotFoundError):
        default_storage.open("products/1/no.webp")
    assert not default_storage.exists("products/1/no.webp")
    default_storage.delete("products/1/no.webp")


# --- away -----------------------------------------------------------------------------------------


def test_a_store_that_is_away_is_503_and_leaves_no_row(owner, path, settings, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        use(settings, f"s3+http://{WRITTEN}@127.0.0.1:{taken.getsockname()[1]}/pictures")
        started = time.monotonic()
        with caplog.at_level(logging.INFO):
            answer = send(owner, path)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert "Retry-After" in answer
    assert time.monotonic() - started < 10
    assert not Image.objects.exists()
    assert SECRET not in answer.content.decode() + caplog.text
    assert WRITTEN not in caplog.text


def test_a_store_that_says_nothing_is_given_up_on(owner, path, settings, monkeypatch):
    from ecommerce import storage

    monkeypatch.setitem(storage.TIMES, "read_timeout", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(settings, f"s3+http://{WRITTEN}@127.0.0.1:{silent.getsockname()[1]}/pictures")
        started = time.monotonic()
        assert send(owner, path).status_code == 503
    assert time.monotonic() - started < 5
    assert not Image.objects.exists()


def test_the_times_end_before_the_web_server_gives_up():
    from ecommerce import storage

    times = storage.TIMES
    tries = times["retries"]["total_max_attempts"]
    assert tries * (times["connect_timeout"] + times["read_timeout"]) < 20 < 30


def test_a_refusing_store_is_503(owner, path, settings):
    """Wrong keys, no such bucket, a full one."""
    with _Refusing() as port:
        use(settings, f"s3+http://{WRITTEN}@127.0.0.1:{port}/pictures")
        assert send(owner, path).status_code == 503
    assert not Image.objects.exists()


class _Refusing:
    """An HTTP server that answers everything with 403."""

    def __enter__(self) -> int:
        from http.server import BaseHTTPRequestHandler, HTTPServer

        class Refuse(BaseHTTPRequestHandler):
            def do_PUT(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_HEAD = do_DELETE = do_PUT

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Refuse)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_port

    def __exit__(self, *args) -> None:
        self.server.shutdown()
        self.server.server_close()


# --- the setting ----------------------------------------------------------------------------------


def options(url: str, *, production: bool = True) -> dict:
    return guards.media_storage(url, production=production)["OPTIONS"]


def test_what_an_address_means():
    made = options("s3://KEY:a%2Fb%3D%40@fra1.example:8443/shop/deep/er?region=fra1")
    assert made["access_key"] == "KEY"
    assert made["secret_key"] == "a/b=@"
    assert made["endpoint_url"] == "https://fra1.example:8443"
    assert (made["bucket_name"], made["location"]) == ("shop", "deep/er")
    assert made["base_url"] == "https://fra1.example:8443/shop/deep/er"
    assert made["region_name"] == "fra1"
    amazon = options("s3://K:S@/shop?region=eu-west-1&base_url=https://cdn.example/")
    assert (amazon["endpoint_url"], amazon["path_style"]) == (None, False)
    assert amazon["base_url"] == "https://cdn.example"
    plain = options("s3://K:S@/shop?region=eu-west-1")
    assert plain["base_url"] == "https://shop.s3.eu-west-1.amazonaws.com"
    assert options("s3+http://K:S@127.0.0.1:9000/b")["endpoint_url"] == "http://127.0.0.1:9000"
    assert options("s3+http://K:S@[::1]:9000/b")["endpoint_url"] == "http://[::1]:9000"
    assert options("s3+http://K:S@minio:9000/b", production=False)
    folder = options("file:///srv/my%20media?base_url=https://cdn.example/")
    assert folder == {"location": "/srv/my media", "base_url": "https://cdn.example/"}
    assert guards.media_storage("", production=True)["BACKEND"].endswith("FileSystemStorage")


@pytest.mark.parametrize(
    "url",
    [
        "s3+http://K:topsecret@store.example/b",
        "s3+http://K:topsecret@/b",
        "s3://K:topsecret@host",
        "s3://K:topsecret@host/",
        "s3://K@host/b",
        "s3://host/b",
        "s3://K:topsecret@host:notaport/b",
        "s3://K:topsecret/extra@host/b",
        "s3://K:topsecret@host/b?regoin=x",
        "s3://K:topsecret@host/b?base_url=http://cdn.example",
        "s3://K:topsecret@host/b?base_url=cdn.example",
        "s3://K:topsecret@[host/b",
        "ftp://K:topsecret@host/b",
        "file://host/folder",
        "file:relative",
        "/just/a/path",
    ],
)
def test_what_makes_no_sense_is_refused_without_repeating_it(url):
    with pytest.raises(ImproperlyConfigured) as refusal:
        guards.media_storage(url, production=True)
    assert "MEDIA_STORAGE_URL" in str(refusal.value)
    assert "topsecret" not in str(refusal.value)


def test_pages_may_show_pictures_from_there_and_from_nowhere_else():
    def sources(url):
        policy = guards.content_security_policy(guards.media_storage(url, production=True))
        return policy["DIRECTIVES"]["img-src"][2:]

    assert sources("") == []
    assert sources("s3://K:S@h.example/b?base_url=https://cdn.example/p") == ["https://cdn.example"]
    assert sources("file:///srv?base_url=https://cdn.example/p/") == ["https://cdn.example"]
    assert sources("file:///srv?base_url=/files/") == []


@pytest.mark.parametrize(("url", "loaded"), [("", False), (f"s3://{WRITTEN}@h.example/b", True)])
def test_nobody_pays_for_what_they_do_not_use(url, loaded, tmp_path):
    code = (
        "import sys, django\ndjango.setup()\nfrom django.core.files.storage import default_storage\n"
        "default_storage.url('a')\nprint('boto3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=ROOT, text=True, check=True,
        env={"DJANGO_SETTINGS_MODULE": "ecommerce.settings", "NEXUS_DATA_DIR": str(tmp_path),
             "MEDIA_STORAGE_URL": url, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == str(loaded)


def test_the_storage_is_the_one_of_the_setting(bucket):
    assert type(storages["default"]).__name__ == "ObjectStorage"
