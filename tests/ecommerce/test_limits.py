"""The limits of the shop as it is: which calls are counted, what answers tell, and that the documentation says so."""

from __future__ import annotations

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
