"""What every page knows of the shop, also those that are rendered without a request."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def shop_name() -> str:
    """The shop's name."""
    return str(settings.SHOP_NAME)


@register.simple_tag
def test_mode() -> bool:
    """Whether no real money moves here."""
    return not settings.PRODUCTION or settings.CHAPA_MODE == "test"
