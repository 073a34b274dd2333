"""Groups of customers in the admin. People are put into them on their own page, or through the API."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from account import customer_groups
from account.group_views import CHANGE_GROUPS
from account.models import CustomerGroup
from common.admin import RefusalsAsMessages


@admin.register(CustomerGroup)
class CustomerGroupAdmin(RefusalsAsMessages):
    """Who is treated alike."""

    fields = ["name"]
    list_display = ["name", "members", "created_at"]
    search_fields = ["name"]
    ordering = ["name"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        found: QuerySet[Any] = rows.annotate(members=Count("customers"))
        return found

    @admin.display(description="customers", ordering="members")
    def members(self, group: Any) -> int:
        return int(group.members)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(CHANGE_GROUPS))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        name = form.cleaned_data["name"]
        if change:
            customer_groups.rename_group(group_id=obj.pk, name=name)
        else:
            obj.pk = customer_groups.create_group(name=name).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        customer_groups.delete_group(group_id=obj.pk)
