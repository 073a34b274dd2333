"""`manage.py import_areas [FILE]`: delivery areas out of a CSV file (docs/delivery.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from places.importing import SHIPPED, FileRefused, import_areas


class Command(BaseCommand):
    """Adds the areas of a file. Safe to run twice: the second run changes nothing."""

    help = (
        "Add delivery areas from a CSV file with the columns code, parent, kind, name, and further name_am, aliases; without"
        " a file, those of Ethiopia that come with the shop. Bad rows are reported with line and reason, the rest is taken;"
        " what is there stays as it is, unless --update. Exit code 1 when every row was rejected."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", default=SHIPPED)
        parser.add_argument(
            "--update", action="store_true", help="Areas that are there become as the file says."
        )

    def handle(self, *args: Any, file: Path, update: bool, **options: Any) -> None:
        """Take the file.

        Raises:
            CommandError: it cannot be read, or no row of it can be taken.
        """
        report = None
        try:
            with tqdm(desc="areas", unit="", file=self.stderr, disable=None) as bar:
                for report in import_areas(file, update=update):
                    with bar.external_write_mode():
                        for line, reason in report.reasons:
                            self.stdout.write(f"Rejected: line {line}: {reason}")
                    bar.update(report.read - bar.n)
        except FileRefused as refusal:
            raise CommandError(str(refusal)) from None
        if report is None:
            self.stdout.write("Areas: the file has no rows.")
            return
        self.stdout.write(
            f"Areas: {report.added} added, {report.changed} changed, {report.unchanged} there already,"
            f" {report.rejected} rejected."
        )
        if report.rejected == report.read:
            raise CommandError(f"{file}: no area could be taken.")
