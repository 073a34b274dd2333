"""`import_products FILE`: bring a catalogue from elsewhere (docs/import.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.images import MAX_BYTES, InvalidImage, StorageUnavailable, read_picture, replace_source
from catalog.importing import nexus, shopify
from catalog.importing.fetching import FetchRefused, fetch
from catalog.importing.reading import FileRefused, Table, grouped, open_table
from catalog.importing.records import Remark, Remarks
from catalog.importing.writing import ImportRun, did_something, summary
from catalog.models import Product
from common.actors import Actor

READERS: dict[str, type[shopify.ShopifyReader] | type[nexus.NexusReader]] = {
    "shopify": shopify.ShopifyReader,
    "nexus": nexus.NexusReader,
}
IMPORTER = Actor("system", name="import")


class Command(BaseCommand):
    """Imports a CSV file of products. Safe to run twice: the second run changes nothing."""

    help = (
        "Import products from a CSV file: a Shopify product export or our own format. Bad rows are reported with line and "
        "reason, the rest is imported; run twice, nothing changes. Exit code 0 when any product was imported (or was there "
        "already), otherwise 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--format", choices=sorted(READERS), help="By default recognised by the columns."
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

    def handle(self, *args: Any, **options: Any) -> None:
        remarks = Remarks()
        run = ImportRun(
            by=IMPORTER,
            remarks=remarks,
            set_stock=options["set_stock"],
            dry_run=options["dry_run"],
        )
        try:
            table = open_table(options["file"])
            reader = READERS[options["format"] or _recognise(table)](table, remarks)
        except FileRefused as refusal:
            raise CommandError(str(refusal)) from None
        if table.encoding != "utf-8-sig":
            remarks.notice(1, f"the file is not UTF-8: read as {table.encoding}")
        bar = tqdm(desc="products", unit="", file=self.stderr, disable=None)
        with bar:
            for rows in grouped(table, reader.key, remarks, what=reader.KEY):
                record = reader.record(rows)
                product = run.take(record) if record is not None else None
                if product is not None and options["fetch_images"] and not run.dry_run:
                    _fetch_pictures(product, remarks, line=rows[0].line)
                bar.update()
        self._report("Rejected", remarks.rejected)
        self._report("Notice", remarks.notices)
        self.stdout.write(summary(run))
        if not did_something(run.counts.elements()):
            raise CommandError(f"{options['file']}: no product could be imported.")

    def _report(self, heading: str, remarks: list[Remark]) -> None:
        for remark in sorted(remarks, key=lambda remark: remark.line):
            self.stdout.write(f"{heading}: {remark}")


def _recognise(table: Table) -> str:
    return "nexus" if nexus.recognises(table.columns) else "shopify"


def _fetch_pictures(product: Product, remarks: Remarks, *, line: int) -> None:
    """Store the product's pictures that are only addresses so far. A picture that cannot be had is a notice."""
    for image in product.images.filter(file="").order_by("position", "pk"):
        try:
            picture = read_picture(fetch(image.source_url, max_bytes=MAX_BYTES))
            replace_source(image=image, picture=picture)
        except (FetchRefused, InvalidImage, StorageUnavailable) as problem:
            remarks.notice(line, f"picture {image.source_url[:200]} not stored: {problem}")
