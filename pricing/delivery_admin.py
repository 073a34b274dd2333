"""Delivery methods in the admin, by the verbs that the API calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import RefusalsAsMessages, RowsOfParent, changes_of, rows_of, with_amharic
from pricing import delivery_verbs as verbs
from pricing.models import DeliveryFee, DeliveryMethod, DeliveryWindow

FEE = (
    "area", "currency", "min_weight", "max_weight", "min_value", "max_value", "fee", "free_above",
)  # fmt: skip
WINDOW = ("area", "weekday", "begins", "ends", "cutoff_hours", "capacity")


class DeliveryMethodForm(forms.ModelForm):
    """A delivery method."""

    class Meta:
        model = DeliveryMethod
        fields = ["code", "name", "description", "kind", "tax_category", "position", "is_active"]


class DeliveryFeeInline(RowsOfParent):
    """What it costs; rows of one area and currency are one table."""

    model = DeliveryFee
    parent = "pricing.deliverymethod"
    fields = FEE
    autocomplete_fields = ["area"]
    ordering = ["currency", "area__code", "min_weight", "min_value"]


class DeliveryWindowInline(RowsOfParent):
    """When it comes."""

    model = DeliveryWindow
    parent = "pricing.deliverymethod"
    fields = WINDOW
    autocomplete_fields = ["area"]
    ordering = ["area__code", "weekday", "begins"]


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(RefusalsAsMessages):
    """How things travel."""

    form = with_amharic(DeliveryMethodForm, DeliveryMethod.TEXTS)
    list_display = ["name", "code", "kind", "position", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "code"]
    ordering = ["position", "name"]
    inlines = [DeliveryFeeInline, DeliveryWindowInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Orders know a method by its code."""
        return ["code"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = changes_of(form, everything=not change)
        if change:
            verbs.update_method(method_id=obj.pk, changes=changes)
        else:
            obj.pk = verbs.create_method(**changes).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if not formset.has_changed():
            return
        if formset.model is DeliveryFee:
            verbs.set_fees(method_id=form.instance.pk, fees=rows_of(formset, *FEE))
        else:
            verbs.set_windows(method_id=form.instance.pk, windows=rows_of(formset, *WINDOW))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        verbs.delete_method(method_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for method in queryset:
            verbs.delete_method(method_id=method.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its fees and windows go with it."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"delivery method"}, []
