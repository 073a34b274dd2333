"""What is sold."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Categories, products, variants and their images; search and import."""

    name = "catalog"
