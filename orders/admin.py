"""Orders in the admin: to read, and to move by verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.actors import Actor
from common.errors import Refusal
from inventory.admin import ReadOnlyAdmin
from orders import drafts, services
from orders.document_admin import DocumentAdmin, LegalDetailsAdmin
from orders.documents import content
from orders.models import DraftOrder, Order, OrderEvent, OrderLine, OrderNote, RefundDue

__all__ = ["DocumentAdmin", "DraftOrderAdmin", "LegalDetailsAdmin", "OrderAdmin"]


class _ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LineInline(_ReadOnlyInline):
    """What was ordered."""

    model = OrderLine
    fields = [
        "position", "sku", "name", "quantity", "cancelled", "shipped", "returned", "unit_price", "total",
        "discount", "tax",
    ]  # fmt: skip
    ordering = ["position"]


class EventInline(_ReadOnlyInline):
    """What happened."""

    model = OrderEvent
    fields = ["created_at", "from_status", "status", "actor", "note"]
    ordering = ["created_at", "id"]


class NoteInline(_ReadOnlyInline):
    """What staff remarked."""

    model = OrderNote
    fields = ["created_at", "text", "is_for_customer", "actor"]
    ordering = ["created_at", "id"]


class RefundInline(_ReadOnlyInline):
    """What must go back to the customer."""

    model = RefundDue
    fields = ["created_at", "amount", "key", "reason", "actor"]
    ordering = ["created_at", "id"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Find an order, see its story, ship it, complete it."""

    list_display = [
        "number", "created_at", "status", "payment_status", "total", "currency", "email", "phone",
        "delivery_time",
    ]  # fmt: skip
    list_filter = ["status", "payment_status", "fulfilment_status", "created_at"]
    search_fields = ["=number", "=public_id", "email", "phone"]
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-id"]
    inlines = [LineInline, RefundInline, NoteInline, EventInline]
    exclude = ["token_hash"]
    actions = ["mark_shipped", "mark_completed"]
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="delivery time")
    def delivery_time(self, order: Order) -> str:
        """The window that the customer was promised."""
        return content.shown_time(content.delivery_time(order))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All of it, and when it was promised."""
        return [*super().get_readonly_fields(request, obj), "delivery_time"]

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Moving an order is a change, though its fields are read-only."""
        return request.user.has_perm("orders.change_order")

    @admin.action(description="Mark as shipped", permissions=["move"])
    def mark_shipped(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._each(request, queryset, services.ship)

    @admin.action(description="Mark as completed", permissions=["move"])
    def mark_completed(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._each(request, queryset, services.complete)

    def _each(self, request: HttpRequest, queryset: QuerySet[Order], verb: Any) -> None:
        by = Actor("staff", request.user.pk, str(request.user)[:60])
        done = 0
        for pk, number in queryset.order_by("pk").values_list("pk", "number"):
            try:
                verb(order_id=pk, by=by)
                done += 1
            except Refusal as refusal:
                self.message_user(request, f"{number}: {refusal.detail}", messages.ERROR)
        if done:
            self.message_user(request, f"{done} done.", messages.SUCCESS)


@admin.register(DraftOrder)
class DraftOrderAdmin(ReadOnlyAdmin):
    """Find a draft, make it an order, throw it away. They are written through the API."""

    list_display = ["public_id", "created_at", "status", "phone", "email", "created_by", "order"]
    list_filter = ["status", "created_at"]
    list_select_related = ["order"]
    search_fields = ["=public_id", "email", "phone"]
    ordering = ["-created_at", "-id"]
    actions = ["place", "discard"]
    list_per_page = 50
    show_full_result_count = False

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Closing a draft is a change, though its fields are read-only."""
        return request.user.has_perm("orders.change_draftorder")

    @admin.action(description="Make orders of them", permissions=["move"])
    def place(self, request: HttpRequest, queryset: QuerySet[DraftOrder]) -> None:
        self._each(request, queryset, drafts.place_draft)

    @admin.action(description="Throw away", permissions=["move"])
    def discard(self, request: HttpRequest, queryset: QuerySet[DraftOrder]) -> None:
        self._each(request, queryset, drafts.discard_draft)

    def _each(self, request: HttpRequest, queryset: QuerySet[DraftOrder], verb: Any) -> None:
        by = Actor("staff", request.user.pk, str(request.user)[:60])
        done = 0
        for public_id in queryset.order_by("pk").values_list("public_id", flat=True):
            try:
                verb(draft_id=public_id, by=by)
                done += 1
            except Refusal as refusal:
                self.message_user(request, f"{public_id}: {refusal.detail}", messages.ERROR)
        if done:
            self.message_user(request, f"{done} done.", messages.SUCCESS)
