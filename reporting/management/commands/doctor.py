"""`manage.py doctor`: does everything add up?"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from reporting.doctor import INVARIANTS, examine


class Command(BaseCommand):
    """Exit 0 when every invariant holds; else 1 and one line per violation."""

    help = "Check every invariant of the shop: stock, reservations, totals, payments, jobs."

    def handle(self, *args: Any, **options: Any) -> None:
        violations = examine()
        for violation in violations:
            self.stdout.write(str(violation))
        if violations:
            self.stderr.write(f"{len(violations)} violations.")
            sys.exit(1)
        self.stdout.write(f"Healthy: {len(INVARIANTS)} invariants hold.")
