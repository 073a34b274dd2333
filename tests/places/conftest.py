"""A few areas, and callers."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from places import services
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
def addis(db):
    return services.create_area(
        code="ET-AA", name="Addis Ababa", kind="chartered_city", aliases="Finfinne",
        translations={"am": {"name": "አዲስ አበባ"}},
    )  # fmt: skip


@pytest.fixture
def bole(addis):
    return services.create_area(
        code="ET-AA-BOLE", name="Bole", kind="sub_city", parent=addis,
        translations={"am": {"name": "ቦሌ"}},
    )  # fmt: skip


@pytest.fixture
def woreda(bole):
    return services.create_area(
        code="ET-AA-BOLE-W03", name="Woreda 03", kind="woreda", parent=bole,
        translations={"am": {"name": "ወረዳ 03"}},
    )  # fmt: skip
