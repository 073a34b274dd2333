"""Questions across apps."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """Figures and the doctor, who writes down what was found."""

    name = "reporting"
