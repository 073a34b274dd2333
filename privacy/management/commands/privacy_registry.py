"""`manage.py privacy_registry`: the table of docs/privacy.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from privacy.registry import as_markdown

BEGIN, END = "<!-- registry -->\n", "<!-- /registry -->\n"


class Command(BaseCommand):
    """Print where the shop holds data about people, or write it into docs/privacy.md."""

    help = "Print where the shop holds data about people; --write puts it into docs/privacy.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="Mend docs/privacy.md.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(as_markdown())
            return
        path = Path(settings.BASE_DIR) / "docs" / "privacy.md"
        path.write_text(with_registry(path.read_text()))


def with_registry(text: str) -> str:
    """The document, with the present registry between its marks."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}{as_markdown()}{END}", text)
