"""The doors through which orders change after they were placed: edits, cancellations by line, notes; and refunds due."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.conditional import demand_state, takes_if_match
from common.idempotency import idempotent
from common.public_doors import checked
from common.schema import FORBIDDEN, TOO_MANY, refuses
from inventory.services import PurchaseLimit
from orders import edits
from orders.access import HoldsOrder, actor_of, order_state, own_orders_of
from orders.asked import NotForSale, OutOfStock
from orders.change_serializers import (
    CancelLinesSerializer,
    EditedSerializer,
    EditSerializer,
    NewNoteSerializer,
    NoteSerializer,
    RefundDueSerializer,
    operations_of,
)
from orders.edit_effects import Edited, OrderIsPaid
from orders.models import Order, OrderNote, RefundDue, WrongOrderState
from orders.notes import add_note
from orders.repricing import OrderCannotBeEdited
from orders.services import lock_order
from orders.views import find_order
from pricing.quoting import TotalTooLarge

MAY_EDIT = "orders.change_order"
MAY_CANCEL = "orders.cancel_order"


class EditsOrders(BasePermission):
    """Staff who see all orders and may change them."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return bool(
            user.is_authenticated and user.has_perm("orders.view_order") and user.has_perm(MAY_EDIT)
        )


class SeesRefundsDue(BasePermission):
    """Who answers for money."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm("orders.view_refunddue"))


class NotesOrders(HoldsOrder):
    """Holders of orders read what is for them; writing is for staff."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS:
            return super().has_permission(request, view)
        user: Any = request.user
        return bool(
            user.is_authenticated
            and user.has_perm("orders.view_order")
            and user.has_perm("orders.add_ordernote")
        )


def _answer(edited: Edited) -> Response:
    """The order as it stands, read anew."""
    fresh = Order.objects.for_reading().get(pk=edited.order.pk)
    shown = Edited(
        fresh, edited.revision, edited.before, edited.after, edited.refund, edited.lost, edited.why
    )
    return Response(EditedSerializer(shown).data, status=status.HTTP_201_CREATED)


def _demand_unchanged(request: Request, order: Order) -> None:
    if "If-Match" in request.headers:
        demand_state(request, order_state(lock_order(order.pk)))


class OrderEditsView(APIView):
    """Changing an order before it leaves."""

    permission_classes = [EditsOrders]

    @refuses(
        NotForSale, OutOfStock, PurchaseLimit, OrderIsPaid, edits.NothingLeft, edits.PaymentInFlight,
        OrderCannotBeEdited, WrongOrderState, TotalTooLarge, FORBIDDEN,
    )  # fmt: skip
    @extend_schema(
        operation_id="orders_edit",
        summary="Change an order before it leaves",
        description=(
            "Adds, changes, takes out and reprices lines, all of it or nothing. Prices, promotions, taxes and rates stay"
            " those of the order's moment; what is added costs what it costs today. A pending order may come to more or"
            " less; one whose payment is under way is refused. A paid order may only become cheaper or stay: the difference"
            " becomes a refund due, its stock returns, a credit note is issued. The customer is told. `no_longer_applied`"
            " names promotions that the order no longer qualifies for; their uses are given back when it is cancelled."
        ),
        tags=["orders"],
        request=EditSerializer,
        responses={201: EditedSerializer},
    )
    @takes_if_match
    @idempotent()
    def post(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id)
        data = checked(EditSerializer, request.data)
        _demand_unchanged(request, order)
        return _answer(
            edits.edit(
                order_id=order.pk,
                operations=operations_of(data["operations"], order.currency),
                reason=data["reason"],
                by=actor_of(request, permission=MAY_EDIT),
            )
        )


class CancelLinesView(APIView):
    """Taking pieces out of an order."""

    permission_classes = [HoldsOrder]

    @refuses(
        edits.PiecesShipped, edits.PaymentInFlight, OrderCannotBeEdited, OrderIsPaid,
        WrongOrderState, FORBIDDEN, TOO_MANY,
    )  # fmt: skip
    @extend_schema(
        operation_id="orders_cancel_lines",
        summary="Cancel pieces of an order",
        description=(
            "Takes pieces that have not left out of an order. Customers do it while their order is pending; staff who may"
            " change orders also when it is paid: then money is owed back, stock returns and a credit note is issued. The"
            " last pieces of a pending order cancel it. What remains is priced as it was: a promotion may no longer hold"
            " for it, and a paid order that would become dearer by that is refused."
        ),
        tags=["orders"],
        request=CancelLinesSerializer,
        responses={201: EditedSerializer},
    )
    @takes_if_match
    @idempotent()
    def post(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id)
        user: Any = request.user
        is_staff = bool(user.is_authenticated and user.has_perm(MAY_CANCEL))
        if not is_staff and not own_orders_of(request).filter(pk=order.pk).exists():
            raise PermissionDenied
        data = checked(CancelLinesSerializer, request.data)
        _demand_unchanged(request, order)
        return _answer(
            edits.cancel_pieces(
                order_id=order.pk,
                pieces={one["line"]: one["quantity"] for one in data["lines"]},
                reason=data.get("reason") or "not wanted any more",
                by=actor_of(request, permission=MAY_CANCEL),
                own=not is_staff,
                unpaid_only=not (user.is_authenticated and user.has_perm(MAY_EDIT)),
            )
        )


@extend_schema_view(
    get=extend_schema(
        operation_id="orders_notes",
        summary="List the notes on an order",
        description="Newest first. Staff whose role grants it see all of them, customers those that are for them.",
        tags=["orders"],
    )
)
class OrderNotesView(generics.ListAPIView[OrderNote]):
    """Remarks on one order."""

    permission_classes = [NotesOrders]
    serializer_class = NoteSerializer
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    filter_backends = []
    queryset = OrderNote.objects.none()

    def get_queryset(self) -> QuerySet[OrderNote]:
        notes = find_order(self.request, self.kwargs["public_id"]).notes.all()
        return notes if self._sees_all() else notes.filter(is_for_customer=True)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "sees_who": self._sees_all()}

    def _sees_all(self) -> bool:
        user: Any = self.request.user
        return bool(user.is_authenticated and user.has_perm("orders.view_ordernote"))

    @refuses(FORBIDDEN)
    @extend_schema(
        operation_id="orders_note",
        summary="Write a note on an order",
        description="For staff; it stays as it is. With `is_for_customer` the customer reads it here, and in a letter.",
        tags=["orders"],
        request=NewNoteSerializer,
        responses={201: NoteSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id)
        data = checked(NewNoteSerializer, request.data)
        note = add_note(
            order_id=order.pk,
            text=data["text"],
            is_for_customer=data["is_for_customer"],
            by=actor_of(request, permission="orders.add_ordernote"),
        )
        return Response(self.get_serializer(note).data, status=status.HTTP_201_CREATED)


class RefundDueFilter(django_filters.FilterSet):
    """Narrowing refunds due."""

    order = django_filters.UUIDFilter(field_name="order__public_id")
    currency = django_filters.CharFilter(field_name="order__currency", max_length=3)
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = RefundDue
        fields: list[str] = []


@extend_schema_view(
    get=extend_schema(
        operation_id="refunds_due_list",
        summary="List refunds due",
        description="What must go back to customers, and why: edits of paid orders, goods that were returned.",
        tags=["orders"],
    )
)
class RefundsDueView(generics.ListAPIView[RefundDue]):
    """Money that must go back."""

    permission_classes = [SeesRefundsDue]
    serializer_class = RefundDueSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = RefundDueFilter
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = RefundDue.objects.select_related("order")
