"""Limits on everything that guesses. They count known and unknown addresses alike."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from rest_framework.request import Request

from account.identifiers import email_key
from common.http import client_address
from common.limits import Limit, throttle

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

LOGIN_PER_PAIR = Limit("login.pair", 20, MINUTE)
LOGIN_PER_ADDRESS = Limit("login.address", 300, MINUTE)
LINK_PER_ADDRESS = Limit("link.address", 60, MINUTE)


def _email(request: Request) -> str | None:
    data = request.data
    value = data.get("email") if isinstance(data, dict) else None
    return email_key(value)[:320] if isinstance(value, str) and value.strip() else None


def _address_and_email(request: Request) -> str | None:
    email = _email(request)
    return None if email is None else f"{client_address(request)}|{email}"


def _user(request: Request) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


def _phone_change(request: Request) -> str | None:
    data = request.data if request.method == "PATCH" else None
    return _user(request) if isinstance(data, dict) and data.get("phone") else None


LOGIN = [throttle(LOGIN_PER_PAIR, _address_and_email), throttle(LOGIN_PER_ADDRESS)]
REGISTER = [
    throttle(Limit("register.email", 30, HOUR), _email),
    throttle(Limit("register.address", 120, MINUTE)),
]
FORGOT = [
    throttle(Limit("forgot.email", 5, HOUR), _email),
    throttle(Limit("forgot.address", 60, MINUTE)),
]
RESEND = [
    throttle(Limit("resend.email", 5, HOUR), _email),
    throttle(Limit("resend.address", 60, MINUTE)),
]
LINK = [throttle(LINK_PER_ADDRESS)]
CHANGE_PASSWORD = [throttle(Limit("password.change", 20, MINUTE), _user)]
CHANGE_PHONE = [throttle(Limit("phone.change", 30, HOUR), _phone_change)]


def spend_login(*, address: str, email: str) -> None:
    """Count a try at a log-in that is not the API's: the admin's form.

    Raises:
        TooManyRequests
    """
    if settings.RATE_LIMITS:
        LOGIN_PER_PAIR.spend(f"{address}|{email_key(email)[:320]}")
        LOGIN_PER_ADDRESS.spend(address)


def spend_link(*, address: str) -> None:
    """Count the use of a letter's link on our own pages, together with the API's.

    Raises:
        TooManyRequests
    """
    if settings.RATE_LIMITS:
        LINK_PER_ADDRESS.spend(address)
