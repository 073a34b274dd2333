"""`import_products FILE`: bring a catalogue from elsewhere (docs/import.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog import transfers
from catalog.images import MAX_BYTES, read_picture, replace_source
from catalog.importing.fetching import FetchRefused, fetch
from catalog.importing.files import FORMATS, open_records
from catalog.importing.grouping import Notebook
from catalog.importing.reading import FileRefused
from catalog.importing.records import Remarks
from catalog.importing.running import ImportRun, Progress, did_something, summary
from catalog.models import Image, Transfer
from common.actors import Actor
from common.errors import Refusal

IMPORTER = Actor("system", name="import")


class Command(BaseCommand):
    """Imports a file of products. Safe to run twice: the second run changes nothing; a killed one goes on."""

    help = (
        "Import products from a file: a Shopify product export (CSV), or our own format (CSV or JSON Lines); .gz is fine. "
        "Bad rows are reported with line and reason, the rest is imported; run twice, nothing changes; killed and run "
        "again, it goes on where it stopped. Exit code 0 when any product was imported (or was there already), otherwise 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--format", choices=sorted(FORMATS), help="By default recognised by the content."
        )
        parser.add_argument("--dry-run", action="store_true", help="Report, but keep nothing.")
        parser.add_argument(
            "--set-stock", action="store_true",
            help="Also set the stock of variants that exist already. Without it only new variants get stock.",
        )  # fmt: skip
        parser.add_argument(
            "--fetch-images", action="store_true",
            help="Fetch pictures from their addresses (public ones only) and store them here.",
        )  # fmt: skip
        parser.add_argument(
            "--restart", action="store_true", help="Begin anew, whatever an earlier run has done."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        remarks = Remarks()
        self.rejected = self.noticed = 0
        self.transfer: Transfer | None = None
        with Notebook() as notebook:
            try:
                records = open_records(
                    options["file"], format_=options["format"], notebook=notebook, remarks=remarks
                )
            except FileRefused as refusal:
                raise CommandError(str(refusal)) from None
            run = ImportRun(by=IMPORTER, set_stock=options["set_stock"], dry_run=options["dry_run"])
            if not run.dry_run:
                self._resume(run, records, restart=options["restart"])
            bar = tqdm(
                desc="products", unit="", file=self.stderr, disable=None,
                total=records.total, initial=run.position,
            )  # fmt: skip
            with bar:
                try:
                    for progress in run.take_all(records):
                        if options["fetch_images"] and not run.dry_run:
                            _fetch_pictures(progress)
                        self._report(progress.remarks, bar)
                        bar.update(progress.position - bar.n)
                except transfers.Overtaken:
                    raise CommandError("Another import of this file is running.") from None
            if self.transfer is not None:
                transfers.finish(self.transfer)
        self.stdout.write(
            summary(run.counts, rejected=self.rejected, notices=self.noticed, dry_run=run.dry_run)
        )
        if not did_something(run.counts):
            raise CommandError(f"{options['file']}: no product could be imported.")

    def _resume(self, run: ImportRun, records: Any, *, restart: bool) -> None:
        """Go on where an earlier run over the same bytes was killed, if one was."""
        transfer = transfers.begin_command_import(
            records=records, set_stock=run.set_stock, restart=restart
        )
        self.transfer = transfer
        transfers.follow(run, transfer)
        if run.position:
            self.stderr.write(f"Going on behind product {run.position} of {records.total}.")
            self.rejected = transfer.counts.get("rows_rejected", 0)
            self.noticed = transfer.counts.get("notices", 0)

    def _report(self, remarks: Remarks, bar: Any) -> None:
        with bar.external_write_mode():
            for heading, some in (("Rejected", remarks.rejected), ("Notice", remarks.notices)):
                for remark in sorted(some, key=lambda remark: remark.line):
                    self.stdout.write(f"{heading}: {remark}")
            if remarks.unkept:
                self.stdout.write(f"… and {remarks.unkept} further remarks")
        self.rejected += len(remarks.rejected) + remarks.unkept
        self.noticed += len(remarks.notices)


def _fetch_pictures(progress: Progress) -> None:
    """Store the products' pictures that are only addresses so far. A picture that cannot be had is a notice."""
    lines = dict(progress.written)
    found = Image.objects.filter(product__in=lines, file="").order_by(
        "product_id", "position", "pk"
    )
    for image in found:
        try:
            picture = read_picture(fetch(image.source_url, max_bytes=MAX_BYTES))
            replace_source(image=image, picture=picture)
        except (FetchRefused, Refusal) as problem:
            progress.remarks.notice(
                lines[image.product_id],
                f"picture {image.source_url[:200]} not stored: {problem}",
            )
