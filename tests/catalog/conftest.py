"""Callers of the catalogue's API."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from rest_framework.test import APIClient

from tests import factories


def signed_in(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def owner(db):
    """The shop's owner, through the API."""
    return signed_in(factories.staff())


@pytest.fixture
def customer(db):
    """A customer, through the API."""
    return signed_in(factories.user())


@pytest.fixture
def clerk(db, permit):
    """Staff who may do what the test grants."""

    def with_permissions(*codenames: str) -> APIClient:
        return signed_in(permit(factories.user(is_staff=True), *codenames))

    return with_permissions


@pytest.fixture
def load(tmp_path):
    """Write a file and import it; gives what the command said."""

    def run(content: str | bytes, *options: str, fails: bool = False) -> str:
        path = tmp_path / "export.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out, err = StringIO(), StringIO()
        if fails:
            with pytest.raises(CommandError) as refusal:
                call_command("import_products", str(path), *options, stdout=out, stderr=err)
            return out.getvalue() + str(refusal.value)
        call_command("import_products", str(path), *options, stdout=out, stderr=err)
        return out.getvalue()

    return run


@pytest.fixture
def counted(db):
    """How many statements a call makes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def run(call) -> int:
        with CaptureQueriesContext(connection) as queries:
            call()
        return len(queries)

    return run


@pytest.fixture(scope="module", autouse=True)
def _swept(django_db_setup, django_db_blocker):
    """Rows that earlier tests rolled back are dead, and stay until somebody sweeps.

    Plans for tables that PostgreSQL believes to be small read through all of them, again and again; no shop rolls back
    most of what it writes.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            "VACUUM (ANALYZE, SKIP_LOCKED) catalog_product, catalog_variant, catalog_bundlepart, catalog_offer,"
            " catalog_price, inventory_stockitem, inventory_movement"
        )
        connection.close()
