"""Questions across apps."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """Figures and the doctor; owns no table."""

    name = "reporting"
