"""Limits around telephone codes, beside those that `account.phone_codes` counts exactly, per number and in all."""

from __future__ import annotations

from datetime import timedelta

from rest_framework.request import Request

from account.throttles import HOUR, MINUTE
from common.limits import Limit, throttle


def _user(request: Request) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


# Operators here put thousands of customers behind one address.
CODE = [throttle(Limit("phone.code.address", 60, HOUR))]
LOGIN = [throttle(Limit("phone.login.address", 120, MINUTE))]
VERIFY = [throttle(Limit("phone.verify", 10, HOUR), _user)]
CONFIRM = [throttle(Limit("phone.confirm", 20, timedelta(minutes=10)), _user)]
REMOVE = [throttle(Limit("phone.remove", 10, HOUR), _user)]
EMAIL = [throttle(Limit("email.change", 5, HOUR), _user)]
