"""Limits of privacy's doors."""

from __future__ import annotations

from datetime import timedelta

from rest_framework.request import Request

from common.limits import Limit, throttle


def _user(request: Request) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


# A password may come with it: who guesses is slowed down as at every other door.
ERASE = [throttle(Limit("privacy.erase", 10, timedelta(minutes=15)), _user)]
# Each makes the shop read everything it holds on somebody, and write a letter.
EXPORT = [throttle(Limit("privacy.export", 10, timedelta(days=1)), _user)]
