"""Callers of the catalogue's API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
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
def clerk(db):
    """Staff who may do what the test grants."""

    def with_permissions(*codenames: str) -> APIClient:
        user = factories.user(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        return signed_in(user)

    return with_permissions
