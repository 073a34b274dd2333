"""The token that stands for a guest's order.

It is derived from the order's id and the shop's secret, so that it never has to be stored: the order keeps a hash of it,
and a repeated checkout (Idempotency-Key) can show it again.
"""

from __future__ import annotations

import base64
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.crypto import salted_hmac

from orders.models import hash_token


def order_token(public_id: UUID | str, *, secret: str | None = None) -> str:
    """256 bits that only this shop can compute for this order, URL-safe."""
    mac = salted_hmac("orders.token", str(public_id), secret=secret, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def reveal_order_token(body: bytes) -> bytes:
    """Replace the hash that a stored reply holds in `order_token` by the token itself.

    Replies stored before a change of SECRET_KEY are read through SECRET_KEY_FALLBACKS.
    """
    data = orjson.loads(body)
    hashed = data.get("order_token")
    if not hashed:
        return body
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        token = order_token(data["id"], secret=secret)
        if hash_token(token) == hashed:
            data["order_token"] = token
            return orjson.dumps(data)
    del data["order_token"]
    return orjson.dumps(data)
