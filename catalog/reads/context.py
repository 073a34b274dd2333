"""For whom something is read: whose prices, in which currency, in which language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.core.files.storage import default_storage

from catalog.models import RETAIL
from common.http import public_url
from common.money import EXPONENTS


@dataclass(frozen=True, slots=True)
class Context:
    """Everything about a caller that changes what a product looks like.

    Attributes:
        price_list: an id; RETAIL for everybody without one.
        currency: ISO 4217.
        language: of those the shop has; empty when it is the one the catalogue is written in.
        content_language: the same, never empty.
    """

    price_list: int = RETAIL
    currency: str = ""
    language: str = ""
    content_language: str = "en"

    @property
    def stored_currency(self) -> str:
        """As price rows have it: empty for the shop's own."""
        return "" if self.currency == settings.SHOP_CURRENCY else self.currency

    @property
    def key(self) -> str:
        """A short text that is different for different contexts."""
        return f"{self.price_list}.{self.currency}.{self.content_language}"

    @property
    def parameters(self) -> dict[str, object]:
        """What the statements of `finding` and `rendering` want to know of it."""
        return {
            "price_list": self.price_list,
            "currency": self.stored_currency,
            "shown_currency": self.currency,
            "exponent": EXPONENTS[self.currency],
            "language": self.language,
            "media": media_base(),
        }


def media_base() -> str:
    """What stands before the name of a stored file to make its public address."""
    return _media_base(settings.PUBLIC_URL, settings.MEDIA_URL)


@lru_cache(maxsize=4)
def _media_base(site: str, media: str) -> str:
    url = default_storage.url("_")[:-1]
    return public_url(url) if url.startswith("/") else url
