"""Imports and exports in the admin: to read. They are begun through the API or by command."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from catalog.models import Transfer


@admin.register(Transfer)
class TransferAdmin(admin.ModelAdmin):
    """How far each is, and what it found."""

    list_display = ["created_at", "direction", "format", "file", "state", "position", "total"]
    list_filter = ["direction", "state", "format"]
    ordering = ["-created_at", "-id"]
    list_select_related = ["user"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
