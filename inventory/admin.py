"""The history of stock in the admin: to look at. Stock itself is beside the products (`catalog.stock_admin`)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inventory.models import Movement, Reservation


class ReadOnlyAdmin(admin.ModelAdmin):
    """A list and a page that nobody can write through."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    """Every change of stock on hand."""

    list_display = [
        "created_at",
        "stock_item",
        "quantity",
        "reason",
        "location",
        "note",
        "actor",
        "holder",
    ]
    list_filter = ["reason", "created_at"]
    search_fields = ["=stock_item__id", "=holder"]
    list_select_related = ["stock_item", "location"]
    ordering = ["-id"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    """What is promised to whom."""

    list_display = ["created_at", "stock_item", "quantity", "state", "holder", "ended_at"]
    list_filter = ["state", "created_at"]
    search_fields = ["=stock_item__id", "=holder"]
    list_select_related = ["stock_item"]
    ordering = ["-id"]
