"""Small secrets that the shop must be able to read again, encrypted: AES-256-GCM under keys derived from SECRET_KEY.

Passwords and tokens are never kept like this; they are hashed. A secret that both sides compute with (TOTP) cannot be.
"""

from __future__ import annotations

import functools
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# Names the use: no other key that may ever be derived from the same secret can be this one.
INFO = b"nexus second factor secrets, AES-256-GCM, 1"
NONCE = 12  # bytes


class Unreadable(ValueError):
    """Sealed under a SECRET_KEY that is neither the present one nor among SECRET_KEY_FALLBACKS, or for somebody else."""


def seal(secret: bytes, *, owner: str) -> bytes:
    """The secret, encrypted. It can be opened for the same owner only: rows cannot be exchanged."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, secret, owner.encode())


def unseal(sealed: bytes, *, owner: str) -> tuple[bytes, bool]:
    """The secret, and whether it should be sealed anew, as a former SECRET_KEY opened it.

    Raises:
        Unreadable
    """
    for age, key in enumerate([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]):
        try:
            secret = _cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode())
        except InvalidTag:
            continue
        return secret, age > 0
    raise Unreadable


@functools.lru_cache(maxsize=16)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(key.encode()))
