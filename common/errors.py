"""Refusals: what a verb says when it will not do what was asked.

A refusal is a named error with a stable code, defined beside its verb. It knows no HTTP; the door turns its `kind` into a
status (`common.problems`). Everything that is not a refusal is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    """Why a verb refused."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    KEY_REUSED = "key_reused"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class Refusal(Exception):
    """Base of all refusals.

    Args:
        detail: one sentence for a person; the class's `title` when empty.
        errors: entries such as `{"field": "items.0.quantity", "code": ..., "detail": ...}`, more keys allowed.
        retry_after: seconds after which the same call may succeed.
    """

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "invalid"
    title: ClassVar[str] = "Invalid request"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[dict[str, Any]] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = list(errors)
        self.retry_after = retry_after


class Conflict(Refusal):
    """Base of refusals because of the present state."""

    kind = Kind.CONFLICT
    code = "conflict"
    title = "Conflict with the present state"


class OneField(Refusal):
    """A refusal about one field, which the answer names."""

    field: ClassVar[str]

    def __init__(self, detail: str = "", *, field: str = "") -> None:
        detail = detail or self.title
        entry = {"field": field or self.field, "code": self.code, "detail": detail}
        super().__init__(detail, errors=[entry])


class NotFound(Refusal):
    """It is not there, or it is somebody else's: the two are told apart by nobody."""

    kind = Kind.NOT_FOUND
    code = "not_found"
    title = "Not found"


class Unavailable(Refusal):
    """A part of the house cannot answer now; the same call may succeed later."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"
    title = "Temporarily unavailable"


class Invalid(Refusal):
    """The request cannot be understood or breaks a rule about its own fields."""


def invalid_field(field: str, code: str, detail: str) -> Invalid:
    """A refusal about one field of the request body or query."""
    return Invalid(detail, errors=[{"field": field, "code": code, "detail": detail}])
