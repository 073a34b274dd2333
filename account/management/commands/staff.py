"""`staff`: who works here, from the terminal (docs/roles.md)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from account import roles
from account.models import Role, User
from account.role_table import markdown
from common.errors import Refusal
from common.phones import normalise_phone


class Command(BaseCommand):
    """Lists staff, gives and takes roles, and prints the table of docs/roles.md. Safe to run twice."""

    help = (
        "Who works here. `staff list`; `staff grant PERSON ROLE…`; `staff revoke PERSON ROLE…`; `staff demote PERSON`"
        " ends being a superuser; `staff table` prints what each role may do. PERSON: e-mail address or number."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="Everybody with a role, and superusers.")
        verbs.add_parser("table", help="What each role may do, as Markdown.")
        demoted = verbs.add_parser("demote", help="Make a superuser an ordinary member of staff.")
        demoted.add_argument("person", help="E-mail address or telephone number.")
        for verb, meaning in (("grant", "Give roles."), ("revoke", "Take roles away.")):
            chosen = verbs.add_parser(verb, help=meaning)
            chosen.add_argument("person", help="E-mail address or telephone number.")
            chosen.add_argument("roles", nargs="+", choices=Role.values, metavar="role",
                                help=", ".join(Role.values))  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            self._list()
        elif options["verb"] == "table":
            self.stdout.write(markdown(), ending="")
        elif options["verb"] == "demote":
            self._demote(_person(options["person"]))
        else:
            self._change(options["verb"], _person(options["person"]), options["roles"])

    def _list(self) -> None:
        for user in roles.staff().order_by("pk"):
            had = {row.role for row in user.roles.all()}
            shown = [role.value for role in Role if role in had]
            if user.is_superuser:
                shown.insert(0, "superuser")
            closed = "" if user.is_active else " (closed)"
            self.stdout.write(f"{user}{closed}: {', '.join(shown) or 'no role'}")

    def _demote(self, user: User) -> None:
        try:
            changed = roles.demote_superuser(user=user)
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"{user}: {'no superuser any more' if changed else 'unchanged'}")

    def _change(self, verb: str, user: User, names: list[str]) -> None:
        change = roles.grant if verb == "grant" else roles.revoke
        for name in names:
            role = Role(name)
            try:
                changed = change(user=user, role=role, by=None)
            except Refusal as refusal:
                raise CommandError(refusal.detail) from None
            done = "given" if verb == "grant" else "taken"
            self.stdout.write(f"{user}: {name} {done if changed else 'unchanged'}")


def _person(named: str) -> User:
    if "@" in named:
        found = User.objects.with_email(named).first()
    else:
        try:
            phone = normalise_phone(named)
        except ValueError:
            raise CommandError(f"{named} is no e-mail address and no telephone number.") from None
        found = User.objects.filter(phone=phone, phone_verified_at__isnull=False).first()
    if found is None:
        raise CommandError(f"Nobody has the address or number {named}.")
    return found
