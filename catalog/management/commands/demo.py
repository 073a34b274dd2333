"""`manage.py demo`: fill an empty development database with a small shop and two people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Builds the demo shop; every further run changes nothing."""

    help = "Fill the development database with a small demo shop and two users."

    def handle(self, *args: Any, **options: Any) -> None:
        """Build what is missing.

        Raises CommandError in production.
        """
        if settings.PRODUCTION:
            raise CommandError("The demo shop is for development and is refused in production.")
