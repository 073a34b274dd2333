"""Who did what."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit log: changes written by triggers, and what people and programs did."""

    name = "audit"
    verbose_name = "Audit"
