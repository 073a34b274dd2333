"""The limits of the shop as it is: which calls are counted, what answers tell, and that the documentation says so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from common import limits
from common.limits import GeneralThrottle
from common.models import RateCounter
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.RATE_LIMITS = True


def test_a_refusal_is_a_problem_that_scripts_elsewhere_may_read(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    body = {"items": [{"product_id": 1, "quantity": 1}], "email": "abebe@buyers.shop"}

    def buy():
        return APIClient().post(
            "/api/orders/checkout/", body, headers={"Origin": "https://front.example"}
        )

    answer = buy()
    assert answer.status_code == 409, "limits are told of refusals too"
    assert answer["RateLimit-Remaining"] == "599"
    exposed = answer["Access-Control-Expose-Headers"].replace(" ", "").lower().split(",")
    told = {name.lower() for name in answer.headers if name.startswith("RateLimit")}
    assert len(told) == 4
    assert {*told, "retry-after"} <= set(exposed)
    RateCounter.objects.update(count=1_000_000)
    answer = buy()
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "too_many_requests"
    assert int(answer["Retry-After"]) > 0


def test_that_is_the_default_of_views():
    assert [GeneralThrottle] == api_settings.DEFAULT_THROTTLE_CLASSES


@pytest.mark.parametrize(
    ("who", "limit"),
    [("customer", limits.WRITES_OF_USER), ("staff", limits.WRITES_OF_STAFF)],
)
def test_per_person(who, limit):
    person = factories.staff() if who == "staff" else factories.user()
    api = APIClient()
    api.force_authenticate(person)
    answer = api.patch("/api/auth/me/", {"first_name": "Abebe"})
    assert (answer.status_code, answer["RateLimit-Limit"]) == (200, str(limit.times))
    RateCounter.objects.update(count=1_000_000)
    assert api.patch("/api/auth/me/", {"first_name": "Abebe"}).status_code == 429
    assert api.get("/api/auth/me/").status_code == 200
    api.force_authenticate(factories.user())
    assert api.patch("/api/auth/me/", {"first_name": "Kebede"}).status_code == 200


def test_per_address_of_whoever_is_not_signed_in():
    for _ in range(2):
        answer = APIClient().post("/api/auth/logout/", {"refresh": "x"})
    assert answer["RateLimit-Policy"] == "600;w=60, 1200;w=60"
    assert answer["RateLimit-Remaining"] == "598"


def test_every_write_of_the_api_is_limited():
    from tests.contract.document import operations

    writes = {op.id: op for op in operations().values() if op.method in limits.WRITES}
    exempt = {name for name, op in writes.items() if "too_many_requests" not in op.codes}
    assert exempt == {"chapa_webhook"}
    assert len(writes) > 20


ROOT = Path(__file__).resolve().parents[2]
SPANS = {"minute": 60, "minutes": 60, "hour": 3600, "day": 86_400, "days": 86_400}
LIST = """
import django
django.setup()
import ecommerce.urls, ecommerce.wsgi
from django.contrib import admin
from common.limits import KNOWN
for limit in KNOWN.values():
    print(limit.name, limit.times, int(limit.per.total_seconds()), int(limit.shown))
"""


def test_docs_list_exactly_the_limits_that_there_are():
    rows = re.findall(
        r"^\| `([\w.]+)` \| (\d+) \| ((?:\d+ )?\w+) \| (.+?) \|",
        (ROOT / "docs/limits.md").read_text(),
        re.M,
    )
    documented = {}
    for name, times, per, each in rows:
        number, _, unit = per.rpartition(" ")
        documented[name] = (int(times), int(number or 1) * SPANS[unit], "hidden" not in each)
    # In a process of its own: other tests make limits, too.
    listed = subprocess.run(
        [sys.executable, "-c", LIST], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "ecommerce.settings"},
    ).stdout.split()  # fmt: skip
    made = {
        name: (int(times), int(seconds), shown == "1")
        for name, times, seconds, shown in zip(*[iter(listed)] * 4, strict=True)
    }
    assert documented == made


def test_every_test_that_the_resiliency_table_names_is_there():
    table = (ROOT / "docs/operations.md").read_text().partition("## When something is away")[2]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", table.partition("\n## ")[0])
    assert len(named) > 15
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"
