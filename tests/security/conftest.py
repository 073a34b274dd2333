"""The world in which the matrices knock at every door."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest
from django.test import override_settings


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator:
    """The shop, with everybody in it: built once, and each request is undone."""
    from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa
    from tests.security.undoing import conversations_in_a_transaction, undone
    from tests.security.world import build

    gateway = FakeChapa()
    with (
        override_settings(
            CHAPA_SECRET_KEY=SECRET_KEY, CHAPA_BASE_URL="https://api.chapa.co/v1",
            CHAPA_WEBHOOK_SECRET=WEBHOOK_SECRET, CHAPA_MODE="test", RATE_LIMITS=False,
            MEDIA_ROOT=tmp_path_factory.mktemp("media"),
        ),
        mock.patch("payments.gateways.chapa.client", gateway.client),
        django_db_blocker.unblock(),
        conversations_in_a_transaction(),
        undone(),
    ):  # fmt: skip
        yield build()
