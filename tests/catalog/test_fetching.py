"""Pictures from addresses that strangers wrote: only from the public internet, only pictures, only a little."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest
from django.core.management import call_command

from catalog.images import PicturesBusy, read_picture
from catalog.importing import fetching
from catalog.importing.fetching import FetchRefused, check, fetch, is_public
from catalog.management.commands import import_products
from catalog.models import Image
from tests.catalog.test_images import picture


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe",
     "2001:0:53aa:64c:0:fffe:80ff:fffe", "2001:db8::1"],
)  # fmt: skip
def test_inner_addresses_in_any_dress_are_not_public(ip):
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["1.1.1.1", "23.227.38.33", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses(ip):
    assert is_public(ip)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0x7f.1/",
     "http://2130706433/", "http://0177.0.0.1/", "http://169.254.169.254/latest/meta-data/", "ftp://1.1.1.1/",
     "file:///etc/passwd", "gopher://1.1.1.1/", "http://user:pass@1.1.1.1/", "http://1.1.1.1:22/", "https://1.1.1.1:80/",
     "http:///nothing", "http://", "not a url", "//1.1.1.1/", "http://no-such-host.invalid/", "http://127.1/",
     "http://[fe80::1%25lo]/", "http://a b/"],
)  # fmt: skip
def test_addresses_that_are_refused(url):
    with pytest.raises(FetchRefused):
        check(url)


def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    def answer(*args, **kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("1.1.1.1", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(FetchRefused):
        check("http://rebinding.shop/")


class Site(BaseHTTPRequestHandler):
    """A stranger's web server with every bad habit."""

    asked: list[tuple[str, str]] = []

    def do_GET(self):
        self.asked.append((self.path, self.headers["Host"]))
        if self.path == "/redirect.jpg":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/missing.jpg" else 200)
        self.end_headers()
        try:
            if self.path == "/good.jpg":
                self.wfile.write(picture())
            elif self.path == "/page.jpg":
                self.wfile.write(b"<html>")
            elif self.path == "/huge.jpg":
                for _ in range(100):
                    self.wfile.write(b"\0" * 100_000)
            elif self.path == "/slow.jpg":
                for _ in range(100):
                    self.wfile.write(b"\0")
                    self.wfile.flush()
                    time.sleep(0.1)
        except OSError:
            pass  # the caller has hung up, as it should

    def log_message(self, *args):
        pass


@contextmanager
def resolved_to_ourselves(monkeypatch):
    """A site whose name seems public; the connection really goes to a server of the test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    lookups = []

    def answer(host, *args, **kwargs):
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 80))]

    def connect(address, *args, **kwargs):
        assert address[0] == "1.1.1.1", "connected to something that was not checked"
        ours = socket.socket()
        ours.settimeout(kwargs.get("timeout") or 5)
        ours.connect(("127.0.0.1", port))
        return ours

    Site.asked = []
    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    try:
        yield lookups
    finally:
        monkeypatch.undo()
        server.shutdown()
        server.server_close()


def test_a_good_picture_is_fetched_from_the_checked_address(monkeypatch):
    with resolved_to_ourselves(monkeypatch) as lookups:
        assert fetch("http://pictures.shop/good.jpg", max_bytes=10_000) == picture()
        assert Site.asked == [("/good.jpg", "pictures.shop")]
        assert lookups.count("pictures.shop") == 1, "looked up once: a second answer could differ"


@pytest.mark.parametrize("path", ["redirect.jpg", "missing.jpg", "huge.jpg", "slow.jpg"])
def test_bad_answers_are_refused_in_time(monkeypatch, path):
    monkeypatch.setattr(fetching, "MAX_SECONDS", 1.0)
    with resolved_to_ourselves(monkeypatch):
        began = time.monotonic()
        with pytest.raises(FetchRefused):
            fetch(f"http://pictures.shop/{path}", max_bytes=1_000_000)
        assert time.monotonic() - began < 4
        assert len(Site.asked) == 1


@pytest.mark.django_db
def test_import_fetches_only_when_asked(monkeypatch, tmp_path):
    file = tmp_path / "a.csv"
    rows = [f"a,{'A' if n == 0 else ''},{1 if n == 0 else ''},http://pictures.shop/{name}.jpg"
            for n, name in enumerate(["good", "page", "missing"])]  # fmt: skip
    file.write_text("\n".join(["Handle,Title,Variant Price,Image Src", *rows]))
    with resolved_to_ourselves(monkeypatch):
        call_command("import_products", str(file), stdout=StringIO())
        assert Site.asked == []
        out = StringIO()
        call_command("import_products", str(file), "--fetch-images", stdout=out)
        assert out.getvalue().count("not stored") == 2
        assert [bool(image.file) for image in Image.objects.order_by("position")] == [
            True,
            False,
            False,
        ]
        good = Image.objects.earliest("position")
        assert (good.width, good.height) == (60, 40)
        assert good.source_url.endswith("good.jpg")
        Site.asked = []
        call_command("import_products", str(file), "--fetch-images", stdout=StringIO())
        assert len(Site.asked) == 2, "what is stored is not fetched again"


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", ["busy", "gone"])
def test_a_picture_that_cannot_be_had_now_does_not_end_the_import(monkeypatch, tmp_path, trouble):
    def read(content):
        if trouble == "busy":
            raise PicturesBusy("Other pictures are being read.")
        Image.objects.all().delete()  # by somebody else, meanwhile
        return read_picture(content)

    monkeypatch.setattr(import_products, "fetch", lambda url, max_bytes: picture())
    monkeypatch.setattr(import_products, "read_picture", read)
    file = tmp_path / "a.csv"
    file.write_text("Handle,Title,Variant Price,Image Src\na,A,1,http://pictures.shop/a.jpg")
    out = StringIO()
    call_command("import_products", str(file), "--fetch-images", stdout=out)
    assert "http://pictures.shop/a.jpg not stored" in out.getvalue()
    assert "1 created" in out.getvalue()
