"""The composition root."""

from django.apps import AppConfig


class EcommerceConfig(AppConfig):
    """Settings, routes and the commands that run the whole shop."""

    name = "ecommerce"
