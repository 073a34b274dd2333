"""Limits on placing orders: what a stranger may reserve, and of whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework.request import Request

from account.identifiers import email_key
from common.idempotency import principal
from common.limits import Limit, counted_address, throttle
from common.phones import normalise_phone

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

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


CHECKOUT = [
    throttle(PER_ADDRESS, _guests_address),
    throttle(PER_CONTACT, _guests_email),
    throttle(PER_CONTACT, _guests_phone),
    throttle(PER_CUSTOMER, _customer),
]


def _order(request: Request) -> str | None:
    context: Any = request.parser_context
    return str(context["kwargs"]["public_id"])


DOCUMENTS = [throttle(PER_ORDER, _order, methods={"GET"})]
