"""How much it costs."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """One pure function from lines and rates to totals; knows no cart and no order."""

    name = "pricing"
