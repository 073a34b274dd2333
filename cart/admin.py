"""Carts in the admin: to read. What is in them is their holders' business."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cart.models import Cart, CartItem
from inventory.admin import ReadOnlyAdmin


class ItemInline(admin.TabularInline):
    """What is in it."""

    model = CartItem
    fields = ["variant", "quantity", "shown_price", "added_at"]
    ordering = ["id"]
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see a cart may see what is in it."""
        return request.user.has_perm("cart.view_cart")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("variant__product")


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    """Find a cart, and see what is in it."""

    list_display = ["public_id", "owner", "status", "currency", "updated_at", "expires_at"]
    list_filter = ["status", "currency", "updated_at"]
    list_select_related = ["owner"]
    search_fields = ["=public_id", "=order", "owner__email", "owner__phone"]
    date_hierarchy = "updated_at"
    ordering = ["-updated_at", "-id"]
    inlines = [ItemInline]
    exclude = ["token_hash"]
    list_per_page = 50
    show_full_result_count = False
