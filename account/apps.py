"""Who: users, sessions, verification and reset."""

from django.apps import AppConfig


class AccountConfig(AppConfig):
    """People who sign in, and how they prove who they are."""

    name = "account"
    verbose_name = "Accounts"
