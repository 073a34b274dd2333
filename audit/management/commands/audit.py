"""`manage.py audit`: what is recorded, and forgetting what is old."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit import services, triggers
from audit.reference import markdown


class Command(BaseCommand):
    """The audit log from the terminal."""

    help = "The audit log: print what is recorded, check its triggers, or delete what is old."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "verb", choices=["table", "check", "prune"],
            help="table: what is recorded, as docs/audit.md has it; check: are all triggers there; prune: delete"
            " entries older than AUDIT_KEEP_DAYS now.",
        )  # fmt: skip

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Print what the verb says."""
        if verb == "table":
            self.stdout.write(markdown(), ending="")
        elif verb == "prune":
            self.stdout.write(f"{services.prune()} entries deleted")
        else:
            flaws = triggers.flaws()
            self.stdout.write("\n".join(flaws) or "every change is audited")
            if flaws:
                raise SystemExit(1)
