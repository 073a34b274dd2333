"""API keys: programs that call the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from account import api_keys
from account.models import ApiKey
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return factories.staff(email="owner@nexus.shop")


@pytest.fixture
def issue(owner):
    """Makes a key with these scopes."""

    def make(*scopes, **fields):
        return api_keys.create(
            name=fields.pop("name", "ERP"), scopes=scopes or ["orders:read"], by=owner, **fields
        )

    return make


@pytest.fixture
def as_key(api):
    """The API client of whoever holds the secret."""

    def client(secret):
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return api

    return client


def test_a_key_opens_what_its_scopes_say(issue, as_key):
    order = factories.place()
    client = as_key(issue("orders:read").secret)
    assert client.get(f"/api/orders/{order.public_id}/").status_code == 200
    assert client.get("/api/products/?status=draft").status_code == 403
