"""Identifiers that the public sees."""

from __future__ import annotations

import secrets
import uuid

import uuid_utils.compat

# Crockford's base 32: no I, L, O or U, so that a number survives being read out over the telephone.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def uuid7() -> uuid.UUID:
    """A time-ordered random UUID (RFC 9562, version 7): 74 random bits, good index locality."""
    return uuid.UUID(int=uuid_utils.compat.uuid7().int)


def readable_code(length: int = 8) -> str:
    """`length` random Crockford characters (5 bits each). Uniqueness is the database's business."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(length))
