"""What the money did."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Double entry: accounts, entries and their postings."""

    name = "ledger"
    verbose_name = "Ledger"
