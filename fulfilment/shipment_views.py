"""The doors of shipments, below their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.conditional import honours_if_match, state_of, tagged
from common.idempotency import idempotent
from common.limits import Limit, throttle
from common.public_doors import checked
from common.schema import FORBIDDEN, TOO_MANY, refuses
from fulfilment import handing_over, packing, travelling
from fulfilment.access import (
    MOVES_SHIPMENTS,
    SEES_SHIPMENTS,
    ReadsOrMoves,
    SignedInOrWorks,
    actor_of,
    context_of,
    find_order,
    find_order_to_move,
    find_shipment,
    for_reading,
    named_in_path,
)
from fulfilment.models import Shipment, WrongShipmentState
from fulfilment.refusals import (
    HandOverCodeNeeded,
    HandOverCodeUsedUp,
    NotToBeShipped,
    PiecesOwed,
    TooManyPieces,
    WrongHandOverCode,
)
from fulfilment.serializers import (
    CarriageSerializer,
    HandOverSerializer,
    NoteSerializer,
    NothingSerializer,
    PackSerializer,
    SendSerializer,
    ShipmentSerializer,
)

TAGS = ["shipments"]
SHIPMENT_ID = OpenApiParameter("shipment_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
CARRIAGE = ("carrier", "tracking_number", "tracking_url")
HandOverThrottle = throttle(Limit("hand_over", 30, timedelta(minutes=10)), by=named_in_path)


class ShipmentDoor(APIView):
    """What the doors of shipments share."""

    permission_classes = [SignedInOrWorks]
    sees = SEES_SHIPMENTS

    def to_move(self, request: Request, public_id: UUID, shipment_id: UUID) -> Shipment:
        """The shipment, for whoever may move it."""
        order = find_order_to_move(request, public_id, sees=SEES_SHIPMENTS, moves=MOVES_SHIPMENTS)
        return find_shipment(order, shipment_id)

    def shown(self, pk: int) -> Any:
        """A shipment as it is answered."""
        return ShipmentSerializer(
            for_reading().get(pk=pk), context=context_of(self.request, sees=SEES_SHIPMENTS)
        ).data


def _carriage(data: dict[str, Any]) -> packing.Carriage:
    return packing.Carriage(**{name: data.get(name, "") for name in CARRIAGE})


class ShipmentListView(generics.GenericAPIView[Shipment]):
    """The parcels of one order."""

    permission_classes = [ReadsOrMoves]
    sees = SEES_SHIPMENTS
    queryset = Shipment.objects.none()
    serializer_class = ShipmentSerializer
    filter_backends = []
    orderings = {"number": "number", "-number": "-number"}
    default_ordering = "number"

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="shipments_list",
        summary="List an order's shipments",
        description="What of the order travels together, how, and how far it has come: with tracking where there is some.",
        tags=TAGS,
        responses=ShipmentSerializer(many=True),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        order = find_order(request, public_id, sees=SEES_SHIPMENTS)
        page: Any = self.paginate_queryset(for_reading().filter(order=order))
        shown = ShipmentSerializer(
            page, many=True, context=context_of(self.request, sees=SEES_SHIPMENTS)
        )
        return self.get_paginated_response(shown.data)

    @refuses(NotToBeShipped, TooManyPieces, PiecesOwed, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_create",
        summary="Pack a shipment",
        description=(
            "Sets pieces of a paid order aside as one shipment: those named, or all that are there. Pieces on back-order do "
            "not go before they have come. `send`: it leaves at once."
        ),
        tags=TAGS,
        request=PackSerializer,
        responses={201: ShipmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID) -> Response:
        order = find_order_to_move(request, public_id, sees=SEES_SHIPMENTS, moves=MOVES_SHIPMENTS)
        data = checked(PackSerializer, request.data)
        by = actor_of(request, MOVES_SHIPMENTS)
        made = packing.pack(
            order_id=order.pk,
            kind=data["kind"],
            lines={one["line_id"]: one["quantity"] for one in data["lines"]}
            if "lines" in data
            else None,
            carriage=_carriage(data),
            location=data.get("location", ""),
            pickup_point=data.get("pickup_point", ""),
            note=data.get("note", ""),
            by=by,
        )
        if data["send"]:
            travelling.send(shipment_id=made.pk, by=by)
        shown = ShipmentSerializer(
            for_reading().get(pk=made.pk), context=context_of(self.request, sees=SEES_SHIPMENTS)
        )
        return Response(shown.data, status.HTTP_201_CREATED)


def _state(shipment: Shipment) -> str:
    return state_of([shipment.state, *(getattr(shipment, name) for name in CARRIAGE)])


def _hold(view: Any, public_id: UUID, shipment_id: UUID) -> str:
    shipment = view.to_move(view.request, public_id, shipment_id)
    return _state(travelling.hold_shipment(shipment.pk)[1])


class ShipmentView(ShipmentDoor):
    """One parcel."""

    permission_classes = [ReadsOrMoves]

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="shipments_retrieve",
        summary="Read a shipment",
        description="One shipment of the order. The hand-over code is in the customer's letter and in no answer.",
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        responses={200: ShipmentSerializer},
    )
    def get(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        order = find_order(request, public_id, sees=SEES_SHIPMENTS)
        shipment = find_shipment(order, shipment_id)
        shown = ShipmentSerializer(shipment, context=context_of(self.request, sees=SEES_SHIPMENTS))
        return tagged(request, Response(shown.data), _state(shipment))

    @refuses(WrongShipmentState, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_change",
        summary="Correct a shipment's tracking",
        description="Only the fields given.",
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=CarriageSerializer,
        responses={200: ShipmentSerializer},
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        changed = travelling.change_carriage(
            shipment_id=shipment.pk,
            changes=checked(CarriageSerializer, request.data, partial=True),
            by=actor_of(request, MOVES_SHIPMENTS),
        )
        return tagged(request, Response(self.shown(shipment.pk)), _state(changed))


class SentView(ShipmentDoor):
    """It leaves."""

    @refuses(WrongShipmentState, NotToBeShipped, TooManyPieces, TOO_MANY, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_send",
        summary="Say that a shipment has left",
        description=(
            "Its pieces count as shipped from now on; with the last of them the order is `shipped`. The customer is written "
            "to, with the tracking and, if it is handed over for one, the code."
        ),
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=SendSerializer,
        responses={200: ShipmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        data = checked(SendSerializer, request.data)
        travelling.send(
            shipment_id=shipment.pk,
            by=actor_of(request, MOVES_SHIPMENTS),
            carriage=_carriage(data),
            with_code=data["with_code"],
            note=data.get("note", ""),
        )
        return Response(self.shown(shipment.pk))


class ReadyView(ShipmentDoor):
    """It can be fetched."""

    @refuses(WrongShipmentState, NotToBeShipped, TooManyPieces, TOO_MANY, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_ready",
        summary="Say that a shipment can be fetched",
        description="The customer is written to: where it is, and the code for which it is handed over.",
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=NoteSerializer,
        responses={200: ShipmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        data = checked(NoteSerializer, request.data)
        travelling.make_ready(
            shipment_id=shipment.pk,
            by=actor_of(request, MOVES_SHIPMENTS),
            note=data.get("note", ""),
        )
        return Response(self.shown(shipment.pk))


class CodeView(ShipmentDoor):
    """Another code."""

    @refuses(WrongShipmentState, TOO_MANY, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_code",
        summary="Send the customer a new hand-over code",
        description="The one before is void. For customers who lost it, and after five wrong guesses; five a day.",
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=None,
        responses={200: ShipmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        checked(NothingSerializer, request.data)
        travelling.issue_new_code(shipment_id=shipment.pk, by=actor_of(request, MOVES_SHIPMENTS))
        return Response(self.shown(shipment.pk))


class HandOverView(ShipmentDoor):
    """The customer says their code."""

    throttle_classes = [HandOverThrottle]

    @refuses(
        WrongShipmentState, WrongHandOverCode, HandOverCodeUsedUp, NotToBeShipped, TooManyPieces
    )
    @extend_schema(
        operation_id="shipments_hand_over",
        summary="Hand a shipment over for the customer's code",
        description=(
            "For staff at the counter or the door. A wrong code is counted; after five a new one must be issued. The same"
            " right code again gives the same answer."
        ),
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=HandOverSerializer,
        responses={200: ShipmentSerializer},
    )
    def post(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        data = checked(HandOverSerializer, request.data)
        handing_over.hand_over(
            shipment_id=shipment.pk, code=data["code"], by=actor_of(request, MOVES_SHIPMENTS)
        )
        return Response(self.shown(shipment.pk))


class DeliveredView(ShipmentDoor):
    """It has arrived."""

    @refuses(WrongShipmentState, HandOverCodeNeeded, NotToBeShipped, TooManyPieces, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_delivered",
        summary="Say that a shipment was delivered",
        description=(
            "With the last delivery a paid order is completed. What is handed over for a code needs a `note` that says how "
            "the customer was known without it."
        ),
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=NoteSerializer,
        responses={200: ShipmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        data = checked(NoteSerializer, request.data)
        travelling.mark_delivered(
            shipment_id=shipment.pk,
            by=actor_of(request, MOVES_SHIPMENTS),
            note=data.get("note", ""),
        )
        return Response(self.shown(shipment.pk))


class CancelView(ShipmentDoor):
    """It does not leave."""

    @refuses(WrongShipmentState, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_cancel",
        summary="Cancel a shipment that has not left",
        description="Its pieces may be packed again.",
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        request=NoteSerializer,
        responses={200: ShipmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: UUID, shipment_id: UUID) -> Response:
        shipment = self.to_move(request, public_id, shipment_id)
        data = checked(NoteSerializer, request.data)
        travelling.cancel_shipment(
            shipment_id=shipment.pk,
            by=actor_of(request, MOVES_SHIPMENTS),
            note=data.get("note", ""),
        )
        return Response(self.shown(shipment.pk))
