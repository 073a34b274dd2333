"""`manage.py export_person`: for people who ask by letter or telephone, guests among them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import Refusal
from privacy.services import export_person


class Command(BaseCommand):
    """Print everything the shop holds on a person, as JSON."""

    help = "Print everything the shop holds on a person, as JSON. Make sure that it goes to nobody else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "who", help="E-mail address, telephone number, or the id of an account."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(export_person(who=options["who"]).decode())
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
