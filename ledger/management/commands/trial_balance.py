"""`manage.py trial_balance [--at --currency --csv]`: does everything sum to zero, and what does each account hold?"""

from __future__ import annotations

import csv
import sys
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from common.money import EXPONENTS, Money, format_amount
from ledger.trial_balance import TrialBalance, trial_balance

HEADINGS = ["currency", "account", "name", "kind", "debit", "credit"]


class Command(BaseCommand):
    """Exit 0 when debits equal credits in every currency, else 1."""

    help = "Print every account's balance; debits and credits have the same sum in each currency."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--at", help="a day (to its end, in the shop's time) or a moment, ISO 8601"
        )
        parser.add_argument("--currency", help="ISO 4217; all if not given")
        parser.add_argument("--csv", action="store_true", help="for a spreadsheet")

    def handle(self, *args: Any, **options: Any) -> None:
        at = _moment(options["at"]) if options["at"] else None
        found = trial_balance(at=at, currency=options["currency"])
        write = self._csv if options["csv"] else self._table
        write(found)
        broken = [one.currency for one in found if not one.is_balanced]
        if broken:
            self.stderr.write(f"Debits and credits differ in {', '.join(broken)}.")
            sys.exit(1)

    def _csv(self, found: list[TrialBalance]) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(HEADINGS)
        for one in found:
            for row in one.accounts:
                writer.writerow(
                    [one.currency, row.account, row.name, row.kind, _text(row.debit), _text(row.credit)]
                )  # fmt: skip

    def _table(self, found: list[TrialBalance]) -> None:
        if not found:
            self.stdout.write("Nothing is posted.")
        for one in found:
            self.stdout.write(f"{one.currency:<42}{'debit':>18}{'credit':>18}")
            for row in one.accounts:
                self.stdout.write(
                    f"{row.account:<18} {row.name:<23}{_shown(row.debit):>18}{_shown(row.credit):>18}"
                )
            self.stdout.write(f"{'':<42}{_text(one.debit):>18}{_text(one.credit):>18}\n")


def _text(money: Money) -> str:
    known = money.currency in EXPONENTS
    return format_amount(money.amount, money.currency) if known else f"{money.amount:.2f}"


def _shown(money: Money) -> str:
    return _text(money) if money.amount else ""


def _moment(given: str) -> datetime:
    """The end of a day, or the moment itself; without a zone it is the shop's."""
    zone = ZoneInfo(settings.SHOP_TIME_ZONE)
    try:
        day = parse_date(given)
        moment = None if day else parse_datetime(given)
    except ValueError:
        raise CommandError(f"{given} is no day and no moment.") from None
    if day is not None:
        midnight = datetime.combine(day + timedelta(days=1), time.min, zone)
        return midnight - timedelta(microseconds=1)
    if moment is None:
        raise CommandError(f"{given} is no day and no moment.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, zone)
