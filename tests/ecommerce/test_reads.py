"""What every read and every wrong method has in common, at the shop's real addresses."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return factories.user()


@pytest.fixture
def customer_api(customer):
    client = APIClient()
    client.force_authenticate(customer)
    return client


@pytest.fixture
def order(customer):
    return factories.place(owner=customer)


@pytest.fixture(
    params=["/api/orders/", "/api/orders/{id}/", "/api/orders/{id}/history/", "/api/auth/me/"]
)
def path(request, order):
    return request.param.format(id=order.public_id)


def test_private_reads_carry_an_etag_and_are_kept_by_nobody(customer_api, order, path):
    first = customer_api.get(path)
    assert first.status_code == 200
    # Strong where a write takes it as If-Match: the profile, and the order that an edit changes.
    is_strong = path == "/api/auth/me/" or path.endswith(f"{order.public_id}/")
    assert first["ETag"].startswith('"' if is_strong else 'W/"')
    assert first["Cache-Control"] == "no-store"

    again = customer_api.get(path, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert customer_api.get(path, HTTP_IF_NONE_MATCH='W/"another"').content == first.content


def test_somebody_elses_etag_opens_nothing(customer_api, client, order):
    path = f"/api/orders/{order.public_id}/"
    etag = customer_api.get(path)["ETag"]

    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 401


def test_a_change_changes_the_etag(customer_api, order):
    path = f"/api/orders/{order.public_id}/"
    etag = customer_api.get(path)["ETag"]
    type(order).objects.filter(pk=order.pk).update(phone="+251911234567")

    assert customer_api.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("delete", "/api/products/"),
        ("put", "/api/categories/"),
        ("post", "/api/orders/"),
        ("post", "/api/auth/me/"),
        ("get", "/api/auth/password/change/"),
    ],
)
def test_a_method_that_nobody_has_is_405_for_everybody(client, customer_api, method, path):
    for caller in (client, customer_api):
        response = getattr(caller, method)(path)
        assert response.status_code == 405, response.content
        assert json.loads(response.content)["code"] == "method_not_allowed"
        assert method.upper() not in response["Allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/api/products/"), ("get", "/api/orders/"), ("patch", "/api/auth/me/")],
)
def test_a_method_that_some_have_is_still_401(client, method, path):
    assert getattr(client, method)(path).status_code == 401
