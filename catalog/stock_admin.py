"""Stock and its locations in the admin: rows are to look at, what changes them are actions that call verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ObjectDoesNotExist
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.access import staff_actor
from catalog.low_stock import is_low, running_low
from common.admin import RefusalsAsMessages
from inventory import locations, services
from inventory.admin import ReadOnlyAdmin
from inventory.models import MAX_PIECES, Location, Reason, StockItem


class PiecesForm(ActionForm):
    """How many pieces an action is about, and why."""

    pieces = forms.IntegerField(
        required=False, validators=[MinValueValidator(1), MaxValueValidator(MAX_PIECES)]
    )
    note = forms.CharField(required=False, max_length=200)


class RunsLow(admin.SimpleListFilter):
    """What is left to sell is no more than the item's threshold."""

    title = "runs low"
    parameter_name = "low"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(pk__in=running_low().values("pk"))
        return queryset


@admin.register(StockItem)
class StockItemAdmin(RefusalsAsMessages, ReadOnlyAdmin):
    """On hand, promised, and what follows."""

    list_display = [
        "id",
        "sku",
        "on_hand",
        "reserved",
        "available",
        "elsewhere",
        "backorder_limit",
        "low",
    ]
    list_filter = [RunsLow]
    list_select_related = ["variant"]
    search_fields = ["=id", "=variant__sku"]
    ordering = ["-id"]
    action_form = PiecesForm
    actions = ["receive", "write_off", "no_more_backorders"]

    @admin.display(description="SKU")
    def sku(self, item: StockItem) -> str:
        try:
            return str(item.variant.sku)
        except ObjectDoesNotExist:
            return "-"

    @admin.display(boolean=True, description="low")
    def low(self, item: StockItem) -> bool:
        return is_low(item)

    def has_adjust_permission(self, request: HttpRequest) -> bool:
        """Who may set stock. The pages stay read-only for them, too."""
        return bool(request.user.has_perm("inventory.change_stockitem"))

    @admin.action(description="Receive pieces of each", permissions=["adjust"])
    def receive(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._move(request, queryset, Reason.RECEIVED, 1)

    @admin.action(description="Write off pieces of each", permissions=["adjust"])
    def write_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._move(request, queryset, Reason.DAMAGED, -1)

    @admin.action(description="Allow no further back-orders", permissions=["adjust"])
    def no_more_backorders(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            services.end_backorders(stock_item_id=pk)
        self.message_user(request, "What is promised stays promised.", messages.SUCCESS)

    def _move(
        self, request: HttpRequest, queryset: QuerySet[Any], reason: Reason, sign: int
    ) -> None:
        form = PiecesForm(request.POST)
        form.fields["action"].choices = [(request.POST.get("action", ""), "")]  # type: ignore[attr-defined]
        pieces = form.cleaned_data.get("pieces") if form.is_valid() else None
        if not pieces:
            self.message_user(request, "Say how many pieces, from 1 on.", messages.ERROR)
            return
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            services.adjust(
                stock_item_id=pk, quantity=sign * pieces, reason=reason,
                note=form.cleaned_data["note"], by=staff_actor(request),
            )  # fmt: skip
        self.message_user(request, f"{Reason(reason).label}: {pieces} each.", messages.SUCCESS)


class LocationForm(forms.ModelForm):
    """A location."""

    class Meta:
        model = Location
        fields = ["code", "name", "priority", "place", "is_active"]


@admin.register(Location)
class LocationAdmin(RefusalsAsMessages):
    """Where stock lies."""

    form = LocationForm
    list_display = ["code", "name", "is_default", "is_active", "priority", "place"]
    ordering = ["-is_default", "priority", "id"]
    search_fields = ["code", "name"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing is deleted by the dozen: what has a history stays."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data = form.cleaned_data
        if change:
            changes = {name: data[name] for name in form.changed_data}
            locations.update_location(location_id=obj.pk, changes=changes)
        else:
            obj.pk = locations.create_location(**data).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        locations.delete_location(location_id=obj.pk)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What stands in the way is said by the verb."""
        allowed = self.has_delete_permission(request)
        return [str(obj) for obj in objs], {}, set() if allowed else {"location"}, []
