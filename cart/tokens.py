"""The token that stands for a guest's cart.

It is derived from the cart's id and the shop's secret, so that it never has to be stored: the cart keeps a hash of it, and
a repeated call (Idempotency-Key) can show it again.
"""

from __future__ import annotations

import base64
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.crypto import salted_hmac

from cart.models import hash_token


def cart_token(public_id: UUID | str, *, secret: str | None = None) -> str:
    """256 bits that only this shop can compute for this cart, URL-safe."""
    mac = salted_hmac("cart.token", str(public_id), secret=secret, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def reveal_cart_token(body: bytes) -> bytes:
    """Replace the hash that a stored reply holds in `cart_token` by the token itself.

    Replies stored before a change of SECRET_KEY are read through SECRET_KEY_FALLBACKS.
    """
    data = orjson.loads(body)
    hashed = data.get("cart_token")
    if not hashed:
        return body
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        token = cart_token(data["id"], secret=secret)
        if hash_token(token) == hashed:
            data["cart_token"] = token
            return orjson.dumps(data)
    del data["cart_token"]
    return orjson.dumps(data)
