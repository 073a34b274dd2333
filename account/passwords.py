"""What makes a password good enough."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from account.models import User
from common.errors import Invalid


class WeakPassword(Invalid):
    """The password breaks a rule of AUTH_PASSWORD_VALIDATORS; `errors` names each."""

    title = "Choose another password"


class WrongPassword(Invalid):
    """The present password, asked for before a change, is not right."""

    code = "wrong_password"
    title = "The present password is wrong"

    def __init__(self, field: str = "old_password") -> None:
        super().__init__(
            errors=[{"field": field, "code": self.code, "detail": "This is not your password."}]
        )


def refuse_weak(*, password: str, user: User, field: str) -> None:
    """Check a new password against every rule. `user` need not be saved: its names and address must not be the password.

    Raises:
        WeakPassword
    """
    try:
        validate_password(password, user)
    except ValidationError as found:
        errors = [
            {"field": field, "code": error.code or "invalid", "detail": message}
            for error in found.error_list
            for message in error.messages
        ]
        raise WeakPassword(f"{field}: {errors[0]['detail']}", errors=errors) from None
