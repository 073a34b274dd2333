"""The app of fulfilment."""

from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    """Shipments, pickup, returns."""

    name = "fulfilment"
