"""The caller of a request as histories name them."""

from __future__ import annotations

from typing import Any

from account.models import User
from common.actors import GUEST, Actor


def staff_actor(user: Any) -> Actor:
    """Who acts by a right they were given: staff by their address, the program behind an API key by its name."""
    if isinstance(user, User):
        return Actor("staff", user.pk, str(user)[:60])
    return Actor("key", None, str(user)[:60])


def customer_actor(user: Any) -> Actor:
    """Who acts on what is their own: customers and guests, by kind only."""
    return Actor("customer", user.pk) if isinstance(user, User) else GUEST


def person_of(user: Any) -> User | None:
    """The signed-in person who can own things: nobody for guests and API keys."""
    return user if isinstance(user, User) else None
