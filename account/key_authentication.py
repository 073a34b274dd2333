"""Which program is calling: an API key."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from account import api_keys
from account.api_keys import MARK, KeyPrincipal
from account.authentication import refused
from account.models import ApiKey
from audit import context
from common.errors import Kind, Refusal
from common.http import client_address
from common.limits import Limit, charge

# Everything else is for people. What is not listed here is closed to keys, whatever its own rules say.
OPEN_TO_KEYS = (
    "/api/categories/", "/api/products/", "/api/brands/", "/api/collections/", "/api/attributes/",
    "/api/product-types/", "/api/languages/", "/api/terms/", "/api/price-lists/", "/api/imports/", "/api/exports/",
    "/api/orders/", "/api/payments/", "/api/places/", "/api/delivery/", "/api/stock/",
)  # fmt: skip
PER_KEY = Limit("api_key", 1200, timedelta(minutes=1))


class NotForKeys(Refusal):
    """This address is for people: no API key opens it, whatever its scopes."""

    kind = Kind.FORBIDDEN
    code = "not_for_api_keys"
    title = "API keys do not work here"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer nxk_…`. Every other bearer token is somebody else's business and costs nothing here.

    Unknown, expired and revoked get the same 401 as any bad access token.
    """

    def authenticate(self, request: Request) -> tuple[KeyPrincipal, ApiKey] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        secret = token.strip().decode("latin-1")
        if scheme.lower() != b"bearer" or not secret.startswith(MARK):
            return None
        key = api_keys.find_live(secret=secret, address=_address(request))
        if key is None:
            raise refused()
        charge(request, (PER_KEY, str(key.public_id)))
        context.identify(kind="key", key_id=key.pk, name=key.name)
        if not open_to_keys(request.path):
            raise NotForKeys("This is for people: sign in with e-mail and password.")
        return KeyPrincipal(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def open_to_keys(path: str) -> bool:
    """Whether keys are let in at this address at all."""
    return path.startswith(OPEN_TO_KEYS)


def _address(request: Request) -> str | None:
    try:
        return str(ipaddress.ip_address(client_address(request)))
    except ValueError:
        return None


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes it."""

    target_class = "account.key_authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_requirement(self, auto_schema: Any) -> Any:
        if not open_to_keys(auto_schema.path):
            return None
        return super().get_security_requirement(auto_schema)

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "For programs: a key made with `POST /api/keys/`. It begins with `nxk_` and does what its"
            " scopes say.",
        }
