"""What the shop holds on a person."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Export and erasure of personal data, and how long what is kept."""

    name = "privacy"
    verbose_name = "Privacy"
