"""`export_products [FILE]`: the catalogue as a file (docs/import.md)."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.exporting.loading import Filters, portions
from catalog.exporting.writing import Writer
from catalog.models import Product


class Command(BaseCommand):
    """Writes all products that are not archived, drafts too. Imported again, the file changes nothing."""

    help = (
        "Export products: in our own format (CSV, or JSON Lines with --jsonl) or as Shopify reads them. Without FILE, or"
        " with -, to standard output; a FILE that ends in .gz is packed. Imported again, the file changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="By default standard output.")
        parser.add_argument("--format", choices=["nexus", "shopify"], default="nexus")
        parser.add_argument("--jsonl", action="store_true", help="JSON Lines: a product per line.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["jsonl"] and options["format"] == "shopify":
            raise CommandError("Shopify reads CSV only.")
        writer = Writer(options["format"], "jsonl" if options["jsonl"] else "csv")
        if options["file"] == "-":
            self._write(writer, self._standard_output())
        else:
            self._write_file(writer, Path(options["file"]))
        for slug, reason in writer.left_out.items():
            self.stderr.write(f"Left out: {slug}: {reason}")
        self.stderr.write(f"Products: {writer.written} written.")

    def _write_file(self, writer: Writer, path: Path) -> None:
        """Under another name until it is whole: a file that is there is complete."""
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with unfinished.open("wb") as plain:
                if path.suffix == ".gz":
                    with gzip.GzipFile("", "wb", fileobj=plain, mtime=0) as packed:
                        self._write(writer, cast(BinaryIO, packed))
                else:
                    self._write(writer, plain)
            unfinished.replace(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        finally:
            unfinished.unlink(missing_ok=True)

    def _write(self, writer: Writer, out: BinaryIO) -> None:
        total = Product.objects.unarchived().count()
        with tqdm(desc="products", unit="", file=self.stderr, disable=None, total=total) as bar:
            out.write(writer.start())
            for products in portions(Filters()):
                out.write(writer.piece(products))
                bar.update(len(products))
        out.flush()

    def _standard_output(self) -> BinaryIO:
        """Bytes as they are; a test that captures our output gets them as text."""
        if getattr(self.stdout, "_out", None) is sys.stdout:
            return cast(Any, sys.stdout).buffer  # type: ignore[no-any-return]
        return cast(BinaryIO, _AsText(self.stdout))


class _AsText:
    """Writes bytes to where text is wanted."""

    def __init__(self, out: Any) -> None:
        self.out = out

    def write(self, content: bytes) -> None:
        """As UTF-8."""
        self.out.write(content.decode(), ending="")

    def flush(self) -> None:
        """Nothing waits here."""
