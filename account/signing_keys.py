"""The keys that sign access tokens under JWT_ALGORITHM=EdDSA, so that other services can check them without our secret.

They are derived from SECRET_KEY and SECRET_KEY_FALLBACKS: nothing more needs to be kept, and they are changed as those are.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# Names the use: no other key that may ever be derived from the same secret can be this one. Changing it changes every key.
INFO = b"nexus access token signing key, Ed25519, 1"


@functools.lru_cache(maxsize=16)
def private_key(secret: str) -> Ed25519PrivateKey:
    """The Ed25519 key of a secret: 32 bytes of HKDF-SHA256 (RFC 5869)."""
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def key_id(key: Ed25519PublicKey) -> str:
    """The key's thumbprint (RFC 7638, RFC 8037): the `kid` of tokens and of the published set."""
    required = {"crv": "Ed25519", "kty": "OKP", "x": _text(key.public_bytes_raw())}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True)
    return _text(hashlib.sha256(canonical.encode()).digest())


def published() -> list[dict[str, Any]]:
    """The public keys as JWKs (RFC 8037), the present one first; those of former secrets still verify."""
    keys = [
        private_key(secret).public_key()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _text(key.public_bytes_raw()),
            "kid": key_id(key),
            "use": "sig",
            "alg": "EdDSA",
        }
        for key in keys
    ]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
