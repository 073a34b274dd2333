"""`manage.py reconcile_payments [--all-open]`: ask the gateway about payments that are not decided."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from payments import services
from payments.gateways import chapa


class Command(BaseCommand):
    """Heals lost webhooks. Safe to run twice, and beside the worker that does the same every minute."""

    help = "Ask the gateway about undecided payments now and settle what it says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all-open",
            action="store_true",
            help="every undecided payment, not only those whose next check is due",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not chapa.is_configured():
            raise CommandError("CHAPA_SECRET_KEY is not set: there is no gateway to ask.")
        bar = tqdm(desc="payments", unit="", file=self.stderr, disable=None)

        def progress(total: int) -> None:
            bar.total = total
            bar.update()

        try:
            report = services.reconcile(all_open=options["all_open"], progress=progress)
        finally:
            bar.close()
        for name, count in asdict(report).items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count}")
