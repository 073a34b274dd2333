"""Generated requests, wrong ones too: whatever is sent, the answer is one that the document names.

A short run, the same every time; docs/api.md tells how to start the long one against a running shop.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from orders.models import Order
from payments.models import Payment
from tests.contract import world
from tests.contract.document import operations
from tests.contract.scenarios.catalog import promise
from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.ignored_auth,
    openapi_checks.use_after_free,
]


@pytest.fixture(scope="session")
def api_document(django_db_setup, django_db_blocker):
    from ecommerce.wsgi import application

    with django_db_blocker.unblock():  # the call looks at its connection, whatever it is for
        return schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)


@pytest.fixture
def shop(transactional_db, settings, monkeypatch):
    """A small shop with a gateway in memory."""
    settings.CHAPA_SECRET_KEY = SECRET_KEY
    settings.CHAPA_BASE_URL = "https://api.chapa.co/v1"
    settings.CHAPA_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.CHAPA_MODE = "test"
    monkeypatch.setattr("payments.gateways.chapa.client", FakeChapa().client)
    return world.build()


FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("operation_id", sorted(operations()))
def test_whatever_is_sent_the_answer_is_documented(operation_id, api_document, shop):
    operation = api_document.find_operation_by_id(operation_id)
    owner = {"Authorization": f"Bearer {shop.staff_token}"}
    modes = [GenerationMode.POSITIVE]
    if operation.body or list(operation.query):
        modes.append(GenerationMode.NEGATIVE)
    known = things(shop, operation_id)
    for mode in modes:
        send(operation, mode, {}, {})
        send(operation, mode, owner, known)


def send(operation, mode, headers, known):
    """Send some generated requests; where the path names a thing that is `known`, that thing."""

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        for name in known.keys() & (case.path_parameters or {}).keys():
            case.path_parameters[name] = known[name]
        # A wrong order token on somebody's order is a 404 like any order that is not yours; this check wants a 401.
        excluded = [openapi_checks.ignored_auth] if "public_id" in known else []
        case.call_and_validate(checks=CHECKS, excluded_checks=excluded, headers=headers)

    check()


def things(shop, operation_id):
    """Something that is there, for each name in a path."""
    promise(shop.yirgacheffe, 1)
    order = Order.objects.get()
    payment = Payment.objects.create(
        order=order, method="chapa", amount=order.total, currency="ETB", mode="test",
        reference="ABCDE-FGHIJ-KLMNOPQRSTUVWXYZ0123",
    ) if operation_id.startswith("payments_") and operation_id != "payments_start" else None  # fmt: skip
    found = {
        "key": "coffee" if operation_id.startswith("categories") else shop.jebena.slug,
        "variant_id": world.variant_of(shop.jebena).pk,
        "public_id": str((payment or order).public_id),
    }
    return {name: found[name] for name in operations()[operation_id].names("path") & found.keys()}
