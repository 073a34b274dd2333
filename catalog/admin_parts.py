"""What pages of the admin with parts of their own share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class PartOfParent(admin.TabularInline):
    """Rows that are part of another: who may change that may change them."""

    extra = 0
    parent: str

    def _may(self, request: HttpRequest) -> bool:
        return any(
            request.user.has_perm(f"catalog.{verb}_{self.parent}") for verb in ("add", "change")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(f"catalog.view_{self.parent}"))


def kept_rows(formset: Any) -> list[dict[str, Any]]:
    """The rows of a formset that stay, by their positions."""
    formset.save(commit=False)  # sets what the history says was added, changed and deleted
    rows = [
        form.cleaned_data
        for form in formset.forms
        if form not in formset.deleted_forms and form.cleaned_data
    ]
    return sorted(rows, key=lambda row: row["position"] or 0)
