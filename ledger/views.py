"""The doors of the ledger: to read. What writes it are the verbs that move money."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import NotFound
from common.money import Money
from ledger.filters import EntryFilter
from ledger.models import Account, Entry
from ledger.serializers import (
    AtSerializer,
    LedgerAccountSerializer,
    LedgerEntrySerializer,
    TrialBalanceSerializer,
)
from ledger.services import balances
from ledger.trial_balance import trial_balance

TAGS = ["ledger"]
MAY_READ = "ledger.view_entry"


class ReadsLedger(BasePermission):
    """Staff whose role grants the ledger."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm(MAY_READ))


def _at(request: Request) -> dict[str, Any]:
    query = AtSerializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    found: dict[str, Any] = query.validated_data
    return found


class AccountListView(generics.GenericAPIView[Account]):
    """The chart of accounts."""

    permission_classes = [ReadsLedger]
    serializer_class = LedgerAccountSerializer
    queryset: QuerySet[Account] = Account.objects.all()
    orderings = {"code": "code"}
    default_ordering = "code"

    @extend_schema(
        operation_id="ledger_accounts_list",
        summary="List accounts",
        description=(
            "The chart of accounts, with what each holds: debits less credits. What the shop has and what it spends is "
            "above zero, what it earns and what it owes below."
        ),
        tags=TAGS,
        parameters=[AtSerializer],
        responses=LedgerAccountSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        held: dict[str, list[Money]] = {}
        for balance in balances(**_at(request)):
            held.setdefault(balance.account, []).append(Money(balance.amount, balance.currency))
        chosen = self.paginate_queryset(Account.objects.all())
        context = {**self.get_serializer_context(), "balances": held}
        shown = LedgerAccountSerializer(chosen, many=True, context=context)
        return self.get_paginated_response(shown.data)


@extend_schema_view(
    get=extend_schema(
        operation_id="ledger_entries_list",
        summary="List entries",
        description=(
            "What happened to money, newest first. Postings above zero are debits, those below are credits; in each "
            "currency they sum to zero. Entries are never changed: what was wrong is taken back by a `reversal`, whose "
            "`key` is the id of the other."
        ),
        tags=TAGS,
    )
)
class EntryListView(generics.ListAPIView[Entry]):
    """Entries with their postings."""

    permission_classes = [ReadsLedger]
    serializer_class = LedgerEntrySerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = EntryFilter
    orderings = {"-occurred_at": "-occurred_at", "occurred_at": "occurred_at"}
    default_ordering = "-occurred_at"
    queryset = Entry.objects.prefetch_related("postings")


class EntryView(APIView):
    """One entry."""

    permission_classes = [ReadsLedger]

    @extend_schema(
        operation_id="ledger_entries_retrieve",
        summary="Read an entry",
        description="One entry with its postings.",
        tags=TAGS,
        responses=LedgerEntrySerializer,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        entry = Entry.objects.prefetch_related("postings").filter(public_id=public_id).first()
        if entry is None:
            raise NotFound("There is no such entry.")
        return Response(LedgerEntrySerializer(entry).data)


class TrialBalanceView(APIView):
    """All balances."""

    permission_classes = [ReadsLedger]

    @extend_schema(
        operation_id="ledger_trial_balance",
        summary="Show the trial balance",
        description=(
            "Each account's balance as a debit or a credit, by currency, now or at a moment. Both columns have the same "
            "sum; the database refuses whatever would make them differ."
        ),
        tags=TAGS,
        parameters=[AtSerializer],
        responses=TrialBalanceSerializer,
    )
    def get(self, request: Request) -> Response:
        query = _at(request)
        found = {"at": query.get("at"), "currencies": trial_balance(**query)}
        return Response(TrialBalanceSerializer(found).data)
