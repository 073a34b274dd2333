"""Areas and pickup points in the admin, by the verbs that the API calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import RefusalsAsMessages, RowsOfParent, changes_of, rows_of, with_amharic
from common.phones import normalise_phone
from places import pickup, services
from places.models import Area, PickupHours, PickupPoint


class AreaForm(forms.ModelForm):
    """An area."""

    class Meta:
        model = Area
        fields = ["code", "kind", "parent", "name", "aliases", "is_active"]


@admin.register(Area)
class AreaAdmin(RefusalsAsMessages):
    """Where things are brought."""

    form = with_amharic(AreaForm, Area.TEXTS)
    list_display = ["name", "code", "kind", "lies_in", "is_active"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["parent"]
    search_fields = ["code", "name", "aliases", "searched"]
    autocomplete_fields = ["parent"]
    ordering = ["level", "name"]

    def lies_in(self, area: Any) -> str:
        return area.parent.name if area.parent else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("parent")
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As the API searches: in both alphabets."""
        found: Any = queryset
        return found.matching(search_term) if search_term else found, False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tax rates and orders know an area by its code."""
        return ["code"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = changes_of(form, everything=not change)
        if change:
            services.update_area(area_id=obj.pk, changes=changes)
        else:
            obj.pk = services.create_area(**changes).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_area(area_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for area in queryset.order_by("-level"):
            services.delete_area(area_id=area.pk)


class PickupPointForm(forms.ModelForm):
    """A pickup point."""

    phone = forms.CharField(max_length=40, required=False)

    class Meta:
        model = PickupPoint
        fields = [
            "slug", "name", "area", "address", "landmark", "note", "latitude", "longitude", "phone",
            "position", "is_active",
        ]  # fmt: skip

    def clean_phone(self) -> str:
        text: str = self.cleaned_data["phone"]
        try:
            return normalise_phone(text) if text else ""
        except ValueError:
            raise forms.ValidationError("This is no telephone number.") from None


class PickupHoursInline(RowsOfParent):
    """When somebody is there."""

    model = PickupHours
    parent = "places.pickuppoint"
    fields = ["weekday", "opens", "closes"]
    ordering = ["weekday", "opens"]


@admin.register(PickupPoint)
class PickupPointAdmin(RefusalsAsMessages):
    """Where parcels wait."""

    form = with_amharic(PickupPointForm, PickupPoint.TEXTS)
    list_display = ["name", "slug", "area", "phone", "position", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["area"]
    search_fields = ["name", "slug", "landmark"]
    autocomplete_fields = ["area"]
    ordering = ["position", "name"]
    inlines = [PickupHoursInline]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = changes_of(form, everything=not change)
        if change:
            pickup.update_pickup_point(point_id=obj.pk, changes=changes)
        else:
            obj.pk = pickup.create_pickup_point(**changes).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        hours = rows_of(formset, "weekday", "opens", "closes")
        pickup.update_pickup_point(point_id=form.instance.pk, changes={"opening_hours": hours})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        pickup.delete_pickup_point(point_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for point in queryset:
            pickup.delete_pickup_point(point_id=point.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its hours go with it."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"pickup point"}, []
