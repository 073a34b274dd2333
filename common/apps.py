"""The floor."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Errors, money, idempotency, pagination, jobs, limits; imports no other app."""

    name = "common"
