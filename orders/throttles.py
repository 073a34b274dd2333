"""Limits on placing orders: what a stranger may reserve, and of whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from account.identifiers import email_key
from cart.throttles import CODES_PER_ADDRESS
from common.idempotency import principal
from common.limits import GeneralThrottle, Limit, Spent, charge, counted_address, throttle
from common.phones import normalise_phone
from pricing.throttles import CODE_GUESSES

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MOST_CODES = 10  # that a body may hold

# Numbers for a shop whose customers share the address of one operator, and for a sale that opens at noon.
PER_ADDRESS = Limit("checkout.address", 600, MINUTE)
PER_CONTACT = Limit("checkout.contact", 600, HOUR)
PER_CUSTOMER = Limit("checkout.customer", 120, MINUTE)
# Setting a document in type takes a tenth of a second or more.
PER_ORDER = Limit("documents.order", 60, MINUTE)


def _guests_address(request: Request) -> str | None:
    return None if request.user.is_authenticated else counted_address(request)


def _guests_email(request: Request) -> str | None:
    email = _of_a_guest(request, "email")
    return email_key(email)[:320] if email else None


def _guests_phone(request: Request) -> str | None:
    phone = _of_a_guest(request, "phone")
    try:
        return normalise_phone(phone[:32]) if phone else None
    except ValueError:
        return None  # refused as invalid, whoever calls


def _customer(request: Request) -> str | None:
    user: Any = request.user
    return principal(request) if user.is_authenticated and not user.is_staff else None


def _of_a_guest(request: Request, name: str) -> str:
    if request.user.is_authenticated or not isinstance(request.data, dict):
        return ""
    value = request.data.get(name)
    return value.strip() if isinstance(value, str) else ""


class TypedCodes(GeneralThrottle):
    """Codes in the body are guesses as in a cart, and count there and here together; each of them counts."""

    def tries(self, request: Request) -> Iterable[tuple[Limit, str]]:
        """The first code; there is no try without one. Staff and programs place orders for many."""
        if self._codes(request):
            if customer := _customer(request):
                yield CODE_GUESSES, customer
            elif address := _guests_address(request):
                yield CODES_PER_ADDRESS, address

    def spent(self, request: Request, spent: list[Spent]) -> None:
        """The others, one by one: a limit counts a value once at a time."""
        for _ in range(1, self._codes(request)):
            charge(request, *self.tries(request))

    def _codes(self, request: Request) -> int:
        codes = request.data.get("codes") if isinstance(request.data, dict) else None
        return min(len(codes), MOST_CODES) if isinstance(codes, list) else 0


CHECKOUT: list[type[BaseThrottle]] = [
    TypedCodes,
    throttle(PER_ADDRESS, _guests_address),
    throttle(PER_CONTACT, _guests_email),
    throttle(PER_CONTACT, _guests_phone),
    throttle(PER_CUSTOMER, _customer),
]


def _order(request: Request) -> str | None:
    context: Any = request.parser_context
    return str(context["kwargs"]["public_id"])


DOCUMENTS = [throttle(PER_ORDER, _order, methods={"GET"})]
