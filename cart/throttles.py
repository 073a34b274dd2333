"""Limits on carts: how many a stranger may start, and how often somebody may try codes."""

from __future__ import annotations

from datetime import timedelta

from rest_framework.request import Request

from common.idempotency import principal
from common.limits import Limit, counted_address, throttle
from pricing.throttles import CODE_GUESSES

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

# Numbers for a shop whose customers share the address of one operator.
NEW_PER_ADDRESS = Limit("carts.address", 300, MINUTE)
GUESSES = Limit("cart_token.guess", 120, MINUTE)
CODES_PER_ADDRESS = Limit("carts.codes.address", 300, HOUR)


def _guests_address(request: Request) -> str | None:
    return None if request.user.is_authenticated else counted_address(request)


def _holder(request: Request) -> str:
    """A customer by their account, whatever cart they use; a guest by the cart."""
    if request.user.is_authenticated:
        return principal(request)
    context = request.parser_context or {}
    return f"cart:{context['kwargs']['cart_id']}"


NEW_CART = [throttle(NEW_PER_ADDRESS, _guests_address, methods={"POST"})]
CODES = [
    throttle(CODE_GUESSES, _holder, methods={"POST"}),
    throttle(CODES_PER_ADDRESS, _guests_address, methods={"POST"}),
]
