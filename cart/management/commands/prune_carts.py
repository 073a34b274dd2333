"""`manage.py prune_carts`: forget carts that nobody has touched for long. The worker does so every night."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from cart.pruning import prune


class Command(BaseCommand):
    """Deletes expired carts; safe at any time, and twice."""

    help = "Delete carts whose time is over (CART_EXPIRY_DAYS, USER_CART_EXPIRY_DAYS)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{prune()} carts deleted.")
