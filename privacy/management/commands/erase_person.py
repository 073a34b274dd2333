"""`manage.py erase_person`: for people who ask by letter or telephone, guests among them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.actors import SYSTEM
from common.errors import Refusal
from privacy.erasure import NotErasedYet
from privacy.services import erase, erase_person


class Command(BaseCommand):
    """Erase a person: their account if they have one, and what names them in orders."""

    help = (
        "Erase the data of a person, for good. The account is closed at once; what the gateway must be asked about first is"
        " done by the worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "who", help="E-mail address, telephone number, or the id of an account."
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        who = options["who"]
        if not options["yes"]:
            self.stdout.write(
                "You vouch that whoever asked owns this address or number. Orders that are under way lose their customer."
            )
            try:
                said = input(f"Erase {who} for good? Type yes: ")
            except EOFError:  # no terminal: a script, a cron job, `docker exec` without -i
                raise CommandError(
                    "Nothing was done: nobody answers here; --yes does not ask."
                ) from None
            if said.strip() != "yes":
                raise CommandError("Nothing was done.")
        try:
            asked = erase_person(who=who, by=SYSTEM)
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        try:
            erase(erasure_id=asked.pk)
        except NotErasedYet:
            self.stdout.write(
                f"Erasure {asked.public_id}: the gateway does not answer about an unpaid order; the worker goes on trying."
            )
            return
        asked.refresh_from_db()
        self.stdout.write(f"Erasure {asked.public_id}: done, {asked.orders} orders redacted.")
