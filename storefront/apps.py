"""The plain pages a customer sees while no front end is configured."""

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    """Server-rendered pages: home, account links, return from payment."""

    name = "storefront"
