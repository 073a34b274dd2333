"""Who reads: the context of a request, and the headers of its answer."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from account.models import User
from catalog.prices import known_currencies
from catalog.reads import freshness
from catalog.reads.context import Context
from common.errors import invalid_field
from common.languages import chosen

VARY = "Authorization, Accept, Accept-Language"


def group_of(user: Any) -> int | None:
    """The customer group whose prices a caller pays, if any. Programs and guests pay retail."""
    return user.customer_group_id if isinstance(user, User) else None


def context_of(currency: str, accept_language: str, group: int | None = None) -> Context:
    """For whom an answer is.

    Args:
        currency: as asked for; empty: the shop's own.
        group: id of the caller's customer group, if there is one.

    Raises:
        common.errors.Invalid: the shop has no prices in that currency.
    """
    currency = currency or settings.SHOP_CURRENCY
    if currency not in known_currencies():
        raise invalid_field(
            "currency", "invalid_choice", f"Choose one of {', '.join(known_currencies())}."
        )
    shared = freshness.shared()
    languages = shared.languages
    language = chosen(accept_language, languages) if accept_language else languages[0]
    return Context(
        price_list=shared.price_list_of(group),
        currency=currency,
        language="" if language == languages[0] else language,
        content_language=language,
    )
