"""Accounts, and entries of postings that sum to nothing. Append-only: what was wrong is reversed, never altered.

The balance is the database's business: a deferred trigger looks at every entry when its transaction commits
(ledger.triggers).
"""

from __future__ import annotations

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from common.ids import uuid7


class Kind(models.TextChoices):
    """What an account counts. Assets and expenses grow by debits, the others by credits."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    EQUITY = "equity"


class Account(models.Model):
    """One account of the chart, known by its code. Nothing is posted to one that is not active."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"),
                name="account_code_is_words_and_dots",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="account_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.code


class Entry(models.Model):
    """Something that happened to money, once: `kind` and `key` together name it.

    `occurred_at` is when it happened, `created_at` when the transaction that wrote it down began: only that one can add
    postings. Of people it holds the number of an account and nothing else; erasing a customer leaves it as it is.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    note = models.CharField(max_length=300, blank=True, default="", db_default="")
    order = models.UUIDField(null=True, blank=True, help_text="Id of the order it is about.")
    occurred_at = models.DateTimeField(db_default=TransactionNow())
    created_at = models.DateTimeField(db_default=TransactionNow())
    actor = models.CharField(max_length=80, help_text="gateway:chapa, system, staff, customer …")
    user_id = models.BigIntegerField(
        null=True, blank=True, help_text="Number of the account of the person who did it."
    )

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="entry_is_posted_once"),
            models.CheckConstraint(
                condition=Q(kind__regex=r"^[a-z][a-z_]*(\.[a-z][a-z_]*)*$"),
                name="entry_kind_is_words_and_dots",
            ),
            models.CheckConstraint(condition=~Q(key=""), name="entry_has_a_key"),
        ]
        indexes = [
            models.Index(fields=["-occurred_at", "-id"], name="entry_by_time"),
            models.Index(fields=["order"], condition=Q(order__isnull=False), name="entry_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Posting(models.Model):
    """One side of an entry: a debit (`amount` > 0) or a credit (`amount` < 0), in major units of `currency`."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="postings")
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="postings", db_index=False, db_column="account"
    )
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="posting_is_not_of_nothing"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="posting_currency_is_a_code"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "currency", "entry"], name="posting_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount} {self.currency}"
