"""Privacy in the admin: for people who ask by letter or telephone. Everything here is for the owner."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from account.actors import staff_actor
from account.admin import UserAdmin
from account.models import User
from common.errors import Refusal
from inventory.admin import ReadOnlyAdmin
from privacy import services
from privacy.models import Erasure, Export

AT_ONCE = 20


class ErasableUserAdmin(UserAdmin):
    """Users, with two more actions; nobody edits what was erased."""

    actions = [*UserAdmin.actions, "hand_out_everything", "erase"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.erased_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_export_person_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("privacy.export_person")

    def has_erase_person_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("privacy.erase_person")

    @admin.action(
        description="Hand out everything held on one person", permissions=["export_person"]
    )
    def hand_out_everything(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        """The JSON document, as a file."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose one person.", messages.ERROR)
            return None
        document = services.export_person(who=str(chosen[0].public_id))
        name = f"person-{chosen[0].public_id}.json"
        return HttpResponse(
            document,
            content_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    @admin.action(description="Erase, for good", permissions=["erase_person"])
    def erase(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks once, then closes the accounts; jobs do the rest."""
        chosen = list(queryset.order_by("pk")[: AT_ONCE + 1])
        if len(chosen) > AT_ONCE:
            self.message_user(request, f"Choose at most {AT_ONCE} people.", messages.ERROR)
            return None
        if "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": "Erase these people for good?",
                "people": chosen,
                "opts": self.model._meta,
            }
            return TemplateResponse(request, "privacy/erase.html", context)
        for user in chosen:
            try:
                services.request_erasure(user=user, by=staff_actor(request.user))
            except Refusal as refusal:
                self.message_user(request, f"{user}: {refusal.detail}", messages.ERROR)
            else:
                self.message_user(
                    request,
                    f"{user.public_id} is closed, and erased within minutes.",
                    messages.SUCCESS,
                )
        return None


admin.site.unregister(User)
admin.site.register(User, ErasableUserAdmin)


class WhoForm(forms.Form):
    """Whoever asked, and that somebody has made sure of it."""

    who = forms.CharField(
        max_length=254, help_text="An e-mail address or a telephone number; guests are found too."
    )
    sure = forms.BooleanField(
        label="It is theirs: they answered from it. Orders that are under way lose their customer."
    )


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Which erasures were asked for, and what became of them; and asking for one, of guests too."""

    ordering = ["-id"]
    list_display = [
        "public_id",
        "requested_by",
        "requested_at",
        "erased_at",
        "confirmed_at",
        "orders",
    ]
    list_filter = ["requested_by", ("erased_at", admin.EmptyFieldListFilter)]
    search_fields = ["=public_id", "=user__public_id"]
    fields = [
        "public_id", "user", "requested_by", "requested_at", "erased_at", "confirmed_at", "orders",
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("privacy.erase_person")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Ask for an erasure by address or number."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = WhoForm(request.POST or None)
        if form.is_valid():
            try:
                asked = services.erase_person(
                    who=form.cleaned_data["who"], by=staff_actor(request.user)
                )
            except Refusal as refusal:
                form.add_error("who", ValidationError(refusal.detail, code=refusal.code))
            else:
                self.message_user(
                    request,
                    f"{asked.public_id} is asked for, and done within minutes.",
                    messages.SUCCESS,
                )
                return HttpResponseRedirect(reverse("admin:privacy_erasure_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Erase a person",
            "form": form,
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "privacy/erase_by_address.html", context)


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Who asked for a copy of their data, and when. Never the copy."""

    ordering = ["-id"]
    list_display = ["public_id", "user", "requested_at", "ready_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["=public_id", "=user__public_id"]
    fields = ["public_id", "user", "requested_at", "ready_at", "expires_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        return super().get_queryset(request).defer("document")
