"""What triggers write down, whoever changes a row."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import F

from account.models import User
from audit import context
from audit.models import AuditEntry
from catalog.models import Variant
from tests import factories

pytestmark = pytest.mark.django_db


def entries(action: str):
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


def test_a_changed_price_is_recorded_with_both_values():
    variant = factories.variant(price="100.00")
    with context.acting(kind="system", name="prices"):
        variant.price = Decimal("120.50")
        variant.save()
    (entry,) = entries("variant.updated")
    assert entry.changes == {"price": {"from": "100.00", "to": "120.50"}}
    assert (entry.actor_kind, entry.actor_name) == ("system", "prices")
    assert (entry.target_table, entry.target_id) == ("catalog_variant", str(variant.pk))
    assert entry.target_public_id == variant.sku
    assert entry.details == {"product_id": variant.product_id}


def test_a_bulk_update_leaves_an_entry_for_each_row():
    rows = [factories.variant(price="10.00") for _ in range(3)]
    with context.acting(kind="system", name="sale"):
        Variant.objects.filter(pk__in=[row.pk for row in rows]).update(price=F("price") * 2)
    assert [entry.changes["price"]["to"] for entry in entries("variant.updated")] == ["20.00"] * 3
    assert {entry.actor_name for entry in entries("variant.updated")} == {"sale"}
