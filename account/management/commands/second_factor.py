"""`second_factor`: help for staff who have lost telephone and recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from account import enrolment, second_factor
from account.models import User


class Command(BaseCommand):
    """Shows, or removes, somebody's second factor. Whoever may run this vouches for the person."""

    help = (
        "`second_factor EMAIL` tells whether somebody has a second factor; with --disable it is removed, every session of"
        " theirs ends, and they are told by letter. Make sure that it is them who ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--disable", action="store_true", help="Remove it.")
        parser.add_argument("--yes", action="store_true", help="Do not ask for confirmation.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.with_email(options["email"]).first()
        if user is None:
            raise CommandError("Nobody has this address.")
        if second_factor.of(user) is None:
            raise CommandError(f"{user} has no second factor.")
        left = enrolment.codes_left(user)
        self.stdout.write(f"{user} has a second factor, and {left} recovery codes left.")
        if not options["disable"]:
            return
        if not options["yes"]:
            try:
                said = input("Type the address again to remove it: ")
            except EOFError:  # no terminal: a script, a cron job, `docker exec` without -i
                raise CommandError(
                    "Nothing was changed: nobody answers here; --yes does not ask."
                ) from None
            if said != options["email"]:
                raise CommandError("Nothing was changed.")
        enrolment.disable(user=user)
        self.stdout.write("It is removed. The password alone opens the account now.")
