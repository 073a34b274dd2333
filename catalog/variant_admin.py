"""Variants on pages of their own: for products that have too many for one page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.access import staff_actor
from catalog.admin_forms import VariantForm, written_options
from catalog.field_access import locks_for, may_change_something
from catalog.models import Variant
from catalog.services import delete_variant, update_variant
from common.admin import RefusalsAsMessages


@admin.register(Variant)
class VariantAdmin(RefusalsAsMessages):
    """Sizes and colours of all products, page by page; new ones are added on the product's page or by the API."""

    form = VariantForm
    list_display = ["sku", "name", "product", "price", "stock"]
    list_select_related = ["product", "stock_item"]
    list_per_page = 100
    search_fields = ["sku", "barcode"]
    ordering = ["product", "position", "pk"]
    readonly_fields = ["product"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).filter(archived_at=None)
        return rows.defer("product__search", "product__description")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "product__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Texts, prices and stock are three rights; the form locks what is not among the caller's."""
        return may_change_something(request.user, "variant")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        locks = locks_for(request.user)
        kwargs["form"] = type(
            "LockedVariantForm", (VariantForm,), {"locks": locks, "Meta": VariantForm.Meta}
        )
        return super().get_form(request, obj, change, **kwargs)

    @admin.display(description="Options")
    def choices(self, variant: Variant) -> str:
        """For those who only look."""
        return written_options(variant)

    def stock(self, variant: Variant) -> int:
        """Pieces that can be sold."""
        return variant.available

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        update_variant(variant_id=obj.pk, changes=form.changes(), by=staff_actor(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_variant(variant_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for variant in queryset:
            delete_variant(variant_id=variant.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Nothing protects a variant from deletion: what orders refer to is archived."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"variant"}, []
