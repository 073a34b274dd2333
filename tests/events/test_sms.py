"""SMS: what SMS_URL can say, how gateways are asked, and what is never told to anybody."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import transaction
from django.utils import timezone

from events import services, sms
from events.delivery import NotDelivered
from events.models import Letter
from events.services import post_letter, send_letter

ROOT = Path(__file__).resolve().parents[2]
TO = "+251911234567"
TEXT = "ሰላም 123456"
SECRET = "s3cr3t-of-the-gateway"
pytestmark = pytest.mark.django_db(transaction=True)


class Gateway:
    """A gateway that remembers what it was asked, and answers as it is told."""

    def __init__(self):
        self.calls = []
        self.answer = (200, b'{"status": "Success"}', {})
        self.drip = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.take()

            def do_POST(self):
                self.take()

            def take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.calls.append((self.command, self.path, dict(self.headers), body))
                status, content, headers = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    if outer.drip:
                        for byte in content:
                            self.wfile.write(bytes([byte]))
                            time.sleep(outer.drip)
                    else:
                        self.wfile.write(content)
                except OSError:
                    pass  # the shop has heard enough

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def gateway():
    stand_in = Gateway()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def deliver(settings):
    """Posts an SMS and sends it, as a worker in production would; gives its row."""

    def run(url, **options):
        settings.PRODUCTION, settings.SMS_URL = True, url
        with transaction.atomic():
            post_letter(
                to=TO,
                subject="",
                text=TEXT,
                dedupe_key=f"t{timezone.now()}",
                channel="sms",
                **options,
            )
        letter = Letter.objects.latest("pk")
        try:
            send_letter(letter_id=letter.pk)
        finally:
            letter.refresh_from_db()
        return letter

    return run


# --- how gateways are asked -------------------------------------------------------------------------------


def test_without_options_it_is_json(gateway, deliver):
    letter = deliver(f"http://{gateway.url}/send")
    [(method, path, headers, body)] = gateway.calls
    assert (method, path) == ("POST", "/send")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"to": TO, "text": TEXT}
    assert letter.sent_at is not None
    assert letter.text == "", "what is sent is blanked"


def test_like_twilio(gateway, deliver):
    """Basic authentication, a form, capital names."""
    deliver(
        f"http://AC123:{SECRET}%2F%40@{gateway.url}/2010-04-01/Accounts/AC123/Messages.json"
        "?format=form&to_field=To&text_field=Body&From=%2B15005550006"
    )
    [(method, path, headers, body)] = gateway.calls
    assert (method, path) == ("POST", "/2010-04-01/Accounts/AC123/Messages.json")
    assert parse_qs(body.decode()) == {"To": [TO], "Body": [TEXT], "From": ["+15005550006"]}
    user, _, password = base64.b64decode(headers["Authorization"][6:]).decode().partition(":")
    assert (user, password) == ("AC123", f"{SECRET}/@")


def test_like_africas_talking(gateway, deliver):
    """A form, a key in a header, and a 201 that may mean failure."""
    url = (
        f"http://{gateway.url}/version1/messaging?format=form&to_field=to&text_field=message&username=shop"
        f"&header_apiKey={SECRET}&header_Accept=application/json&success=%22status%22:%22Success%22"
    )
    gateway.answer = (201, b'{"SMSMessageData": {"Recipients": [{"status": "Success"}]}}', {})
    assert deliver(url).sent_at is not None
    headers, body = gateway.calls[0][2:]
    assert headers["apiKey"] == SECRET
    assert headers["Accept"] == "application/json"
    assert parse_qs(body.decode()) == {"username": ["shop"], "to": [TO], "message": [TEXT]}
    gateway.answer = (
        201,
        b'{"SMSMessageData": {"Recipients": [{"status": "InsufficientBalance"}]}}',
        {},
    )
    with pytest.raises(NotDelivered, match="not what means success"):
        deliver(url)
    assert Letter.objects.latest("pk").sent_at is None


def test_like_afromessage(gateway, deliver):
    """GET, a bearer token, a number without plus."""
    deliver(
        f"http://{gateway.url}/api/send?method=get&text_field=message&number=digits&from=abc&sender=Nexus"
        f"&header_Authorization=Bearer%20{SECRET}"
    )
    [(method, path, headers, _)] = gateway.calls
    assert method == "GET"
    assert parse_qs(urlsplit(path).query) == {
        "from": ["abc"], "sender": ["Nexus"], "to": ["251911234567"], "message": [TEXT],
    }  # fmt: skip
    assert headers["Authorization"] == f"Bearer {SECRET}"


def test_like_geezsms(gateway, deliver):
    """A token among the fields, the number as people here write it, and a field that is called like an option."""
    deliver(
        f"http://{gateway.url}/api/v1/sms/send?to_field=phone&text_field=msg&number=local&token={SECRET}"
        "&field_format=plain"
    )
    assert json.loads(gateway.calls[0][3]) == {
        "phone": "0911234567", "msg": TEXT, "token": SECRET, "format": "plain",
    }  # fmt: skip


# --- what goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_what_is_no_success_is_tried_again(gateway, deliver, status):
    gateway.answer = (status, b"", {"Location": f"http://{gateway.url}/elsewhere"})
    with pytest.raises(NotDelivered, match=str(status)):
        deliver(f"http://{gateway.url}/send")
    assert len(gateway.calls) == 1, "a redirect is not followed: it would carry the text elsewhere"
    letter = Letter.objects.get()
    assert (letter.sent_at, letter.text) == (None, TEXT)
    assert letter.last_error


def test_nobody_there(deliver):
    with pytest.raises(NotDelivered, match="ConnectError"):
        deliver("http://127.0.0.1:9/send")


def test_a_gateway_that_never_ends_is_left(gateway, deliver, monkeypatch):
    monkeypatch.setattr(sms, "PATIENCE", 1.0)
    gateway.answer, gateway.drip = (200, b"x" * 1000, {}), 0.05
    begun = time.monotonic()
    with pytest.raises(NotDelivered, match="ReadTimeout"):
        deliver(f"http://{gateway.url}/send")
    assert time.monotonic() - begun < 10


def test_a_huge_answer_is_not_read(gateway, deliver):
    gateway.answer = (200, b"x" * 50_000_000, {})
    begun = time.monotonic()
    assert deliver(f"http://{gateway.url}/send").sent_at is not None
    assert time.monotonic() - begun < 5


def test_without_a_gateway_production_keeps_it(deliver):
    with pytest.raises(NotDelivered, match="SMS_URL is not set"):
        deliver("")


def test_no_secret_in_errors_and_logs(gateway, deliver, caplog):
    caplog.set_level(logging.DEBUG)
    # Whatever libraries say about their conversations is silenced by the settings, not by luck.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    gateway.answer = (500, SECRET.encode(), {})
    url = f"http://user:{SECRET}@{gateway.url}/{SECRET}?token={SECRET}&header_X-Key={SECRET}&method=get"
    with pytest.raises(NotDelivered) as caught:
        deliver(url)
    assert gateway.calls, "the gateway was asked"
    told = f"{caught.value!r} {caught.value.__cause__!r} {Letter.objects.get().last_error} {caplog.text}"
    assert SECRET not in told
    assert SECRET not in repr(sms.parse(url))
    assert TEXT not in told


def test_the_libraries_logs_are_silenced():
    from ecommerce.logs import logging_config

    assert logging_config(json_lines=True)["loggers"]["httpx"]["level"] == "WARNING"


# --- other kinds ---------------------------------------------------------------------------------------------


def files(folder):
    return sorted(Path(folder).glob("*.json"))


def test_in_development_an_sms_is_a_file(settings, deliver):
    with transaction.atomic():
        post_letter(to=TO, subject="", text=TEXT, dedupe_key="t", channel="sms")
    send_letter(letter_id=Letter.objects.get().pk)
    [path] = files(Path(settings.DATA_DIR) / "sms")
    assert json.loads(path.read_text()) == {"to": TO, "text": TEXT}
    assert path.stat().st_mode & 0o077 == 0, "codes are nobody else's business"


def test_a_folder(tmp_path, deliver):
    folder = tmp_path / "spool of sms"
    deliver(f"file://{str(folder).replace(' ', '%20')}")
    [path] = files(folder)
    assert json.loads(path.read_text()) == {"to": TO, "text": TEXT}


def test_a_folder_that_cannot_be_written(tmp_path, deliver):
    (tmp_path / "a file").write_text("")
    with pytest.raises(NotDelivered):
        deliver(f"file://{tmp_path}/a%20file")


def test_the_console(settings, deliver, capsys):
    settings.SMS_URL = "console:"
    sms.send(to=TO, text=TEXT)
    assert TEXT in capsys.readouterr().out


# --- letters that expire ----------------------------------------------------------------------------------------


def test_what_is_out_of_date_is_not_sent(gateway, deliver):
    letter = deliver(f"http://{gateway.url}/send", expires_at=timezone.now() - timedelta(seconds=1))
    assert gateway.calls == []
    assert (letter.sent_at, letter.text, letter.last_error) == (None, "", "not sent in time")
    Letter.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert services.resend_overdue() == 0
    Letter.objects.update(created_at=timezone.now() - timedelta(days=91))
    services.prune()
    assert not Letter.objects.exists()


def test_what_is_in_time_is_sent(gateway, deliver):
    letter = deliver(f"http://{gateway.url}/send", expires_at=timezone.now() + timedelta(minutes=1))
    assert letter.sent_at is not None


# --- SMS_URL at start -----------------------------------------------------------------------------------------------

WRONG = [
    ("sms.example", "must begin with https://host"),
    ("ftp://sms.example/", "must begin with https://host"),
    ("https:///send", "must begin with https://host"),
    ("https://sms.example:port/", "not a URL"),
    ("http://sms.example/send", "must be reached by https"),
    ("file://folder", "file:///an/absolute/folder"),
    ("https://sms.example/?format=xml", "format= is"),
    ("https://sms.example/?method=put", "method= is"),
    ("https://sms.example/?number=short", "number= is"),
    ("https://sms.example/?to_field=text", "two different"),
    ("https://sms.example/?text_field=a%20b", "two different"),
    ("https://sms.example/?header_X%0a=1", "no proper name"),
    ("https://sms.example/?header_X=a%0d%0ab", "no header may hold"),
    ("https://sms.example/?countries=Ethiopia", "two letters"),
    ("https://sms.example/?per_hour=many", "at least 1"),
    ("https://sms.example/?per_hour=0", "at least 1"),
]


@pytest.mark.parametrize(("url", "words"), WRONG)
def test_what_cannot_be_read_is_refused(url, words):
    with pytest.raises(ValueError, match=words):
        sms.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/",
        "http://10.0.0.5/send",
        "http://[::1]:8080/x",
        "http://smsbox:13013/cgi-bin/sendsms",
    ],
)
def test_a_box_in_the_own_network_may_speak_http(url):
    assert sms.parse(url).kind == "http"


STARTS = """
from ecommerce.guards import one_sentence
with one_sentence():
    import ecommerce.settings
"""


def start(tmp_path, **environment):
    """Start a management command with these settings; gives its result."""
    kept = {"PATH": "/usr/bin:/bin", "NEXUS_DATA_DIR": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "-c", STARTS], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_shop_does_not_start_with_it(tmp_path):
    done = start(tmp_path, SMS_URL=f"https://user:{SECRET}@sms.example/?format=xml&token={SECRET}")
    assert done.returncode != 0
    assert (
        done.stderr.strip()
        == "Nexus cannot start: SMS_URL cannot be used: format= is json or form."
    )
    assert start(tmp_path, SMS_URL="https://sms.example/").returncode == 0


def test_production_shows_no_codes(tmp_path):
    production = {
        "DATABASE_URL": "postgres://u:p@localhost/x", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "shop.example", "PUBLIC_URL": "https://shop.example", "CHAPA_SECRET_KEY": "CHASECK-x",
        "CHAPA_WEBHOOK_SECRET": "x",
    }  # fmt: skip
    assert start(tmp_path, **production).returncode == 0
    done = start(tmp_path, **production, SMS_URL="console:")
    assert "SMS_URL=console:" in done.stderr
    assert done.returncode != 0
