"""The errors that operations give alike, once each."""

from __future__ import annotations

from typing import Any

from common.schema import SHARED
from tests.contract.document import operations
from tests.contract.recorder import JSON, Recorder, _database_away, _hashers_busy, _key_held, _sql
from tests.contract.scenarios.orders import KEY, guest_body

ABSENT = {"public_id": "01936b2f-0000-7000-8000-000000000000"}


def bodies(s: Recorder) -> dict[str, dict[str, Any]]:
    """The body of each, by code."""
    found = {}

    def tell(operation: str, status: int, code: str, **request: Any) -> None:
        op = operations()[operation]
        body = s.check(op, s.send(op, **request), status, code)
        found[code] = s.placeholders.apply(body)

    body = guest_body(s)
    tell("checkout", 400, "malformed", raw=(b'{"items": [', JSON))
    tell("checkout", 400, "unknown_field", body={**body, "colour": "green"})
    tell("checkout", 400, "invalid_idempotency_key", body=body, key="order-1")
    tell("orders_list", 400, "invalid_cursor", token=s.world.customer_token, query={"cursor": "x"})
    tell("orders_list", 400, "page_too_deep", token=s.world.customer_token, query={"page": 101})
    tell("orders_list", 401, "not_authenticated")
    tell("orders_list", 401, "invalid_token", token="not.a.token")
    tell("products_create", 403, "permission_denied", token=s.world.customer_token,
         body={"name": "Tej, honey wine", "price": "480.00"})  # fmt: skip
    tell("orders_retrieve", 404, "not_found", token=s.world.customer_token, path=ABSENT)
    tell("checkout", 406, "not_acceptable", body=body, headers={"Accept": "application/xml"})
    with _key_held():
        tell("checkout", 409, "idempotency_key_in_use", body=body, key=KEY)
    tell("auth_me_update", 412, "precondition_failed", token=s.world.customer_token,
         body={"first_name": "Hana"}, headers={"If-Match": '"9c56cc51b374c3ba"'})  # fmt: skip
    tell("checkout", 413, "body_too_large", raw=(b'"' + b"x" * 1024 * 1024 + b'"', JSON))
    tell("checkout", 415, "unsupported_media_type", raw=(b"items=1", "text/csv"))
    s.send(operations()["checkout"], body=body, key=KEY)
    tell("checkout", 422, "idempotency_key_reused", key=KEY, body={**body, "phone": "0922000000"})
    s.settings.RATE_LIMITS = True
    lost = {"email": "hana.tesfaye@example.com"}
    s.send(operations()["auth_password_forgot"], body=lost)
    _sql("UPDATE common_ratecounter SET count = 1000000")
    tell("auth_password_forgot", 429, "too_many_requests", body=lost)
    s.settings.RATE_LIMITS = False
    with _hashers_busy():
        tell("auth_login", 503, "too_busy", body={**lost, "password": "buna-teff-injera-94"})
    with _database_away():
        tell("products_list", 503, "database_unavailable")
    assert set().union(*SHARED) <= set(found)
    return found
