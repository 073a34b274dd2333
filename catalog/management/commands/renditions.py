"""Makes the smaller copies of pictures, or sweeps away files that no picture has."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from tqdm import tqdm

from catalog.images import StorageUnavailable
from catalog.models import Image
from catalog.renditions import make_renditions, sweep, without_renditions


class Command(BaseCommand):
    """`manage.py renditions --missing`"""

    help = "Make the smaller copies of pictures (WebP and JPEG, 200 to 1600 pixels). Safe to run twice, and to interrupt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--missing", action="store_true", help="for pictures that have none")
        what.add_argument("--all", action="store_true", help="for every picture, anew")
        what.add_argument(
            "--sweep",
            action="store_true",
            help="delete files, older than a day, that no picture has",
        )
        parser.add_argument("--dry-run", action="store_true", help="with --sweep: only name them")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"] and not options["sweep"]:
            raise CommandError("--dry-run goes with --sweep.")
        try:
            if options["sweep"]:
                self._sweep(dry_run=options["dry_run"])
            else:
                self._make(everything=options["all"])
        except StorageUnavailable as refusal:
            raise CommandError(
                f"{refusal.detail} ({refusal.__cause__}). What is done is done: run it again."
            ) from None

    def _make(self, *, everything: bool) -> None:
        rows = Image.objects.exclude(file="")
        if everything:
            ids = rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=1000)
        else:
            rows, ids = rows.filter(renditions=[]), without_renditions()
        with tqdm(ids, total=rows.count(), unit="picture", disable=None) as bar:
            made = sum(make_renditions(image_id=image_id) for image_id in bar)
        self.stdout.write(f"Renditions were made of {made} pictures.")

    def _sweep(self, *, dry_run: bool) -> None:
        count = 0
        for name in sweep(dry_run=dry_run):
            self.stdout.write(name)
            count += 1
        self.stdout.write(f"{'Would delete' if dry_run else 'Deleted'} {count} files.")
