"""docs/phone.md keeps its word: its commands run, its client is the one of the examples, its numbers are the code's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from account import phone_codes, phone_identity
from events import sms

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "phone.md").read_text()


def a_number():
    return f"09{uuid.uuid4().int % 10**8:08d}"


def test_the_client_in_the_docs_is_the_one_of_the_examples():
    shown = re.search(r"<!-- (docs/examples/\S+), client -->\n```js\n(.*?)\n```", TEXT, re.DOTALL)
    source = (ROOT / shown[1]).read_text()
    code = re.search(r"^// region: client\n(.*?)^// endregion$", source, re.DOTALL | re.MULTILINE)
    assert shown[2] == code[1].strip("\n")


def test_the_addresses_exist():
    from django.urls import resolve

    named = set(re.findall(r"`(?:POST|PATCH|DELETE) ([a-z-][a-z-/]*/)`", TEXT))
    assert len(named) >= 8
    for path in named:
        resolve(f"/api/auth/{path}")


def test_the_numbers_are_those_of_the_code():
    assert (phone_codes.ATTEMPTS, phone_codes.PER_HOUR, phone_codes.PER_DAY, sms.PER_HOUR) == (
        5,
        5,
        12,
        1000,
    )
    assert "5 an hour, 12 a day to one number; 1000 an hour in all" in TEXT
    assert (phone_codes.LIFETIME.total_seconds(), phone_codes.PAUSE.total_seconds()) == (600, 60)
    assert phone_identity.DORMANT.days == 365
    a_year = 1 - (1 - 10 / 10**6) ** (12 * 365)
    assert round(1 / a_year) == 23
    table = TEXT[TEXT.index("| option |") :]
    assert set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)?", table, re.MULTILINE)) >= {
        ("method", ""),
        ("to_field", "text_field"),
    }
    for option in sms.OPTIONS:
        assert f"`{option}`" in table, option


def test_the_addresses_of_gateways_can_be_read():
    urls = re.findall(r"^(https?://\S+\?\S+)$", TEXT, re.MULTILINE)
    assert len(urls) == 5
    for url in urls:
        assert sms.parse(url).kind == "http"


@pytest.mark.slow
def test_the_commands_run(shop):
    [script] = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    phone = a_number()
    script = (
        script.replace("http://127.0.0.1:8000", shop.url)
        .replace(".nexus/sms", str(shop.data_dir / "sms"))
        .replace("0911223344", phone)
    )
    done = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    user = json.loads(done.stdout[done.stdout.index('{"access"') :])["user"]
    assert (user["phone"], user["first_name"]) == (f"+251{phone[1:]}", "Hana")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_javascript_runs(shop):
    phone = a_number()
    done = subprocess.run(
        ["node", str(ROOT / "docs/examples/phone.mjs"), shop.url, str(shop.data_dir / "sms"), phone],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    user = json.loads(done.stdout)
    assert (user["phone"], user["email"]) == (f"+251{phone[1:]}", None)
