"""Who acts, for whatever is written meanwhile: the ambient answer to "who, from where, in which request".

The middleware opens a context for each request and the worker one for each job; outside of both, a command acts as the
system. Nothing is kept between requests: a context is a ContextVar that its opener resets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """One actor. `kind` is an `ActorKind`; `name` belongs to keys, jobs, commands and gateways, never to a person."""

    kind: str
    user_id: int | None = None
    key_id: int | None = None
    name: str = ""
    address: str | None = None
    request_id: str = ""

    def as_setting(self) -> str:
        """As the database triggers read it: JSON, in ASCII, with short names."""
        facts = {
            "kind": self.kind,
            "user": self.user_id,
            "key": self.key_id,
            "name": self.name,
            "address": self.address,
            "request": self.request_id,
        }
        return json.dumps({name: value for name, value in facts.items() if value})


@dataclass(slots=True)
class Ambient:
    """An open context: how to find out who acts, and what to write down when it ends."""

    discover: Callable[[], Identity]
    identified: Identity | None = None
    deferred: list[Any] = field(default_factory=list)  # entries that wait for the end

    def identity(self) -> Identity:
        """What was found out, overruled by what `identify` said."""
        found = self.discover()
        if self.identified is None:
            return found
        return replace(self.identified, address=found.address, request_id=found.request_id)


_ambient: ContextVar[Ambient | None] = ContextVar("audit_ambient", default=None)


def identify(
    *, kind: str, user_id: int | None = None, key_id: int | None = None, name: str = ""
) -> None:
    """Say who acts in the request or job that is running; without one, this does nothing.

    People who are signed in need not be identified: the request knows them. Keys, gateways and whoever has just proved
    who they are (a log-in) do.

    Args:
        name: of a key or gateway. A person's name is not taken: it is personal.
    """
    ambient = _ambient.get()
    if ambient is not None:
        shown = "" if kind in {"customer", "guest", "staff"} else name[:MAX_NAME]
        ambient.identified = Identity(kind=kind, user_id=user_id, key_id=key_id, name=shown)


def current() -> Identity:
    """Who acts now. Outside of requests and jobs: the system, with the name of the running command."""
    ambient = _ambient.get()
    return ambient.identity() if ambient is not None else Identity("system", name=program())


def ambient() -> Ambient | None:
    """The open context, if any."""
    return _ambient.get()


@contextmanager
def opened(discover: Callable[[], Identity]) -> Iterator[Ambient]:
    """A context for the duration of a block; the one around it returns afterwards."""
    opening = Ambient(discover)
    token = _ambient.set(opening)
    try:
        yield opening
    finally:
        _ambient.reset(token)


@contextmanager
def acting(*, kind: str, name: str = "", user_id: int | None = None) -> Iterator[Ambient]:
    """A context in which a known actor acts: a job, a command, a test."""
    actor = Identity(kind, user_id=user_id, name=name[:MAX_NAME])
    with opened(lambda: actor) as opening:
        yield opening


def program() -> str:
    """What runs here: the management command, or the program."""
    command = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    words = sys.argv[1:2] if command in {"manage.py", "django-admin", "__main__.py"} else []
    return " ".join([command, *(word for word in words if not word.startswith("-"))])[:MAX_NAME]


def valid_address(text: str) -> str | None:
    """An IP address in its usual form; None for anything else."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None


def identity_of(request: Any, *, address: str | None, request_id: str) -> Identity:
    """Who the request says is calling, as far as that is known by now. Asks the database nothing.

    Django's session user is lazy, and stays so: whoever has not been looked at has not done anything by that session.
    """
    user = _known_user(request)
    if user is None or not getattr(user, "is_authenticated", False):
        return Identity("guest", address=address, request_id=request_id)
    if user.pk is None:  # a program: its key is what authenticated it
        key = getattr(request, "auth", None)
        return Identity(
            "key",
            key_id=getattr(key, "pk", None),
            name=str(getattr(key, "name", ""))[:MAX_NAME],
            address=address,
            request_id=request_id,
        )
    kind = "staff" if getattr(user, "is_staff", False) else "customer"
    return Identity(kind, user_id=user.pk, address=address, request_id=request_id)


def _known_user(request: Any) -> Any:
    user = getattr(request, "user", None)
    if getattr(user, "_wrapped", None) is not None and not hasattr(request, "_cached_user"):
        return None  # lazy, and not looked at
    return user
