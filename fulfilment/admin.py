"""Shipments and returns in the admin: to read, and to move by verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.actors import Actor
from common.errors import Refusal
from fulfilment import returning, travelling
from fulfilment.models import (
    ReturnEvent,
    ReturnLine,
    ReturnRequest,
    Shipment,
    ShipmentEvent,
    ShipmentLine,
)
from inventory.admin import ReadOnlyAdmin


class _PartOf(admin.TabularInline):
    """Rows of a shipment or return: who may see that sees them, and nobody writes them here."""

    extra = 0
    can_delete = False
    parent = "fulfilment.view_shipment"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.parent)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShipmentLineInline(_PartOf):
    """What is in it."""

    model = ShipmentLine
    fields = ["line", "quantity"]


class ShipmentEventInline(_PartOf):
    """What happened."""

    model = ShipmentEvent
    fields = ["created_at", "from_state", "state", "actor", "note"]
    ordering = ["id"]


class ReturnLineInline(_PartOf):
    """What is to come, and what came."""

    model = ReturnLine
    fields = ["line", "quantity", "received", "restocked", "written_off", "amount"]
    parent = "fulfilment.view_returnrequest"


class ReturnEventInline(_PartOf):
    """What happened."""

    model = ReturnEvent
    fields = ["created_at", "from_state", "state", "actor", "note"]
    ordering = ["id"]
    parent = "fulfilment.view_returnrequest"


class _Moves(ReadOnlyAdmin):
    """Fields are read-only; actions call verbs, row by row."""

    moves: str
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ["order"]

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Moving a row is a change, though its fields are read-only."""
        return request.user.has_perm(self.moves)

    def each(
        self, request: HttpRequest, rows: QuerySet[Any], verb: Callable[..., object], named: str, **rest: Any
    ) -> None:  # fmt: skip
        """Call a verb for each row, and tell what it refused."""
        by = Actor("staff", request.user.pk, str(request.user)[:60])
        done = 0
        for row in rows.select_related("order").order_by("pk"):
            try:
                verb(**{named: row.pk}, by=by, **rest)
                done += 1
            except Refusal as refusal:
                self.message_user(request, f"{row.order.number}: {refusal.detail}", messages.ERROR)
        if done:
            self.message_user(request, f"{done} done.", messages.SUCCESS)


@admin.register(Shipment)
class ShipmentAdmin(_Moves):
    """Find a parcel, see its story, move it on."""

    moves = "fulfilment.change_shipment"
    list_display = [
        "order", "number", "kind", "state", "carrier", "tracking_number", "packed_at", "sent_at", "delivered_at",
    ]  # fmt: skip
    list_filter = ["state", "kind", "packed_at"]
    search_fields = ["=order__number", "=public_id", "=tracking_number"]
    search_help_text = "An order's number, a tracking number, the id of a shipment."
    ordering = ["-packed_at", "-id"]
    exclude = ["code_digest"]
    inlines = [ShipmentLineInline, ShipmentEventInline]
    actions = ["mark_sent", "mark_ready", "mark_delivered", "cancel_shipments"]

    @admin.action(description="Mark as sent", permissions=["move"])
    def mark_sent(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        self.each(request, queryset, travelling.send, "shipment_id")

    @admin.action(description="Mark as ready for pickup", permissions=["move"])
    def mark_ready(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        self.each(request, queryset, travelling.make_ready, "shipment_id")

    @admin.action(description="Mark as delivered", permissions=["move"])
    def mark_delivered(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        self.each(request, queryset, travelling.mark_delivered, "shipment_id")

    @admin.action(description="Cancel: it has not left", permissions=["move"])
    def cancel_shipments(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        self.each(request, queryset, travelling.cancel_shipment, "shipment_id")


@admin.register(ReturnRequest)
class ReturnRequestAdmin(_Moves):
    """Find a return, see its story. Taking goods in wants numbers, and is the API's business."""

    moves = "fulfilment.change_returnrequest"
    list_display = ["order", "state", "reason", "amount", "created_at", "decided_at", "received_at"]
    list_filter = ["state", "reason", "created_at"]
    search_fields = ["=order__number", "=public_id"]
    search_help_text = "An order's number, the id of a return."
    ordering = ["-created_at", "-id"]
    inlines = [ReturnLineInline, ReturnEventInline]
    actions = ["approve_returns", "close_returns"]

    @admin.action(description="Approve", permissions=["move"])
    def approve_returns(self, request: HttpRequest, queryset: QuerySet[ReturnRequest]) -> None:
        self.each(request, queryset, returning.approve, "return_id")

    @admin.action(description="Close", permissions=["move"])
    def close_returns(self, request: HttpRequest, queryset: QuerySet[ReturnRequest]) -> None:
        self.each(request, queryset, returning.close, "return_id")
