"""Documents in the admin, to find and to print; and the shop's legal details, to keep."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html

from common.admin import RefusalsAsMessages
from inventory.admin import ReadOnlyAdmin
from orders.documents import legal, reading
from orders.documents.models import Document, LegalDetails


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """Every document that was issued, also of customers who were erased."""

    list_display = [
        "number",
        "kind",
        "issued_at",
        "order",
        "total",
        "tax_total",
        "currency",
        "file",
    ]
    list_filter = ["kind", "is_test", "year", "issued_at"]
    search_fields = ["=number", "=order__number"]
    list_select_related = ["order"]
    fields = [
        "number", "kind", "is_test", "issued_at", "order", "credits", "total", "tax_total", "currency", "redacted_at",
        "file",
    ]  # fmt: skip
    readonly_fields = ["file"]
    ordering = ["-issued_at", "-id"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).defer("data")

    def get_urls(self) -> list[Any]:
        file = self.admin_site.admin_view(self.pdf)
        return [
            path("<int:document_id>/file.pdf", file, name="orders_document_pdf"),
            *super().get_urls(),
        ]

    def pdf(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """The file, in both languages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = Document.objects.filter(pk=document_id).first()
        if document is None:
            raise Http404
        return HttpResponse(
            reading.as_pdf(document, "both"),
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'inline; filename="{document.number}.pdf"',
                "Cache-Control": "no-store",
            },
        )

    @admin.display(description="PDF")
    def file(self, document: Document) -> str:
        address = reverse("admin:orders_document_pdf", args=[document.pk])
        return format_html('<a href="{}">{}.pdf</a>', address, document.number)


@admin.register(LegalDetails)
class LegalDetailsAdmin(RefusalsAsMessages):
    """Who the shop is, from when on. Nothing is saved here: every change calls the verb that the API calls."""

    list_display = ["valid_from", "legal_name", "trade_name", "tin", "vat_number"]
    ordering = ["-valid_from"]
    actions = None

    def save_model(self, request: HttpRequest, obj: LegalDetails, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            legal.change_legal_details(details_id=obj.pk, changes=given)
        else:
            obj.pk = legal.add_legal_details(fields=form.cleaned_data).pk

    def delete_model(self, request: HttpRequest, obj: LegalDetails) -> None:
        legal.delete_legal_details(details_id=obj.pk)
