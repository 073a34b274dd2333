"""Price lists and prices in the admin. Nothing is saved here: every change calls the verb that the API calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog import price_lists, price_verbs
from catalog.field_access import CHANGES_PRICES
from catalog.models import RETAIL, Price, PriceList
from catalog.price_views import SEES_PRICES
from catalog.prices import currency_key, currency_of, known_currencies
from common.admin import RefusalsAsMessages
from common.money import Money


class _OfPrices(RefusalsAsMessages):
    """One right to see prices and lists, another to change them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(SEES_PRICES)) or self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(CHANGES_PRICES))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(PriceList)
class PriceListAdmin(_OfPrices):
    """Who pays prices of their own."""

    fields = ["name", "group"]
    list_display = ["name", "group", "created_at"]
    list_select_related = ["group"]
    search_fields = ["name", "group__name"]
    ordering = ["name"]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.pk != RETAIL)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["group"] if obj is not None and obj.pk == RETAIL else []

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Its prices go with it; there may be very many, and nobody needs to see each."""
        return [f"{one}, with all its prices" for one in objs], {}, set(), []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            price_lists.update_price_list(price_list_id=obj.pk, changes=changes)
        else:
            obj.pk = price_lists.create_price_list(**form.cleaned_data).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        price_lists.delete_price_list(price_list_id=obj.pk)


class PriceForm(forms.ModelForm):
    """A price, with its currency spelt out."""

    currency = forms.ChoiceField(choices=[(code, code) for code in known_currencies()])
    valid_from = forms.SplitDateTimeField(
        required=False, widget=AdminSplitDateTime, help_text="Empty: now."
    )

    class Meta:
        model = Price
        fields = (
            "variant", "price_list", "currency", "amount", "is_sale", "min_quantity", "valid_from", "valid_until",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["currency"] = currency_of(self.instance.currency)

    def clean_currency(self) -> str:
        """As the rows hold it."""
        return currency_key(self.cleaned_data["currency"])

    def clean_valid_from(self) -> Any:
        return self.cleaned_data["valid_from"] or timezone.now()


class CurrencyFilter(admin.SimpleListFilter):
    """By currency; the shop's own, which rows leave empty, by its name as well."""

    title = parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in known_currencies()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        return queryset.filter(currency=currency_key(chosen)) if chosen else queryset


@admin.register(Price)
class PriceAdmin(_OfPrices):
    """Prices of all lists and times. Those to come can be changed, those that hold be ended; the past is only read."""

    form = PriceForm
    list_display = [
        "variant", "price_list", "amount", "shown_currency", "is_sale", "min_quantity", "valid_from", "valid_until",
        "status",
    ]  # fmt: skip
    list_filter = ["price_list", "is_sale", CurrencyFilter, "valid_from", "valid_until"]
    list_select_related = ["variant", "price_list"]
    search_fields = ["variant__sku", "variant__product__name"]
    ordering = ["-valid_from", "-pk"]
    raw_id_fields = ["variant"]
    actions = ["end_now"]

    @admin.display(description="currency")
    def shown_currency(self, price: Price) -> str:
        return currency_of(price.currency)

    @admin.display
    def status(self, price: Price) -> str:
        now = timezone.now()
        if price.valid_from > now:
            return "future"
        return "ended" if price.valid_until is not None and price.valid_until <= now else "current"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing is deleted by the dozen: what has begun stays."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request) and not _has_begun(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request) and not _has_begun(obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None or _has_begun(obj) else ["variant", "price_list"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is only read names the shop's own currency, which the row leaves empty."""
        fields = list(super().get_fields(request, obj))
        if _has_begun(obj):
            return ["shown_currency" if name == "currency" else name for name in fields]
        return fields

    @admin.action(description="End now", permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """They stay in the history."""
        for price in queryset:
            price_verbs.end_price(price_id=price.pk)
        self.message_user(request, f"Ended: {len(queryset)}.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data = form.cleaned_data
        fields = {name: data[name] for name in ("is_sale", "min_quantity", "valid_until")}
        fields["amount"] = Money(data["amount"], currency_of(data["currency"]))
        if "valid_from" in form.changed_data and form.data.get("valid_from_0"):
            fields["valid_from"] = data["valid_from"]
        if change:
            price_verbs.change_price(price_id=obj.pk, changes=fields)
        else:
            new = price_verbs.NewPrice(variant_id=data["variant"].pk, **fields)
            obj.pk = price_verbs.add_price(new=new, price_list_id=data["price_list"].pk).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        price_verbs.delete_price(price_id=obj.pk)


def _has_begun(price: Price | None) -> bool:
    return price is not None and price.valid_from <= timezone.now()
