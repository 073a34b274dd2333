"""What a customer intends to buy."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """Carts of guests and customers, until they are ordered or forgotten."""

    name = "cart"
