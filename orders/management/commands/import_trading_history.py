"""`import_trading_history FILE --currency GBP`: bring what was sold elsewhere, before (docs/trading-history.md)."""

from __future__ import annotations

import csv
import time
from argparse import ArgumentTypeError
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.importing.reading import FileRefused
from common.actors import Actor
from common.money import EXPONENTS
from orders.history_import.dates import ORDERS
from orders.history_import.reading import Rejected, open_history
from orders.history_import.running import DoesNotAddUp, HistoryRun, Listener, Outcome, RunRefused

IMPORTER = Actor("system", name="trading history")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Command(BaseCommand):
    """Imports past sales. Safe to run twice: the second run adds nothing; a killed one goes on."""

    help = (
        "Import past sales from a CSV file in the layout of the public Online Retail data: InvoiceNo,StockCode,Description,"
        "Quantity,InvoiceDate,UnitPrice,CustomerID,Country; .gz is fine. Rows that cannot be a sale are reported with line "
        "and reason, the rest is imported; run twice, nothing is added. Exit code 0 when any line of the file is in the "
        "shop afterwards, otherwise 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--currency", required=True, choices=sorted(EXPONENTS), type=str.upper,
            help="Of all prices in the file.",
        )  # fmt: skip
        parser.add_argument(
            "--tax-rate", type=_rate, default=Decimal(0), metavar="0.20",
            help="Of the tax that all prices include; without it, sales are booked without tax.",
        )  # fmt: skip
        parser.add_argument(
            "--date-format", choices=ORDERS, default="",
            help="Of dates such as 12/1/2010 8:26; by default as the file's own dates tell. ISO dates are always read.",
        )  # fmt: skip
        parser.add_argument(
            "--time-zone", type=_zone, default=ZoneInfo(settings.SHOP_TIME_ZONE), metavar="Europe/London",
            help=f"Of times that name none; by default the shop's, {settings.SHOP_TIME_ZONE}.",
        )  # fmt: skip
        parser.add_argument(
            "--report",
            type=Path,
            help="Write the rejected rows, with line and reason, to this CSV file.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Report, but keep nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with ExitStack() as stack:
            try:
                history = open_history(options["file"])
                _refuse_same_file(options["file"], options["report"])
                report = _Report(options["report"], history.table.columns, stack)
            except FileRefused as refusal:
                raise CommandError(str(refusal)) from None
            except OSError as error:
                raise CommandError(f"{options['report']}: {error.strerror}.") from None
            bars = _Bars(self, stack)

            def rejected(row: Rejected) -> None:
                report.add(row)
                bars.say(f"Rejected: line {row.line}: {row.reason}")

            run = HistoryRun(
                history=history, currency=options["currency"], zone=options["time_zone"], by=IMPORTER,
                order=options["date_format"], tax_rate=options["tax_rate"], dry_run=options["dry_run"],
                listener=Listener(rejected, bars.begin, bars.advance),
            )  # fmt: skip
            try:
                outcome = run.take()
            except RunRefused as refusal:
                raise CommandError(str(refusal)) from None
            except DoesNotAddUp as problem:
                raise CommandError(f"The import does not add up. {problem}.") from None
        seconds = time.monotonic() - started
        self.stdout.write(_summary(run, outcome, seconds))
        if not outcome.imported.lines:
            raise CommandError(f"{options['file']}: no line could be imported.")


def _summary(run: HistoryRun, outcome: Outcome, seconds: float) -> str:
    """What a run has done, to the line and to the penny."""
    guessed = (
        "" if run.is_certain else " (guessed: no date of the file says so, or some contradict)"
    )
    imported, read, rejected = outcome.imported, outcome.read, outcome.rejected
    table = [
        ("Lines read", read.lines, read.exact, read.rounded),
        ("Imported", imported.lines, imported.exact, imported.rounded),
        ("  sales", outcome.sales.lines, outcome.sales.exact, outcome.sales.rounded),
        ("  credits", outcome.credits.lines, outcome.credits.exact, outcome.credits.rounded),
        ("Rejected", rejected.lines, rejected.exact, rejected.rounded),
    ]
    rows = [f"{'':<12} {'lines':>9} {'exact sum':>20} {'rounded sum':>16}"]
    rows += [
        f"{name:<12} {lines:>9} {_plain(exact):>20} {rounded:>16.2f}"
        for name, lines, exact, rounded in table
    ]
    speed = f"{read.lines / seconds:,.0f} lines a second" if seconds else ""
    rows += [
        f"Read = imported + rejected, to the line and to the penny, in {run.currency}; credits count below zero.",
        f"New in this run: {imported.new} lines; there already: {imported.lines - imported.new}.",
        f"Of the rejected, without a value: {rejected.without_value}."
        f" Dates: {run.order}{guessed}, times of {run.zone}. {seconds:.1f} s, {speed}.",
    ]
    if run.dry_run:
        rows.append("Nothing was kept: this was a dry run.")
    return "\n".join(rows)


def _plain(amount: Decimal) -> str:
    """Without zeros at the end, but with at least two decimals."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


class _Bars:
    """A progress bar for each phase; silent where nobody watches."""

    def __init__(self, command: Command, stack: ExitStack) -> None:
        self.command, self.stack = command, stack
        self.bar: Any = None

    def begin(self, phase: str, lines: int) -> None:
        self.close()
        self.bar = tqdm(
            desc=phase, total=lines, unit=" lines", file=self.command.stderr, disable=None, mininterval=0.5
        )  # fmt: skip
        self.stack.callback(self.close)

    def advance(self, lines: int) -> None:
        self.bar.update(lines)

    def say(self, text: str) -> None:
        with self.bar.external_write_mode():
            self.command.stdout.write(text)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


class _Report:
    """The rejected rows as a CSV file that a spreadsheet can open without running anything."""

    def __init__(self, path: Path | None, columns: tuple[str, ...], stack: ExitStack) -> None:
        self.columns, self.out = columns, None
        if path is not None:
            file = stack.enter_context(path.open("w", newline="", encoding="utf-8"))
            self.out = csv.writer(file)
            self.out.writerow(["line", "reason", *columns])

    def add(self, row: Rejected) -> None:
        if self.out is not None:
            cells = [row.cells.get(column, "") for column in self.columns]
            self.out.writerow([row.line, *(harmless(cell) for cell in (row.reason, *cells))])


def _refuse_same_file(file: Path, report: Path | None) -> None:
    """The report must not be written over what it is about."""
    if report is not None and report.exists() and report.samefile(file):
        raise CommandError(f"{report} is the file that is imported: write the report to another.")


def harmless(cell: str) -> str:
    """The cell, so that no spreadsheet takes it for a formula; numbers stay as they are."""
    if cell.startswith(FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _rate(text: str) -> Decimal:
    if (
        not _is_number(text)
        or not 0 <= Decimal(text) < 1
        or Decimal(text) != round(Decimal(text), 4)
    ):
        raise ArgumentTypeError(f"{text!r} is no rate: 0.2 is 20 %; at most four decimals.")
    return Decimal(text)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentTypeError(f"{name!r} is no time zone; such as Europe/London.") from None
