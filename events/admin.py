"""The outbox in the admin. Read-only, and without the texts: unsent ones may hold tokens."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from events.models import Letter


@admin.register(Letter)
class LetterAdmin(admin.ModelAdmin):
    """What left, and what does not want to."""

    ordering = ["-id"]
    list_display = [
        "recipient",
        "channel",
        "subject",
        "created_at",
        "sent_at",
        "attempts",
        "last_error",
    ]
    list_filter = ["channel", ("sent_at", admin.EmptyFieldListFilter)]
    search_fields = ["recipient"]
    fields = [
        "channel", "recipient", "subject",
        "created_at", "claimed_at", "sent_at", "attempts", "last_error",
    ]  # fmt: skip

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A filter on the texts, written into the address, would tell them letter by letter."""
        return lookup.partition("__")[0] not in {"text", "html"} and super().lookup_allowed(
            lookup, value, request
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False
