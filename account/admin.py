"""People in the admin: found, disabled, given roles. No password hash and no token is shown."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from account import email_change, known_devices, letters, phone_identity, sessions, throttles
from account.backends import works_here
from account.customer_groups import put_customer
from account.group_admin import CustomerGroupAdmin as CustomerGroupAdmin
from account.group_views import CHANGE_GROUPS
from account.identifiers import email_key, with_ascii_domain
from account.key_admin import ApiKeyAdmin as ApiKeyAdmin
from account.models import Role, Session, User
from account.roles import CHANGE_ROLES, refuse_to_lose_last_owner, set_roles
from account.session_admin import sign_out_everywhere
from common.admin import RefusalsAsMessages
from common.ids import uuid7
from common.limits import TooManyRequests
from common.phones import begun_number, normalise_phone


class LimitedLoginForm(AdminAuthenticationForm):
    """The admin's log-in, with the same limits as the API's."""

    def clean(self) -> dict[str, Any]:
        request = self.request
        if request is None:
            return super().clean()
        try:
            throttles.spend_login(
                request,
                email=self.cleaned_data.get("username", ""),
                device=request.COOKIES.get(known_devices.COOKIE, ""),
            )
        except TooManyRequests as refusal:
            raise ValidationError(refusal.detail, code=refusal.code) from None
        cleaned = super().clean()
        throttles.log_in_succeeded(request)
        return cleaned

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

LETTER_SENT = "This person signs in by number. The address was sent a letter, and is theirs once its link is followed."


class IdentifierChecks(forms.ModelForm):
    """What the constraints on addresses and numbers say, in words, before they have to."""

    def clean_email(self) -> str | None:
        email: str | None = self.cleaned_data.get("email") or None
        if email is None:
            return None
        owners = User.objects.with_email(email).exclude(pk=self.instance.pk)
        if len(email_key(email)) > 254 or owners.exists():
            raise ValidationError("Another user has this address.", code="unique")
        return with_ascii_domain(email)

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
    """A new person, with a password or without. A number alone is enough: whoever proves it by code has the account."""

    class Meta:
        model = User
        fields = ("email", "phone")


class UserChange(IdentifierChecks, UserChangeForm):
    """An existing person, and their roles."""

    roles = forms.MultipleChoiceField(
        choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="What each may do: docs/roles.md. It counts at the next request, and a letter tells the person.",
    )  # fmt: skip

    vouch_for_phone = forms.BooleanField(
        required=False, label="I have checked that the number is this person's",
        help_text="After a lost SIM card: the number signs in to this account from now on. Otherwise another number is a"
        " mere contact.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        phone, vouched = cleaned.get("phone"), cleaned.get("vouch_for_phone")
        owners = User.objects.filter(phone=phone, phone_verified_at__isnull=False)
        if (
            vouched
            and not self.errors
            and (not phone or owners.exclude(pk=self.instance.pk).exists())
        ):
            self.add_error(
                "phone",
                ValidationError("Another account has this number, or there is none.", code="taken"),
            )
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roles" in self.fields:
            self.initial["roles"] = [row.role for row in self.instance.roles.all()]


class PasswordChange(AdminPasswordChangeForm):
    """A password set by staff, or taken away: as any other change it ends every session and is told to its owner."""

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit=commit)
            sessions.end_sessions(user=user, reason=Session.RevokeReason.PASSWORD)
            letters.post_password_changed(user=user, occasion=str(uuid7()))
        return user


# One place grants power: the table of roles.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(RefusalsAsMessages, DjangoUserAdmin):
    """Search by address, number or name; disable instead of delete.

    Staff are seen and changed by those who may give roles; everybody else here sees customers only. Superusers are made and
    changed on the command line, and by superusers.
    """

    form = UserChange
    add_form = UserCreation
    change_password_form = PasswordChange
    ordering = ["-id"]
    actions = [sign_out_everywhere]
    list_display = ["__str__", "first_name", "last_name", "verified", "is_staff", "is_active"]
    list_filter = [
        "is_staff",
        "is_active",
        ("email_verified_at", admin.EmptyFieldListFilter),
        ("phone_verified_at", admin.EmptyFieldListFilter),
        "roles__role",
    ]
    search_fields = ["email", "phone", "first_name", "last_name", "public_id"]
    readonly_fields = [
        "public_id", "is_staff", "is_superuser", "email_verified_at", "phone_verified_at",
        "last_login", "created_at",
    ]  # fmt: skip
    filter_horizontal = ()
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "email",
                    "phone",
                    "vouch_for_phone",
                    "first_name",
                    "last_name",
                    "customer_group",
                    "public_id",
                ]
            },
        ),
        ("Access", {"fields": ["is_active", "roles", "is_staff", "is_superuser"]}),
        (
            "History",
            {"fields": ["email_verified_at", "phone_verified_at", "last_login", "created_at"]},
        ),
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
        return user.email_verified_at is not None or user.phone_verified_at is not None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Numbers are looked for as people here write them, whole or begun: `0911 23 45`."""
        return super().get_search_results(request, queryset, begun_number(search_term))

    @admin.display(boolean=True, description="The number signs in")
    def vouch_for_phone(self, user: User) -> bool:
        """For those who only look."""
        return user.phone_verified_at is not None

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        """For those who only look."""
        return ", ".join(row.get_role_display() for row in user.roles.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows if _sees_staff(request) else rows.filter(is_staff=False, is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who only looks customers up is not shown how they sign in."""
        shown = super().get_fieldsets(request, obj)
        if obj is None or _sees_staff(request):
            return shown
        return [part for part in shown if part[0] != "Access"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who is in which group is for those who may put people there."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.has_perm(CHANGE_GROUPS) else [*fixed, "customer_group"]

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if _sees_staff(request) else ["is_active"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A filter written into the address would tell what is not shown, letter by letter."""
        named = lookup.partition("__")[0]
        return named not in {"password", "token_version"} and super().lookup_allowed(
            lookup, value, request
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Another address or number has to be proved anew. It, and disabling somebody, end what they are signed in to."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = set(form.changed_data)
        if "is_active" in changed and not obj.is_active:
            refuse_to_lose_last_owner(user=obj)
        if "email" in changed and obj.email and obj.phone_verified_at is not None:
            # A slip of the pen must not hand the account to whoever reads that mailbox: it has to answer first.
            email_change.request(user=obj, email=obj.email)
            obj.email = form.initial.get("email")
            changed.discard("email")
            self.message_user(request, LETTER_SENT, level=messages.WARNING)
        columns = changed & {"email", "phone", "first_name", "last_name", "is_active"}
        if "email" in changed:
            obj.email_verified_at = None
            columns |= {"email_key", "email_verified_at"}
        old_phone = phone_identity.apply_by_staff(
            user=obj,
            was=form.initial.get("phone"),
            vouched=bool(form.cleaned_data.get("vouch_for_phone")),
        )
        if "phone" in changed or form.cleaned_data.get("vouch_for_phone"):
            columns |= {"phone_verified_at"}
        # Not the whole row: what a rival has changed since it was read stays.
        obj.save(update_fields=sorted(columns))
        if "is_active" in changed and not obj.is_active:
            sessions.end_sessions(user=obj, reason=Session.RevokeReason.DISABLED)
        elif "email" in changed or old_phone:
            sessions.end_sessions(user=obj, reason=Session.RevokeReason.STAFF)
        if old_phone:
            phone_identity.tell_of_move(user=obj, old=old_phone)
        if "customer_group" in changed:
            put_customer(user_id=obj.pk, group_id=obj.customer_group_id)
        if "roles" in changed:
            wanted = [Role(name) for name in form.cleaned_data["roles"]]
            set_roles(user=obj, roles=wanted, by=cast(User, request.user))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are disabled, or erased as privacy wants it: both keep the books."""
        return False


def _sees_staff(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("account.view_userrole"))


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Customers; staff by those who may give roles; superusers by superusers."""
    if user is None or getattr(request.user, "is_superuser", False):
        return True
    if user.is_superuser:
        return False
    return not user.is_staff or bool(request.user.has_perm(CHANGE_ROLES))
