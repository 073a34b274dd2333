"""Money in."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Attempts to pay, the gateway, the webhook inbox, and the one function that calls a payment good."""

    name = "payments"
