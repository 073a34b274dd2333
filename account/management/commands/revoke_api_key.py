"""`revoke_api_key`: end an API key from the terminal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from account import api_keys
from common.errors import NotFound


class Command(BaseCommand):
    """Revokes a key. It counts at its next call. Safe to run twice."""

    help = "Revoke the API key with this id (docs/api-keys.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=UUID, help="As `GET /api/keys/` and the admin show it.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = api_keys.revoke(key_id=options["id"], by=None)
        except NotFound as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"{key.name} ({key.public_id}) is revoked.")
