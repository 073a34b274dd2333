"""The ledger as the API shows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.money import EXPONENTS, Money
from common.serializers import MONEY_SCHEMA, MoneyField
from ledger.models import Account, Entry, Kind, Posting


@extend_schema_field(MoneyField())
class PostedField(serializers.Field):
    """Money of any sign and currency, to be read: `source` gives a `Money`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Decimal | Money) -> dict[str, str]:
        assert isinstance(value, Money)
        if value.currency not in EXPONENTS:  # somebody else than the shop wrote it, and it stays
            return {"amount": f"{value.amount:.2f}", "currency": value.currency}
        return value.as_json()


class AtSerializer(serializers.Serializer[Any]):
    """Of which moment, and in which currency."""

    at = serializers.DateTimeField(
        required=False, help_text="What had occurred by then; left out: everything."
    )
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, help_text="ISO 4217; left out: all.")  # fmt: skip


class LedgerAccountSerializer(serializers.ModelSerializer[Account]):
    """One account. Its balances are debits less credits: below zero where credits prevail, as in all income and debts."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    balances = serializers.SerializerMethodField()

    class Meta:
        model = Account
        fields = ["code", "name", "kind", "is_active", "balances"]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": MONEY_SCHEMA})
    def get_balances(self, account: Account) -> list[dict[str, str]]:
        found: list[Money] = self.context["balances"].get(account.code, [])
        return [PostedField().to_representation(money) for money in found]


class PostingSerializer(serializers.ModelSerializer[Posting]):
    """One side of an entry: a debit above zero, a credit below."""

    account = serializers.CharField(source="account_id")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = Posting
        fields = ["account", "amount"]
        read_only_fields = fields

    @extend_schema_field(MONEY_SCHEMA)
    def get_amount(self, posting: Posting) -> dict[str, str]:
        return PostedField().to_representation(Money(posting.amount, posting.currency))


class LedgerEntrySerializer(serializers.ModelSerializer[Entry]):
    """One entry: what happened, and its postings, which sum to zero in each currency."""

    id = serializers.UUIDField(source="public_id")
    order = serializers.UUIDField(allow_null=True, help_text="Id of the order it is about.")
    actor = serializers.CharField(help_text="By kind; the audit log knows which person.")
    postings = PostingSerializer(many=True)

    class Meta:
        model = Entry
        fields = ["id", "kind", "key", "note", "order", "occurred_at", "created_at", "actor", "postings"]  # fmt: skip
        read_only_fields = fields


class TrialRowSerializer(serializers.Serializer[Any]):
    """An account's balance, in the column of the side that prevails."""

    account = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    debit = PostedField()
    credit = PostedField()


class TrialCurrencySerializer(serializers.Serializer[Any]):
    """All balances in one currency. The two totals are equal, or the ledger is broken."""

    currency = serializers.CharField()
    accounts = TrialRowSerializer(many=True)
    debit = PostedField()
    credit = PostedField()
    is_balanced = serializers.BooleanField()


class TrialBalanceSerializer(serializers.Serializer[Any]):
    """Every account that holds something, by currency."""

    at = serializers.DateTimeField(allow_null=True)
    currencies = TrialCurrencySerializer(many=True)
