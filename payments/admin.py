"""Payments in the admin: to read, and to ask the gateway about. The review queue is the list filtered by "review"."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.errors import Refusal
from inventory.admin import ReadOnlyAdmin
from payments import services
from payments.models import Payment, PaymentEvent, WebhookEvent

ASK_AT_ONCE = 20  # each takes up to 8 seconds of the person's patience


class EventInline(admin.TabularInline):
    """What happened."""

    model = PaymentEvent
    fields = ["created_at", "from_status", "status", "actor", "note"]
    ordering = ["created_at", "id"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Find a payment, see its story, ask the gateway about it."""

    list_display = [
        "reference", "order_link", "status", "review_reason", "amount", "currency", "mode",
        "gateway_reference", "created_at", "next_check_at",
    ]  # fmt: skip
    list_filter = ["status", "review_reason", "mode", "method", "created_at"]
    list_select_related = ["order"]
    search_fields = ["=reference", "=gateway_reference", "=public_id", "=order__number"]
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-id"]
    exclude = ["idempotency_key", "fingerprint"]
    inlines = [EventInline]
    actions = ["ask_the_gateway"]
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="order", ordering="order__number")
    def order_link(self, payment: Payment) -> SafeString:
        """The order's number, leading to the order."""
        return format_html(
            '<a href="../../orders/order/{}/change/">{}</a>', payment.order_id, payment.order.number
        )

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Asking may move a payment, though its fields are read-only."""
        return request.user.has_perm("payments.check_payment")

    @admin.action(description="Ask the gateway now", permissions=["ask"])
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Settle the chosen payments."""
        chosen = list(queryset.order_by("pk").values_list("pk", "reference")[: ASK_AT_ONCE + 1])
        if len(chosen) > ASK_AT_ONCE:
            self.message_user(request, f"Choose at most {ASK_AT_ONCE} payments.", messages.ERROR)
            return
        for pk, reference in chosen:
            try:
                payment = services.settle(payment_id=pk, source="staff")
            except Refusal as refusal:
                self.message_user(request, f"{reference}: {refusal.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{reference}: {payment.status}.", messages.SUCCESS)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """What the gateway told us, byte for byte."""

    list_display = [
        "received_at", "event", "reference", "outcome", "deliveries", "signature", "processed_at",
    ]  # fmt: skip
    list_filter = ["outcome", "event", "signature", "received_at"]
    search_fields = ["=reference", "=sha256"]
    ordering = ["-received_at", "-id"]
    exclude = ["body"]
    readonly_fields = ["body_text"]
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="body")
    def body_text(self, event: WebhookEvent) -> str:
        """The raw body as text; it was UTF-8 JSON when it was accepted."""
        return bytes(event.body).decode("utf-8", "replace")
