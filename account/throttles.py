"""Limits on everything that guesses. They count known and unknown addresses alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from account import guessing
from account.guessing import Attempt
from account.identifiers import email_key
from common.addresses import client_address
from common.limiter import Spent
from common.limits import GeneralThrottle, Limit, charge, counted_address, throttle
from common.phones import normalise_phone

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

REGISTER_PER_EMAIL = Limit("register.email", 30, HOUR)
REGISTER_PER_ADDRESS = Limit("register.address", 120, MINUTE)
FORGOT_PER_EMAIL = Limit("forgot.email", 5, HOUR)
FORGOT_PER_ADDRESS = Limit("forgot.address", 60, MINUTE)
RESEND_PER_EMAIL = Limit("resend.email", 5, HOUR)
RESEND_PER_ADDRESS = Limit("resend.address", 60, MINUTE)
LINK_PER_ADDRESS = Limit("link.address", 60, MINUTE)
REFRESH_PER_ADDRESS = Limit("refresh.address", 600, MINUTE)
PASSWORD_PER_USER = Limit("password.change", 20, MINUTE)
PHONE_PER_USER = Limit("phone.change", 30, HOUR)

_ATTEMPT = "nexus.login_attempt"


def _email(request: Request) -> str | None:
    data = request.data
    value = data.get("email") if isinstance(data, dict) else None
    return email_key(value)[:320] if isinstance(value, str) and value.strip() else None


def _user(request: Request) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


def _phone_change(request: Request) -> str | None:
    data = request.data if request.method == "PATCH" else None
    return _user(request) if isinstance(data, dict) and data.get("phone") else None


class LoginThrottle(GeneralThrottle):
    """A log-in costs what `account.guessing` says, of whichever account was named."""

    def tries(self, request: Request) -> Iterator[tuple[Limit, str]]:
        data = request.data if isinstance(request.data, dict) else {}
        email, phone, device = (_text(data, name) for name in ("email", "phone", "device"))
        if email or (phone := _number(phone)):
            found = _begin(request, email=email, phone="" if email else phone, device=device)
            yield from found.tries
        else:
            yield guessing.PER_ADDRESS, counted_address(request)

    def spent(self, request: Request, spent: list[Spent]) -> None:
        if found := request.META.get(_ATTEMPT):
            found.report(spent)


LOGIN = [LoginThrottle]
REGISTER = [throttle(REGISTER_PER_EMAIL, _email), throttle(REGISTER_PER_ADDRESS)]
FORGOT = [throttle(FORGOT_PER_EMAIL, _email), throttle(FORGOT_PER_ADDRESS)]
RESEND = [throttle(RESEND_PER_EMAIL, _email), throttle(RESEND_PER_ADDRESS)]
LINK = [throttle(LINK_PER_ADDRESS)]
REFRESH = [throttle(REFRESH_PER_ADDRESS)]
CHANGE_PASSWORD = [throttle(PASSWORD_PER_USER, _user)]
CHANGE_PHONE = [throttle(PHONE_PER_USER, _phone_change)]


def log_in_succeeded(request: HttpRequest | Request) -> None:
    """The log-in that this request's throttle counted was its owner's."""
    if found := request.META.get(_ATTEMPT):
        found.succeeded()


def spend_login(request: HttpRequest, *, email: str, device: str = "") -> None:
    """Count a try at a log-in that is not the API's: the admin's form.

    Raises:
        TooManyRequests
    """
    if settings.RATE_LIMITS:
        found = _begin(request, email=email, device=device)
        found.report(charge(request, *found.tries))


def spend_link(request: HttpRequest) -> None:
    """Count the use of a letter's link on our own pages, together with the API's.

    Raises:
        TooManyRequests
    """
    charge(request, (LINK_PER_ADDRESS, counted_address(request)))


def _begin(request: Any, **named: str) -> Attempt:
    found = guessing.attempt(
        address=client_address(request), counted=counted_address(request), **named
    )
    request.META[_ATTEMPT] = found
    return found


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(text: str) -> str:
    try:
        return normalise_phone(text[:32]) if text else ""
    except ValueError:
        return ""
