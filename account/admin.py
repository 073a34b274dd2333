"""People in the admin: found, disabled, given roles. No password hash and no token is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from account import letters, sessions, throttles
from account.backends import works_here
from account.identifiers import email_key
from account.models import Session, User
from account.session_admin import sign_out_everywhere
from common.http import client_address
from common.ids import uuid7
from common.limits import TooManyRequests
from common.phones import normalise_phone


class LimitedLoginForm(AdminAuthenticationForm):
    """The admin's log-in, with the same limits as the API's."""

    def clean(self) -> dict[str, Any]:
        address = client_address(self.request) if self.request else ""
        try:
            throttles.spend_login(address=address, email=self.cleaned_data.get("username", ""))
        except TooManyRequests as refusal:
            raise ValidationError(refusal.detail, code=refusal.code) from None
        return super().clean()

    def confirm_login_allowed(self, user: Any) -> None:
        """Staff without a role are told what customers are told."""
        super().confirm_login_allowed(user)
        if not works_here(user):
            raise ValidationError(
                self.error_messages["invalid_login"],
                code="invalid_login",
                params={"username": self.username_field.verbose_name},
            )


admin.site.login_form = LimitedLoginForm


class IdentifierChecks(forms.ModelForm):
    """What the constraints on addresses and numbers say, in words, before they have to."""

    def clean_email(self) -> str | None:
        email: str | None = self.cleaned_data.get("email") or None
        if email is None:
            return None
        owners = User.objects.with_email(email).exclude(pk=self.instance.pk)
        if len(email_key(email)) > 254 or owners.exists():
            raise ValidationError("Another user has this address.", code="unique")
        return email

    def clean_phone(self) -> str | None:
        phone: str | None = self.cleaned_data.get("phone") or None
        if phone is None:
            return None
        try:
            return normalise_phone(phone)
        except ValueError:
            raise ValidationError("This is not a phone number.", code="invalid_phone") from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("email") or cleaned.get("phone")):
            raise ValidationError("Give an e-mail address or a phone number.", code="required")
        return cleaned


class UserCreation(IdentifierChecks, AdminUserCreationForm):
    """A new person, with a password or without."""

    class Meta:
        model = User
        fields = ("email", "phone")


class UserChange(IdentifierChecks, UserChangeForm):
    """An existing person."""


class PasswordChange(AdminPasswordChangeForm):
    """A password set by staff, or taken away: as any other change it ends every session and is told to its owner."""

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit=commit)
            sessions.end_sessions(user=user, reason=Session.RevokeReason.PASSWORD)
            letters.post_password_changed(user=user, occasion=str(uuid7()))
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Search by address, number or name; disable instead of delete."""

    form = UserChange
    add_form = UserCreation
    change_password_form = PasswordChange
    ordering = ["-id"]
    actions = [sign_out_everywhere]
    list_display = ["__str__", "first_name", "last_name", "verified", "is_staff", "is_active"]
    list_filter = [
        "is_staff",
        "is_active",
        "is_superuser",
        ("email_verified_at", admin.EmptyFieldListFilter),
        "groups",
    ]
    search_fields = ["email", "phone", "first_name", "last_name", "public_id"]
    readonly_fields = ["public_id", "email_verified_at", "last_login", "created_at"]
    fieldsets = [
        (None, {"fields": ["email", "phone", "first_name", "last_name", "public_id"]}),
        (
            "Access",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("History", {"fields": ["email_verified_at", "last_login", "created_at"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": ["email", "phone", "usable_password", "password1", "password2"],
            },
        ),
    ]

    @admin.display(boolean=True, description="verified")
    def verified(self, user: User) -> bool:
        return user.email_verified_at is not None

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Another address has to be proved anew. It, and disabling somebody, end what they are signed in to."""
        changed = form.changed_data if change else []
        if "email" in changed:
            obj.email_verified_at = None
        super().save_model(request, obj, form, change)
        if "is_active" in changed and not obj.is_active:
            sessions.end_sessions(user=obj, reason=Session.RevokeReason.DISABLED)
        elif "email" in changed:
            sessions.end_sessions(user=obj, reason=Session.RevokeReason.STAFF)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Only a superuser hands out power, and nobody who is not one changes one."""
        fields = list(self.readonly_fields)
        if not _is_superuser(request):
            fields += ["is_staff", "is_superuser", "groups", "user_permissions"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or _is_superuser(request) or not (user.is_superuser or user.is_staff)
