"""Imports and exports as the API shows them, and what may be asked of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.importing.files import FORMATS
from catalog.models import Transfer
from common.http import public_url
from common.serializers import StrictSerializer


class RemarkSerializer(serializers.Serializer[Any]):
    """Something that a person should know about a line of the file."""

    line = serializers.IntegerField(help_text="From 1, that of the header; 0: of no line.")
    kind = serializers.ChoiceField(
        choices=["rejected", "notice"], help_text="Not imported; or imported, with a difference."
    )
    reason = serializers.CharField()


class CountsSerializer(serializers.Serializer[Any]):
    """What became of the products, and how many rows were rejected or noticed."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField(help_text="Products that were refused as a whole.")
    rows_rejected = serializers.IntegerField()
    notices = serializers.IntegerField()


class _TransferSerializer(serializers.ModelSerializer[Transfer]):
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=Transfer.State.choices)


class ProductImportSummarySerializer(_TransferSerializer):
    """An import, without its remarks."""

    file = serializers.CharField(help_text="As it was named.")
    dry_run = serializers.SerializerMethodField()
    position = serializers.IntegerField(help_text="Products of the file that are done.")
    counts = serializers.SerializerMethodField()
    format = serializers.CharField(help_text="Empty until it is recognised.")

    class Meta:
        model = Transfer
        fields = [
            "id", "state", "format", "file", "dry_run", "total", "position", "counts", "problem", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip

    def get_dry_run(self, transfer: Transfer) -> bool:
        return bool(transfer.options.get("dry_run"))

    @extend_schema_field(CountsSerializer)
    def get_counts(self, transfer: Transfer) -> dict[str, int]:
        names = list(CountsSerializer().fields.keys())
        return {str(name): int(transfer.counts.get(str(name), 0)) for name in names}


class ProductImportSerializer(ProductImportSummarySerializer):
    """An import, with the first thousand remarks."""

    remarks = RemarkSerializer(many=True)

    class Meta(ProductImportSummarySerializer.Meta):
        fields = [*ProductImportSummarySerializer.Meta.fields, "remarks"]


class ProductExportSummarySerializer(_TransferSerializer):
    """An export, without its remarks."""

    kind = serializers.SerializerMethodField()
    filters = serializers.SerializerMethodField()
    written = serializers.SerializerMethodField(help_text="Products in the file so far.")
    left_out = serializers.SerializerMethodField(
        help_text="Products that have no place in the format."
    )
    file_url = serializers.SerializerMethodField(
        help_text="Where staff fetch the file; null until it is made, and after seven days."
    )

    class Meta:
        model = Transfer
        fields = [
            "id", "state", "format", "kind", "filters", "written", "left_out", "problem", "file_url", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "string", "enum": ["csv", "jsonl"]})
    def get_kind(self, transfer: Transfer) -> str:
        return str(transfer.options.get("kind", "csv"))

    @extend_schema_field({
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["published", "draft"]},
            "category": {"type": "integer"},
            "updated_since": {"type": "string", "format": "date-time"},
        },
        "additionalProperties": False,
    })  # fmt: skip
    def get_filters(self, transfer: Transfer) -> dict[str, Any]:
        found: dict[str, Any] = transfer.options.get("filters", {})
        return found

    def get_written(self, transfer: Transfer) -> int:
        return int(transfer.counts.get("written", 0))

    def get_left_out(self, transfer: Transfer) -> int:
        return int(transfer.counts.get("left_out", 0))

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_file_url(self, transfer: Transfer) -> str | None:
        if transfer.state != Transfer.State.DONE or not getattr(transfer, "holds_file", False):
            return None
        return public_url(f"/api/exports/{transfer.public_id}/file/")


class ProductExportSerializer(ProductExportSummarySerializer):
    """An export, with the first thousand remarks."""

    remarks = RemarkSerializer(many=True)

    class Meta(ProductExportSummarySerializer.Meta):
        fields = [*ProductExportSummarySerializer.Meta.fields, "remarks"]


class ImportUploadSerializer(StrictSerializer):
    """A file to import, as multipart/form-data."""

    file = serializers.FileField(
        allow_empty_file=True,
        help_text="CSV or JSON Lines, packed by gzip if you like; up to 30 MB as it is sent.",
    )
    format = serializers.ChoiceField(
        choices=FORMATS, required=False, help_text="Left out: recognised by the content."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Report what would happen, and keep nothing."
    )
    set_stock = serializers.BooleanField(
        default=False, help_text="Also set the stock of variants that exist; a right of its own."
    )


class ExportFiltersSerializer(StrictSerializer):
    """Which products."""

    status = serializers.ChoiceField(choices=["all", "published", "draft"], default="all")
    category = serializers.CharField(
        required=False, max_length=120, help_text="An id or slug; what is below it counts, too."
    )
    updated_since = serializers.DateTimeField(required=False)


class ExportRequestSerializer(StrictSerializer):
    """A file to make of the catalogue."""

    format = serializers.ChoiceField(choices=FORMATS, default="nexus")
    kind = serializers.ChoiceField(
        choices=["csv", "jsonl"], default="csv", help_text="JSON Lines: in our own format only."
    )
    filters = ExportFiltersSerializer(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["format"] == "shopify" and attrs["kind"] != "csv":
            raise serializers.ValidationError({"kind": "Shopify reads CSV only."}, "invalid_choice")
        return attrs
