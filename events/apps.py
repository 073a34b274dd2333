"""What leaves the house."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The outbox: letters by e-mail and SMS."""

    name = "events"
    verbose_name = "Outbox"
