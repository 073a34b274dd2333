"""The doors of returns: below their order for customers, and all of them for staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import NotFound
from common.idempotency import idempotent
from common.public_doors import checked
from common.schema import FORBIDDEN, TOO_MANY, refuses
from fulfilment import receiving, returning
from fulfilment.access import (
    MOVES_RETURNS,
    SEES_RETURNS,
    HoldsOrderOrWorks,
    Works,
    actor_of,
    context_of,
    find_order,
    may,
    returns_for_reading,
)
from fulfilment.models import ReturnReason, ReturnRequest, ReturnState, WrongReturnState
from fulfilment.refusals import NotReturnable, ReturnTooLate
from fulfilment.serializers import (
    AnswerSerializer,
    AskSerializer,
    NoteSerializer,
    ReceiveSerializer,
    RefusalSerializer,
    ReturnSerializer,
)
from inventory.refusals import BelowReserved, NotThere
from orders.access import own_orders_of
from orders.refunds import TooMuchRefunded

TAGS = ["returns"]
RETURN_ID = OpenApiParameter("return_id", OpenApiTypes.UUID, OpenApiParameter.PATH)


class OrderReturnsView(generics.GenericAPIView[ReturnRequest]):
    """The returns of one order."""

    permission_classes = [HoldsOrderOrWorks]
    sees = SEES_RETURNS
    queryset = ReturnRequest.objects.none()
    serializer_class = ReturnSerializer
    filter_backends = []
    orderings = {"created_at": "created_at", "-created_at": "-created_at"}
    default_ordering = "created_at"

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="order_returns_list",
        summary="List an order's returns",
        description="What is to come back of the order, what has, and what is owed for it.",
        tags=TAGS,
        responses=ReturnSerializer(many=True),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id, sees=SEES_RETURNS)
        page: Any = self.paginate_queryset(returns_for_reading().filter(order=order))
        shown = ReturnSerializer(page, many=True, context=context_of(request, sees=SEES_RETURNS))
        return self.get_paginated_response(shown.data)

    @refuses(NotReturnable, ReturnTooLate, FORBIDDEN)
    @extend_schema(
        operation_id="order_returns_create",
        summary="Ask to send something back",
        description=(
            f"Pieces that were shipped, within {returning.RETURN_DAYS} days of the last delivery. Staff answer; the customer"
            " is written to at every step. Staff may ask for a customer, at any time."
        ),
        tags=TAGS,
        request=AskSerializer,
        responses={201: ReturnSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id, sees=SEES_RETURNS)
        works = may(request, MOVES_RETURNS)
        if not works and not own_orders_of(request).filter(pk=order.pk).exists():
            raise PermissionDenied
        data = checked(AskSerializer, request.data)
        asked = returning.request_return(
            order_id=order.pk,
            lines={one["line_id"]: one["quantity"] for one in data["lines"]},
            reason=data["reason"],
            customer_note=data.get("note", ""),
            is_timely=works,
            by=actor_of(request, MOVES_RETURNS),
        )
        shown = ReturnSerializer(
            returns_for_reading().get(pk=asked.pk), context=context_of(request, sees=SEES_RETURNS)
        )
        return Response(shown.data, status.HTTP_201_CREATED)


class ReturnFilter(django_filters.FilterSet):
    """Narrowing the list of returns."""

    state = django_filters.ChoiceFilter(choices=ReturnState.choices)
    reason = django_filters.ChoiceFilter(choices=ReturnReason.choices)
    order_number = django_filters.CharFilter(
        field_name="order__number", max_length=16, lookup_expr="iexact"
    )
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = ReturnRequest
        fields: list[str] = []


@extend_schema_view(
    get=extend_schema(
        operation_id="returns_list",
        summary="List returns",
        description="Of all orders, newest first. `state=requested`: those that wait for an answer.",
        tags=TAGS,
    )
)
class ReturnListView(generics.ListAPIView[ReturnRequest]):
    """All returns, for staff."""

    permission_classes = [Works]
    sees, moves = SEES_RETURNS, MOVES_RETURNS
    serializer_class = ReturnSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = ReturnFilter
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = ReturnRequest.objects.none()

    def get_queryset(self) -> QuerySet[ReturnRequest]:
        found: QuerySet[ReturnRequest] = returns_for_reading()
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "is_staff": True}


class ReturnDoor(APIView):
    """What the doors of one return share."""

    permission_classes = [Works]
    sees, moves = SEES_RETURNS, MOVES_RETURNS

    def find(self, return_id: UUID) -> ReturnRequest:
        """The return.

        Raises:
            NotFound
        """
        found: ReturnRequest | None = returns_for_reading().filter(public_id=return_id).first()
        if found is None:
            raise NotFound("There is no such return.")
        return found

    def shown(self, return_id: UUID) -> Response:
        """A return as it is answered."""
        return Response(ReturnSerializer(self.find(return_id), context={"is_staff": True}).data)


class ReturnView(ReturnDoor):
    """One return."""

    @extend_schema(
        operation_id="returns_retrieve",
        summary="Read a return",
        description="One return, of whatever order.",
        tags=TAGS,
        parameters=[RETURN_ID],
        responses={200: ReturnSerializer},
    )
    def get(self, request: Request, return_id: UUID) -> Response:
        return self.shown(return_id)


class ApproveView(ReturnDoor):
    """It may be sent."""

    @refuses(WrongReturnState)
    @extend_schema(
        operation_id="returns_approve",
        summary="Approve a return",
        description="The customer is told to send it; `answer` says where to, and whatever else they should know.",
        tags=TAGS,
        parameters=[RETURN_ID],
        request=AnswerSerializer,
        responses={200: ReturnSerializer},
    )
    @idempotent()
    def post(self, request: Request, return_id: UUID) -> Response:
        asked = self.find(return_id)
        data = checked(AnswerSerializer, request.data)
        by = actor_of(request, MOVES_RETURNS)
        returning.approve(return_id=asked.pk, by=by, answer=data.get("answer", ""))
        return self.shown(return_id)


class RefuseView(ReturnDoor):
    """It is not taken."""

    @refuses(WrongReturnState)
    @extend_schema(
        operation_id="returns_refuse",
        summary="Refuse a return",
        description="The customer is told why. They may ask again.",
        tags=TAGS,
        parameters=[RETURN_ID],
        request=RefusalSerializer,
        responses={200: ReturnSerializer},
    )
    @idempotent()
    def post(self, request: Request, return_id: UUID) -> Response:
        asked = self.find(return_id)
        data = checked(RefusalSerializer, request.data)
        by = actor_of(request, MOVES_RETURNS)
        returning.refuse(return_id=asked.pk, by=by, answer=data["answer"])
        return self.shown(return_id)


class ReceiveView(ReturnDoor):
    """It has come."""

    @refuses(WrongReturnState, NotReturnable, TooMuchRefunded, NotThere, BelowReserved)  # fmt: skip
    @extend_schema(
        operation_id="returns_receive",
        summary="Take in what came back",
        description=(
            "Good pieces go back on the shelf, the others are written off. The customer's share of each line is owed to them"
            " (less where `amount` says so, and the delivery fee only where `delivery_refund` does) and credited."
        ),
        tags=TAGS,
        parameters=[RETURN_ID],
        request=ReceiveSerializer,
        responses={200: ReturnSerializer},
    )
    @idempotent()
    def post(self, request: Request, return_id: UUID) -> Response:
        asked = self.find(return_id)
        data = checked(ReceiveSerializer, request.data, currency=asked.order.currency)
        receiving.receive(
            return_id=asked.pk,
            lines={
                one["line_id"]: receiving.Arrived(
                    one["restocked"], one["written_off"], one.get("amount")
                )
                for one in data["lines"]
            },
            location=data.get("location", ""),
            delivery_refund=data.get("delivery_refund", receiving.ZERO),
            note=data.get("note", ""),
            by=actor_of(request, MOVES_RETURNS),
        )
        return self.shown(return_id)


class CloseView(ReturnDoor):
    """Nothing more is to come of it."""

    @refuses(WrongReturnState)
    @extend_schema(
        operation_id="returns_close",
        summary="Close a return",
        description="Of an approved one nothing came, and the customer is told; a received one is done with.",
        tags=TAGS,
        parameters=[RETURN_ID],
        request=NoteSerializer,
        responses={200: ReturnSerializer},
    )
    @idempotent()
    def post(self, request: Request, return_id: UUID) -> Response:
        asked = self.find(return_id)
        data = checked(NoteSerializer, request.data)
        by = actor_of(request, MOVES_RETURNS)
        returning.close(return_id=asked.pk, by=by, note=data.get("note", ""))
        return self.shown(return_id)
