"""Who did it: the author of a change, for histories and movements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind`: customer, guest, staff, key (an API key), system or gateway; `user_id` is set for people who are signed in."""

    kind: str
    user_id: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.kind, self.name) if part)


SYSTEM = Actor("system")
GUEST = Actor("guest")
GATEWAY = Actor("gateway", name="chapa")
