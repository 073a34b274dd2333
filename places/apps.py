"""The app of places."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Delivery areas and pickup points."""

    name = "places"
