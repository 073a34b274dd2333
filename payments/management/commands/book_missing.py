"""`manage.py book_missing`: post what was paid and is not in the ledger."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from payments import bookkeeping


class Command(BaseCommand):
    """For what the release before the ledger settled while this one was being installed. Safe to run twice."""

    help = "Post succeeded payments and paid orders that the ledger does not have."

    def handle(self, *args: Any, **options: Any) -> None:
        with tqdm(desc="entries", unit="", file=self.stderr, disable=None) as bar:
            booked = bookkeeping.book_missing(progress=bar.update)
        self.stdout.write(f"{booked} entries posted.")
