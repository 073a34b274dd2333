"""The doors of documents: PDF files of an order, their list, and the particulars that stand on them."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from account.step_up import SensitiveAction
from common.conditional import honours_if_match, state_of, tagged, validated
from common.errors import NotFound
from common.idempotency import idempotent
from common.languages import chosen
from common.public_doors import VERBS, checked
from common.schema import INVALID, TOO_MANY, refuses
from orders import throttles
from orders.access import HoldsOrder
from orders.document_serializers import (
    DocumentQuerySerializer,
    DocumentSerializer,
    LegalDetailsInputSerializer,
    LegalDetailsSerializer,
)
from orders.documents import legal, reading
from orders.documents.models import Document, Kind, LegalDetails
from orders.documents.refusals import NoDocumentYet
from orders.documents.words import LANGUAGES, Language
from orders.models import Order
from orders.views import find_order

TAGS = ["documents"]
PDF = "application/pdf"
HOW = (
    "A PDF in the language of `?language=`, else of `Accept-Language`: Amharic, English, or both side by side. The same"
    " document gives the same bytes; it may be kept privately and asked for again with `If-None-Match`."
)
NUMBER = OpenApiParameter(
    "number", str, OpenApiParameter.PATH, description="A document's number, such as INV-2026-000123."
)  # fmt: skip
ANSWER = {(200, PDF): OpenApiTypes.BINARY}


class AnswerInPdf(BaseContentNegotiation):
    """A file is a file, whatever the caller says it accepts; refusals are problems in JSON as everywhere."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class PacksOrders(BasePermission):
    """Who sends orders off prints their slips."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return bool(
            user.is_authenticated
            and user.has_perm("orders.view_order")
            and user.has_perm("orders.change_order")
        )


def find_documented_order(request: Request, public_id: UUID) -> Order:
    """The order, if the caller may see its documents.

    Documents of a customer who was erased are kept for the law, and shown to whoever answers for them alone.

    Raises:
        NotFound: there is no such order, it is somebody else's, or its customer was erased.
    """
    order = find_order(request, public_id)
    if order.redacted_at is not None and not request.user.has_perm("orders.view_document"):
        raise NotFound("The customer's data was erased; its documents are kept for finance alone.")
    return order


def documents_shown(request: Request, order: Order) -> Any:
    """The order's documents that the caller sees: packing slips are the shop's own."""
    rows = Document.objects.filter(order=order)
    user: Any = request.user
    if user.is_authenticated and user.has_perm("orders.view_order"):
        return rows
    return rows.exclude(kind=Kind.PACKING_SLIP)


class PdfView(APIView):
    """A document as a file."""

    permission_classes = [HoldsOrder]
    throttle_classes = throttles.DOCUMENTS
    content_negotiation_class = AnswerInPdf

    def answer(self, request: Request, document: Document) -> HttpResponse:
        """The file, or that the caller has it already; in that case it is not made."""
        language = _language(request)
        response = HttpResponse(b"", content_type=PDF)
        response["ETag"] = f'"{reading.edition(document, language)}"'
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "X-Order-Token", "Accept-Language"])
        answer = validated(request._request, response)
        if answer.status_code == 200:
            answer.content = reading.as_pdf(document, language)
            answer["Content-Language"] = "am, en" if language == "both" else language
            answer["Content-Disposition"] = f'inline; filename="{document.number}.pdf"'
        return answer


def _language(request: Request) -> Language:
    asked = checked(DocumentQuerySerializer, request.query_params.dict()).get("language")
    found = asked or chosen(request.headers.get("Accept-Language", ""), LANGUAGES)
    return cast(Language, found)


class InvoiceView(PdfView):
    """The invoice."""

    @refuses(INVALID, NoDocumentYet, TOO_MANY)
    @extend_schema(
        operation_id="orders_invoice",
        summary="Fetch an order's invoice",
        description=f"Issued when the order is paid; 409 `no_document_yet` before. {HOW}",
        tags=TAGS,
        parameters=[DocumentQuerySerializer],
        responses=ANSWER,
    )
    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        order = find_documented_order(request, public_id)
        return self.answer(request, reading.document_of(order=order, kind=Kind.INVOICE))


class ReceiptView(PdfView):
    """The receipt."""

    @refuses(INVALID, NoDocumentYet, TOO_MANY)
    @extend_schema(
        operation_id="orders_receipt",
        summary="Fetch the receipt for an order's money",
        description=f"How and when it was paid; 409 `no_document_yet` while it is not. {HOW}",
        tags=TAGS,
        parameters=[DocumentQuerySerializer],
        responses=ANSWER,
    )
    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        order = find_documented_order(request, public_id)
        return self.answer(request, reading.document_of(order=order, kind=Kind.RECEIPT))


class PackingSlipView(PdfView):
    """The packing slip."""

    permission_classes = [PacksOrders]

    @refuses(INVALID, NoDocumentYet, TOO_MANY)
    @extend_schema(
        operation_id="orders_packing_slip",
        summary="Fetch an order's packing slip",
        description=(
            "For whoever packs: what goes to whom, without prices where the order hides them; 409 `no_document_yet` when"
            f" the order has ended. {HOW}"
        ),
        tags=TAGS,
        parameters=[DocumentQuerySerializer],
        responses=ANSWER,
    )
    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        order = find_documented_order(request, public_id)
        return self.answer(request, reading.document_of(order=order, kind=Kind.PACKING_SLIP))


class NumberedDocumentView(PdfView):
    """A document by its number."""

    @refuses(INVALID, TOO_MANY)
    @extend_schema(
        operation_id="orders_document",
        summary="Fetch a document by its number",
        description=f"Any that was issued for the order, credit notes among them. {HOW}",
        tags=TAGS,
        parameters=[NUMBER, DocumentQuerySerializer],
        responses=ANSWER,
    )
    def get(self, request: Request, public_id: UUID, number: str) -> HttpResponse:
        order = find_documented_order(request, public_id)
        found = documents_shown(request, order).filter(number=number).first()
        if found is None:
            raise NotFound("This order has no document of that number.")
        return self.answer(request, found)


class DocumentListView(generics.GenericAPIView[Any]):
    """What was issued for an order."""

    permission_classes = [HoldsOrder]
    serializer_class = DocumentSerializer
    queryset = Document.objects.none()
    filter_backends = []
    orderings = {"issued_at": "issued_at", "-issued_at": "-issued_at"}
    default_ordering = "issued_at"

    @refuses(TOO_MANY)
    @extend_schema(
        operation_id="orders_documents_list",
        summary="List an order's documents",
        description="What was issued for it, the oldest first, each with its address. Packing slips are shown to staff.",
        tags=TAGS,
        responses=DocumentSerializer(many=True),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        order = find_documented_order(request, public_id)
        rows = (
            documents_shown(request, order).select_related("credits").defer("data", "credits__data")
        )
        page = self.paginate_queryset(rows)
        context = {**self.get_serializer_context(), "order": order}
        return self.get_paginated_response(
            DocumentSerializer(page, many=True, context=context).data
        )


# --- legal details ------------------------------------------------------------------------------


class ManagesLegalDetails(BasePermission):
    """Reading and each kind of writing are rights of their own."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        verb = VERBS.get(request.method or "", "view")
        return bool(user.is_authenticated and user.has_perm(f"orders.{verb}_legaldetails"))


class LegalDetailsDoor(generics.GenericAPIView[Any]):
    """What a bank account stands in is money: writing wants a fresh second factor."""

    permission_classes = [ManagesLegalDetails, SensitiveAction]
    queryset = LegalDetails.objects.all()
    serializer_class = LegalDetailsSerializer


def _state(row: LegalDetails) -> str:
    return state_of(LegalDetailsSerializer(row).data)


def _hold(view: Any, details_id: int) -> str:
    return _state(legal.lock_legal_details(details_id))


class LegalDetailsListView(LegalDetailsDoor):
    """All of them, of all times."""

    orderings = {"-valid_from": "-valid_from", "valid_from": "valid_from"}
    default_ordering = "-valid_from"

    @extend_schema(
        operation_id="legal_details_list",
        summary="List the shop's legal details",
        description="Who the shop was, is and will be before the law: each row holds from its day until the next one's.",
        tags=TAGS,
        responses=LegalDetailsSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(LegalDetails.objects.all())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @refuses(legal.LegalDetailsTaken)
    @extend_schema(
        operation_id="legal_details_create",
        summary="Write down who the shop is from a day on",
        description="Printed on every document of that day and later ones; issued documents keep what they say.",
        tags=TAGS,
        request=LegalDetailsInputSerializer,
        responses={201: LegalDetailsSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        made = legal.add_legal_details(fields=checked(LegalDetailsInputSerializer, request.data))
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)


class LegalDetailsView(LegalDetailsDoor):
    """One row."""

    @extend_schema(
        operation_id="legal_details_retrieve",
        summary="Show legal details",
        description="By id.",
        tags=TAGS,
    )
    def get(self, request: Request, details_id: int) -> Response:
        return self._answer(request, legal.find_legal_details(details_id))

    @refuses(legal.LegalDetailsTaken)
    @extend_schema(
        operation_id="legal_details_change",
        summary="Change legal details",
        description="Only the fields given; for documents that are still to be issued.",
        tags=TAGS,
        request=LegalDetailsInputSerializer,
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, details_id: int) -> Response:
        changes = checked(LegalDetailsInputSerializer, request.data, partial=True)
        return self._answer(
            request, legal.change_legal_details(details_id=details_id, changes=changes)
        )

    @extend_schema(
        operation_id="legal_details_delete",
        summary="Delete legal details",
        description="Those before them hold on.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, details_id: int) -> Response:
        legal.delete_legal_details(details_id=details_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, request: Request, row: LegalDetails) -> Response:
        return tagged(request, Response(self.get_serializer(row).data), _state(row))
