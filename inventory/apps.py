"""How much there is."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Stock items, movements, reservations; knows no product and no order."""

    name = "inventory"
