"""Programs that call the API with a key, and people who look after them."""

from __future__ import annotations

from rest_framework.test import APIClient

from account import sessions, tokens
from account.models import User


def client_of(user: User) -> APIClient:
    """Signed in just now."""
    session = sessions.open_session(user=user, device=sessions.Device())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.pair(session)['access']}")
    return client


def with_key(secret: str, **extra) -> APIClient:
    """A program."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}", **extra)
    return client


def works(secret: str) -> bool:
    return with_key(secret).get("/api/orders/").status_code == 200
