"""The doors of what is printed for a parcel: its packing slip and its label."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from common.schema import FORBIDDEN, INVALID, TOO_MANY, refuses
from fulfilment import papers
from fulfilment.access import (
    MOVES_SHIPMENTS,
    SEES_SHIPMENTS,
    SignedInOrWorks,
    find_order_to_move,
    find_shipment,
)
from fulfilment.models import Shipment, WrongShipmentState
from fulfilment.shipment_views import SHIPMENT_ID, TAGS
from orders.document_serializers import DocumentQuerySerializer
from orders.document_views import HOW, PDF, PdfView
from orders.documents.refusals import NoDocumentYet
from orders.models import Order


class ShipmentSlipView(PdfView):
    """What is in the parcel."""

    permission_classes = [SignedInOrWorks]
    sees = SEES_SHIPMENTS

    @refuses(INVALID, NoDocumentYet, TOO_MANY, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_packing_slip",
        summary="Fetch a shipment's packing slip",
        description=f"What is in this parcel, without prices where the order hides them; with a number of its own. {HOW}",
        tags=TAGS,
        parameters=[SHIPMENT_ID, DocumentQuerySerializer],
        responses={(200, PDF): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, public_id: UUID, shipment_id: UUID) -> HttpResponse:
        shipment = _to_print(request, public_id, shipment_id)[1]
        return self.answer(request, papers.packing_slip(shipment_id=shipment.pk))


class LabelView(PdfView):
    """What is glued to the parcel."""

    permission_classes = [SignedInOrWorks]
    sees = SEES_SHIPMENTS

    @refuses(WrongShipmentState, TOO_MANY, FORBIDDEN)
    @extend_schema(
        operation_id="shipments_label",
        summary="Fetch a shipment's label",
        description=(
            "One A6 page for the parcel: recipient, telephone, address with landmark and pin, carrier and tracking, the "
            "order's number as a barcode. Never a price."
        ),
        tags=TAGS,
        parameters=[SHIPMENT_ID],
        responses={(200, PDF): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, public_id: UUID, shipment_id: UUID) -> HttpResponse:
        order, shipment = _to_print(request, public_id, shipment_id)
        response = HttpResponse(papers.label(order, shipment), content_type=PDF)
        name = f"{order.number}-{shipment.number}-label.pdf"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        return response


def _to_print(request: Request, public_id: UUID, shipment_id: UUID) -> tuple[Order, Shipment]:
    order = find_order_to_move(request, public_id, sees=SEES_SHIPMENTS, moves=MOVES_SHIPMENTS)
    return order, find_shipment(order, shipment_id)
