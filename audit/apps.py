"""Who did what."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit log: changes written by triggers, and what people and programs did."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """What this thread writes (a command's) carries its author; requests and jobs see to their own threads."""
        from audit import injection

        injection.install_here()
