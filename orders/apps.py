"""What was agreed."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Checkout, and the states an order goes through."""

    name = "orders"
