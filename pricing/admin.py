"""Taxes and promotions in the admin. Nothing is saved here: every change calls the verb that the API calls."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from common.admin import RefusalsAsMessages
from pricing import coupon_verbs, promotion_verbs, tax_verbs
from pricing.delivery_admin import DeliveryMethodAdmin
from pricing.models import (
    Coupon,
    Promotion,
    PromotionAmount,
    PromotionGroup,
    PromotionTarget,
    TaxCategory,
    TaxExemption,
    TaxRate,
)

__all__ = [
    "CouponAdmin", "DeliveryMethodAdmin", "PromotionAdmin", "TaxCategoryAdmin", "TaxExemptionAdmin", "TaxRateAdmin",
]  # fmt: skip


class _ByRight(RefusalsAsMessages):
    """One right for several models that are one business: that to `noun`."""

    noun = "promotion"
    actions: Any = None

    def _may(self, request: HttpRequest, verb: str) -> bool:
        return bool(request.user.has_perm(f"pricing.{verb}_{self.noun}"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view") or self._may(request, "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self._may(request, "add")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete")


def _changes(form: Any) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in form.changed_data}


# --- taxes ------------------------------------------------------------------------------------


@admin.register(TaxRate)
class TaxRateAdmin(_ByRight):
    """Dated rates. One that holds can only be ended; the database refuses two at a time."""

    noun = "taxrate"
    list_display = ["name", "tax_category", "area", "rate", "valid_from", "valid_until"]
    list_select_related = ["tax_category"]
    list_filter = ["tax_category"]
    ordering = ["-valid_from"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        begun = obj is not None and obj.valid_from <= timezone.now()
        return super().has_delete_permission(request, obj) and not begun

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None or obj.valid_from > timezone.now():
            return []
        return ["tax_category", "area", "rate", "valid_from"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            tax_verbs.update_rate(rate_id=obj.pk, changes=_changes(form))
        else:
            obj.pk = tax_verbs.create_rate(fields=form.cleaned_data).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        tax_verbs.delete_rate(rate_id=obj.pk)


class _OfTaxes(_ByRight):
    """What the right to change rates covers as well."""

    noun = "taxrate"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)


@admin.register(TaxCategory)
class TaxCategoryAdmin(_OfTaxes):
    """What is taxed alike."""

    fields = ["code", "name", "treatment"]
    list_display = ["name", "code", "treatment"]
    ordering = ["name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["code"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            tax_verbs.update_category(code=obj.pk, changes=_changes(form))
        else:
            tax_verbs.create_category(fields=form.cleaned_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        tax_verbs.delete_category(code=obj.pk)


@admin.register(TaxExemption)
class TaxExemptionAdmin(_OfTaxes):
    """Certificates of customers and groups."""

    fields = ["user", "group", "certificate", "categories", "valid_from", "valid_until"]
    list_display = ["certificate", "user", "group", "valid_from", "valid_until"]
    list_select_related = ["user", "group"]
    raw_id_fields = ["user"]
    search_fields = ["certificate"]
    ordering = ["-created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["user", "group"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            tax_verbs.update_exemption(exemption_id=obj.pk, changes=_changes(form))
        else:
            obj.pk = tax_verbs.create_exemption(fields=form.cleaned_data).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        tax_verbs.delete_exemption(exemption_id=obj.pk)


# --- promotions -------------------------------------------------------------------------------


class _Part(admin.TabularInline):
    """A part of a promotion. Read only: the API changes them together with what they depend on."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("pricing.view_promotion"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _Amounts(_Part):
    model = PromotionAmount


class _Groups(_Part):
    model = PromotionGroup


class _Targets(_Part):
    model = PromotionTarget


_EDITED = [
    "name", "is_active", "valid_from", "valid_until", "priority", "is_exclusive", "exclusivity_group",
    "minimum_pieces", "first_order_only", "limit", "limit_per_customer",
]  # fmt: skip
_SHOWN = [
    "kind", "level", "percent", "buy", "get", "times", "is_about_everything", "needs_code", "version", "created_at",
    "updated_at",
]  # fmt: skip


@admin.register(Promotion)
class PromotionAdmin(_ByRight):
    """Promotions. When, for how often and in which order they hold is changed here; what they give, through the API."""

    fields = [*_EDITED, *_SHOWN]
    readonly_fields = _SHOWN
    inlines = [_Amounts, _Groups, _Targets]
    list_display = ["name", "kind", "is_active", "needs_code", "valid_from", "valid_until", "limit"]
    list_filter = ["is_active", "kind", "needs_code"]
    search_fields = ["name"]
    ordering = ["-created_at"]
    actions = ["activate", "deactivate"]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """They hold from now on, within their dates."""
        self._set(request, queryset, is_active=True)

    @admin.action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Nobody gets them any more; orders keep what they were given."""
        self._set(request, queryset, is_active=False)

    def _set(self, request: HttpRequest, chosen: QuerySet[Any], *, is_active: bool) -> None:
        for promotion in chosen.order_by("pk"):
            changes = {"is_active": is_active}
            promotion_verbs.update_promotion(promotion_id=promotion.pk, changes=changes)
        self.message_user(request, f"Changed: {len(chosen)}.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        promotion_verbs.update_promotion(promotion_id=obj.pk, changes=_changes(form))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        promotion_verbs.delete_promotion(promotion_id=obj.pk)


@admin.register(Coupon)
class CouponAdmin(_ByRight):
    """Codes; the API makes them."""

    fields = [
        "promotion",
        "code",
        "batch",
        "limit",
        "limit_per_customer",
        "is_active",
        "created_at",
    ]
    readonly_fields = ["promotion", "code", "created_at"]
    list_display = ["code", "promotion", "batch", "limit", "is_active"]
    list_select_related = ["promotion"]
    list_filter = ["is_active", "batch"]
    search_fields = ["code", "promotion__name"]
    ordering = ["-created_at"]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        coupon_verbs.update_coupon(
            promotion_id=obj.promotion_id, coupon_id=obj.pk, changes=_changes(form)
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        coupon_verbs.delete_coupon(promotion_id=obj.promotion_id, coupon_id=obj.pk)
