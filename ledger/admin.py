"""The ledger in the admin: to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ledger.models import Account, Entry, Posting
from ledger.views import MAY_READ


class ReadsLedgerMixin:
    """One permission opens all pages of the ledger; nothing is written here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_READ)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY_READ)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PostingInline(ReadsLedgerMixin, admin.TabularInline):
    """Debits above zero, credits below."""

    model = Posting
    fields = ["account", "amount", "currency"]
    ordering = ["id"]
    extra = 0


@admin.register(Entry)
class EntryAdmin(ReadsLedgerMixin, admin.ModelAdmin):
    """What happened to money."""

    list_display = ["occurred_at", "kind", "key", "order", "actor", "note"]
    list_filter = ["kind", "occurred_at"]
    search_fields = ["=key", "=order", "=public_id"]
    search_help_text = "A payment's reference, the id of an order or of an entry."
    ordering = ["-occurred_at", "-id"]
    inlines = [PostingInline]
    list_per_page = 50
    show_full_result_count = False


@admin.register(Account)
class AccountAdmin(ReadsLedgerMixin, admin.ModelAdmin):
    """The chart of accounts."""

    list_display = ["code", "name", "kind", "is_active"]
    ordering = ["code"]
