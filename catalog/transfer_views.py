"""The doors of imports and exports: ask, see how far it is, fetch. The work itself is a job's."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from account.step_up import SensitiveAction
from catalog import transfers
from catalog.access import staff_actor
from catalog.field_access import CHANGES_PRICES, OPENS_STOCK, SETS_STOCK
from catalog.models import Transfer, TransferChunk
from catalog.refusals import NoSuchCategory
from catalog.transfer_serializers import (
    ExportRequestSerializer,
    ImportUploadSerializer,
    ProductExportSerializer,
    ProductExportSummarySerializer,
    ProductImportSerializer,
    ProductImportSummarySerializer,
)
from common.json import BodyTooLarge
from common.schema import refuses

TAGS = ["imports and exports"]
FORM_BYTES = 64 * 1024  # what the other fields of the form may add
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


IMPORT_NEEDED = (
    "catalog.import_products", "catalog.add_product", "catalog.change_product", CHANGES_PRICES, OPENS_STOCK,
)  # fmt: skip


class MayImport(BasePermission):
    """Who may import may do all that an import does."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and all(user.has_perm(name) for name in IMPORT_NEEDED))


class MayExport(BasePermission):
    """Who may take the whole catalogue along, drafts and exact stock included."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm("catalog.export_products"))


class TransferView(generics.GenericAPIView[Transfer]):
    """What the doors of transfers share."""

    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    direction: ClassVar[str]
    queryset = Transfer.objects.all()

    def get_queryset(self) -> QuerySet[Transfer]:
        chunks = TransferChunk.objects.filter(transfer=OuterRef("pk"))
        found = Transfer.objects.filter(direction=self.direction)
        return found.annotate(holds_file=Exists(chunks))

    def listed(self) -> Response:
        """A page of them, without their remarks."""
        page = self.paginate_queryset(self.get_queryset().defer("remarks"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def found(self, public_id: UUID) -> Transfer:
        """One of them.

        Raises:
            NoSuchTransfer.
        """
        found = self.get_queryset().filter(public_id=public_id).first()
        if found is None:
            raise transfers.NoSuchTransfer("There is no such transfer.")
        return found


# --- imports ----------------------------------------------------------------------------------


class ImportListView(TransferView):
    """Imports."""

    permission_classes = [MayImport, SensitiveAction]
    parser_classes = [MultiPartParser]
    serializer_class = ProductImportSummarySerializer
    direction = Transfer.Direction.IMPORT

    @extend_schema(
        operation_id="imports_list",
        summary="List imports",
        description="Those of the last 90 days, newest first; those by command, too.",
        tags=TAGS,
        responses=ProductImportSummarySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.listed()

    @extend_schema(
        operation_id="imports_create",
        summary="Import a file of products",
        description=(
            "A Shopify product export (CSV), or our own format (CSV or JSON Lines), packed by gzip or not, up to 30 MB as it"
            " is sent. It is imported by a job; this answers at once, and `GET /api/imports/{id}/` says how far it is. A"
            " product is found again by its slug (Shopify's handle) or its SKU: the same file twice changes nothing the"
            " second time."
        ),
        tags=TAGS,
        request={"multipart/form-data": ImportUploadSerializer},
        responses={202: ProductImportSerializer},
    )
    def post(self, request: Request) -> Response:
        refuse_large_body(request)
        body = ImportUploadSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        if asked["file"].size > transfers.MAX_UPLOAD:
            raise BodyTooLarge(_TOO_LARGE)
        if asked["set_stock"] and not request.user.has_perm(SETS_STOCK):
            raise PermissionDenied("set_stock: you may not set the stock of what exists.")
        transfer = transfers.request_import(
            content=asked["file"].chunks(transfers.CHUNK),
            name=asked["file"].name or "",
            format_=asked.get("format"),
            dry_run=asked["dry_run"],
            set_stock=asked["set_stock"],
            by=staff_actor(request),
        )
        return Response(ProductImportSerializer(transfer).data, status.HTTP_202_ACCEPTED)


class ImportView(TransferView):
    """One import."""

    permission_classes = [MayImport]
    serializer_class = ProductImportSerializer
    direction = Transfer.Direction.IMPORT

    @refuses(transfers.NoSuchTransfer)
    @extend_schema(
        operation_id="imports_retrieve",
        summary="See how far an import is",
        description="Its state, progress and counts, and which lines were rejected or noticed, and why.",
        tags=TAGS,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(self.get_serializer(self.found(public_id)).data)


# --- exports ----------------------------------------------------------------------------------


class ExportListView(TransferView):
    """Exports."""

    permission_classes = [MayExport]
    serializer_class = ProductExportSummarySerializer
    direction = Transfer.Direction.EXPORT

    @extend_schema(
        operation_id="exports_list",
        summary="List exports",
        description="Those of the last 90 days, newest first. Files are kept for seven.",
        tags=TAGS,
        responses=ProductExportSummarySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.listed()

    @refuses(NoSuchCategory)
    @extend_schema(
        operation_id="exports_create",
        summary="Export products",
        description=(
            "Makes a file of the catalogue, drafts included, by a job: our own format as CSV or JSON Lines (everything), or"
            " Shopify's CSV (what has a place there). Imported again, it changes nothing."
        ),
        tags=TAGS,
        request=ExportRequestSerializer,
        responses={202: ProductExportSerializer},
    )
    def post(self, request: Request) -> Response:
        body = ExportRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        transfer = transfers.request_export(
            format_=asked["format"],
            kind=asked["kind"],
            filters=asked.get("filters", {}),
            by=staff_actor(request),
        )
        return Response(ProductExportSerializer(transfer).data, status.HTTP_202_ACCEPTED)


class ExportView(TransferView):
    """One export."""

    permission_classes = [MayExport]
    serializer_class = ProductExportSerializer
    direction = Transfer.Direction.EXPORT

    @refuses(transfers.NoSuchTransfer)
    @extend_schema(
        operation_id="exports_retrieve",
        summary="See how far an export is",
        description="Once it is done, `file_url` is where to fetch the file.",
        tags=TAGS,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(self.get_serializer(self.found(public_id)).data)


class ExportFileView(TransferView):
    """An export's file."""

    permission_classes = [MayExport]
    serializer_class = ProductExportSerializer
    direction = Transfer.Direction.EXPORT

    @refuses(transfers.NoSuchTransfer)
    @extend_schema(
        operation_id="exports_file",
        summary="Fetch an export's file",
        description="For staff with the right to export; no public address. 404 until it is made, and after seven days.",
        tags=TAGS,
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/jsonl"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, public_id: UUID) -> StreamingHttpResponse:
        transfer = self.found(public_id)
        return StreamingHttpResponse(
            transfers.content_of(transfer),
            content_type=TYPES[transfer.options["kind"]],
            headers={
                "Content-Disposition": f'attachment; filename="{transfer.file}"',
                "ETag": f'"{transfer.public_id}"',  # a file that is made never changes
            },
        )


_TOO_LARGE = (
    f"A file may have {transfers.MAX_UPLOAD // 1024**2} MB: pack it with gzip, or use the command."
)


def refuse_large_body(request: Request) -> None:
    """Refuse by the announced length, before a byte of the form is read.

    Raises:
        BodyTooLarge.
    """
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > transfers.MAX_UPLOAD + FORM_BYTES:
        raise BodyTooLarge(_TOO_LARGE)
