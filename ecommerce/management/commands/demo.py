"""`manage.py demo`: fill a development database with a small shop and two people."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from catalog.demo.building import (
    AnotherBuilder,
    Built,
    build_goods,
    build_shelves,
    missing_goods,
    one_builder,
)
from catalog.demo.people import settle_people
from orders.documents.demo import build_legal_details
from pricing.delivery_demo import build_delivery


class Command(BaseCommand):
    """Builds what is missing of the demo shop; once all is there, a further run changes nothing."""

    help = "Fill the development database with a small demo shop and two users."

    def handle(self, *args: Any, **options: Any) -> None:
        """Build what is missing.

        Raises CommandError in production, and when another run does not come to an end.
        """
        if settings.PRODUCTION:
            raise CommandError("The demo shop is for development and is refused in production.")
        file = Path(settings.DATA_DIR) / "credentials.json"
        try:
            with one_builder():
                shelves = build_shelves()
                goods = missing_goods()
                build_goods(goods, progress=partial(_bar, total=len(goods)))
                delivery = build_delivery()
                details = build_legal_details()
                people = settle_people(file)
        except AnotherBuilder:
            raise CommandError("Another run is building the demo shop: try again later.") from None
        if shelves or goods or people or delivery or details:
            self.stdout.write(
                f"Demo shop: {len(goods)} products and {shelves} categories added; log-ins in {file}."
            )
        else:
            self.stdout.write(f"Demo shop: nothing to add; log-ins in {file}.")


def _bar(built: Iterable[Built], total: int) -> Iterable[Built]:
    return tqdm(built, desc="Demo shop", unit="product", total=total, disable=None, leave=False)
