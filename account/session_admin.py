"""Sessions in the admin: who is signed in, from where; ended there, never changed."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from account import sessions
from account.models import Session, User


@admin.action(description="Sign out everywhere", permissions=["change"])
def sign_out_everywhere(
    people: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[User]
) -> None:
    """End every session of the chosen people, as far as the caller may change them."""
    allowed = [user for user in chosen if people.has_change_permission(request, user)]
    for user in allowed:
        sessions.end_sessions(user=user, reason=Session.RevokeReason.STAFF)
    people.message_user(request, f"Signed out everywhere: {len(allowed)}.", messages.SUCCESS)
    if refused := chosen.count() - len(allowed):
        people.message_user(request, f"Not yours to sign out: {refused}.", messages.ERROR)


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):
    """Who is signed in, from where. Read-only: the people's page signs them out."""

    ordering = ["-id"]
    list_display = [
        "user", "device", "address", "created_at", "last_used_at", "expires_at", "revoked_at",
        "revoke_reason",
    ]  # fmt: skip
    list_filter = ["revoke_reason"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__phone", "public_id"]
    fields = [
        "public_id", "user", "address", "user_agent", "created_at", "last_used_at",
        "authenticated_at", "second_factor_at", "expires_at", "revoked_at", "revoke_reason",
    ]  # fmt: skip

    @admin.display(description="device")
    def device(self, session: Session) -> str:
        return sessions.Device(session.user_agent).name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False
