"""`manage.py order_states`: the state machine of orders as a diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from orders.states import as_mermaid, with_diagram


class Command(BaseCommand):
    """Print the diagram (Mermaid), or write it into docs/orders.md."""

    help = "Print the states of orders and their moves as Mermaid; --write puts it into docs/orders.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="Mend docs/orders.md.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(as_mermaid())
            return
        path = Path(settings.BASE_DIR) / "docs" / "orders.md"
        path.write_text(with_diagram(path.read_text()))
