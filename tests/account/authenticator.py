"""An authenticator app, for tests: what the shop's secret and the clock make of each other."""

from __future__ import annotations

import base64
import time

from django_otp.oath import hotp
from rest_framework.test import APIClient

from account import enrolment
from account.models import SecondFactor, User
from audit.models import AuditEntry
from tests import factories

OWNER = "owner@nexus.shop"
PASSWORD = factories.PASSWORD


class App:
    """Shows the code of a secret, now or some steps of 30 seconds away."""

    def __init__(self, secret: str) -> None:
        self.key = base64.b32decode(secret)

    def code(self, steps: int = 0) -> str:
        return f"{hotp(self.key, int(time.time()) // 30 + steps):06}"

    def wrong(self) -> str:
        """Six digits that are no code of these minutes."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222") if code not in near)


def set_up(user: User) -> tuple[App, list[str]]:
    """A confirmed second factor, whose present code is unused, and its recovery codes."""
    begun = enrolment.enrol(user=user, code="", address=None)
    app = App(begun.secret)
    codes = enrolment.confirm(user=user, code=app.code(), session=None, address=None)
    SecondFactor.objects.filter(user=user).update(last_step=0)
    return app, codes


def log_in(email: str = OWNER, password: str = PASSWORD, **extra):
    """The answer to a log-in over the API."""
    body = {"email": email, "password": password, **extra}
    return APIClient().post("/api/auth/login/", body)


def actions() -> list[str]:
    """The security events so far."""
    rows = AuditEntry.objects.filter(action__startswith="security.").order_by("pk")
    return [row.action for row in rows]
