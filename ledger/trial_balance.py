"""The trial balance: every account's balance as a debit or a credit. Both columns sum to the same, or it is broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from common.money import Money
from ledger.models import Account
from ledger.services import balances


@dataclass(frozen=True, slots=True)
class Row:
    """One account; one of `debit` and `credit` is zero, or both are."""

    account: str
    name: str
    kind: str
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """One currency's accounts, by code."""

    currency: str
    accounts: tuple[Row, ...]

    @property
    def debit(self) -> Money:
        return Money(sum((row.debit.amount for row in self.accounts), Decimal(0)), self.currency)

    @property
    def credit(self) -> Money:
        return Money(sum((row.credit.amount for row in self.accounts), Decimal(0)), self.currency)

    @property
    def is_balanced(self) -> bool:
        return self.debit == self.credit


def trial_balance(*, at: datetime | None = None, currency: str | None = None) -> list[TrialBalance]:
    """By currency, in two statements. Accounts that have moved and hold nothing are shown with zeros.

    Args:
        at: counts what had occurred by then; None: everything.
    """
    accounts = Account.objects.in_bulk()
    found = sorted(balances(at=at, currency=currency), key=lambda one: (one.currency, one.account))
    return [
        TrialBalance(
            code,
            tuple(
                Row(
                    one.account,
                    accounts[one.account].name,
                    accounts[one.account].kind,
                    Money(max(one.amount, Decimal(0)), code),
                    Money(max(-one.amount, Decimal(0)), code),
                )
                for one in rows
            ),
        )
        for code, rows in groupby(found, key=lambda one: one.currency)
    ]
