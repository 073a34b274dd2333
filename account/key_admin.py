"""API keys in the admin: looked at and revoked. They are made by the API, which shows their secret."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from account import api_keys
from account.models import ApiKey, User


@admin.action(description="Revoke", permissions=["revoke"])
def revoke(keys: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
    """End the chosen keys: their next call is refused."""
    for key in chosen:
        api_keys.revoke(key_id=key.public_id, by=cast(User, request.user))
    keys.message_user(request, f"Revoked: {len(chosen)}.", messages.SUCCESS)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Which programs call the shop, and when they last did."""

    actions = [revoke]
    ordering = ["-id"]
    list_display = [
        "name", "scope_names", "live", "created_by", "created_at", "expires_at", "last_used_at",
        "last_used_address",
    ]  # fmt: skip
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["created_by"]
    search_fields = ["name", "public_id"]
    fields = (
        "public_id", "name", "scope_names", "live", "prefixes", "created_by", "created_at",
        "expires_at", "last_used_at", "last_used_address", "revoked_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(boolean=True)
    def live(self, key: ApiKey) -> bool:
        return api_keys.stands(key)

    @admin.display(description="secrets begin with")
    def prefixes(self, key: ApiKey) -> str:
        return ", ".join(key.secrets.order_by("-pk").values_list("prefix", flat=True))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the action is offered, and obeyed."""
        user: Any = request.user
        return bool(user.has_perm("account.add_apikey"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False
