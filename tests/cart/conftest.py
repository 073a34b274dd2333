"""What tests of carts share."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from account.models import User


class Holder:
    """Somebody with a cart: a guest by its token, or a customer."""

    def __init__(self, user: User | None = None, **body):
        self.api = APIClient()
        if user is not None:
            self.api.force_authenticate(user)
        started = self.api.post("/api/carts/", body)
        assert started.status_code == 201, started.json()
        self.started = started.json()
        self.id = self.started["id"]
        self.token = self.started.get("cart_token", "")
        if user is None:
            self.api.credentials(HTTP_X_CART_TOKEN=self.token)
        self.url = f"/api/carts/{self.id}/"

    def add(self, variant, quantity=1, **headers):
        return self.api.post(
            f"{self.url}items/", {"variant_id": variant.pk, "quantity": quantity}, headers=headers
        )

    def read(self) -> dict:
        answer = self.api.get(self.url)
        assert answer.status_code == 200, answer.json()
        return answer.json()

    def quote(self, **query) -> dict:
        answer = self.api.get(f"{self.url}quote/", query)
        assert answer.status_code == 200, answer.json()
        return answer.json()

    def code(self, code):
        return self.api.post(f"{self.url}coupon/", {"code": code})


@pytest.fixture
def holder(db):
    """Starts a cart for somebody."""
    return Holder
