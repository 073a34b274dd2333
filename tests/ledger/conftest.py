"""Lines and entries to post."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction

from common.actors import SYSTEM
from ledger import services
from ledger.services import Line


def line(account: str, amount: str, currency: str = "ETB") -> Line:
    return Line(account, Decimal(amount), currency)


def pair(amount: str = "100.00", currency: str = "ETB") -> list[Line]:
    """Money that came in and is not assigned."""
    return [
        line("gateway.chapa", amount, currency),
        line("customers.prepaid", f"-{amount}", currency),
    ]


def post(key: str = "1", lines=None, *, kind: str = "test.posted", by=SYSTEM, **more):
    """An entry, committed where the test commits."""
    with transaction.atomic():
        return services.post(kind=kind, key=key, lines=lines or pair(), by=by, **more)


@pytest.fixture
def as_in_a_shop():
    """Tests may empty the ledger, shops may not."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET nexus.ledger_upkeep = ''")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET nexus.ledger_upkeep = 'truncate'")
