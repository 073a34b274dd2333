"""Who: users, their sessions, and the tokens of letters sent to them."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from account.identifiers import email_key
from common.ids import uuid7
from common.phones import normalise_phone


class EmailKeyField(models.CharField):
    """The comparable form of the instance's `email`, derived at each write as `auto_now` is."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        email: str | None = getattr(model_instance, "email", None)
        value = email_key(email) if email else None
        setattr(model_instance, self.attname, value)
        return value


class UserManager(BaseUserManager["User"]):
    """Finds people by what they type, and creates them for commands and fixtures."""

    def with_email(self, address: str) -> models.QuerySet[User]:
        """At most one user: whoever owns this address in any spelling."""
        return self.filter(email_key=email_key(address))

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email_key=email_key(username or ""))

    def create_user(
        self, email: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        """A user with a hashed password; without one, nobody can sign in with a password."""
        if phone := fields.pop("phone", None):
            fields["phone"] = normalise_phone(phone)
        user = self.model(email=email.strip() if email else None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        """A person who may do everything. Whoever runs the command vouches for the address."""
        fields = {
            "is_staff": True,
            "is_superuser": True,
            "email_verified_at": timezone.now(),
            **fields,
        }
        return self.create_user(email, password, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person: a customer, or one of the shop's staff. Signs in by e-mail."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(max_length=254, unique=True, null=True, blank=True)
    email_key = EmailKeyField(max_length=300, null=True, editable=False)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(
        max_length=16, null=True, blank=True, help_text="E.164, such as +251911234567"
    )
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField(
        "staff", default=False, help_text="May open the admin; permissions say what is found there."
    )
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="Clear this instead of deleting people: it ends every session.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email_key"], name="one_user_per_email"),
            models.UniqueConstraint(fields=["phone"], name="one_user_per_phone"),
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone__isnull=False),
                name="user_has_email_or_phone",
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=True, email_key__isnull=True)
                | Q(email__isnull=False, email_key__isnull=False),
                name="email_has_a_key",
            ),
            # Beyond ASCII only Python knows how to fold; there the key is trusted.
            models.CheckConstraint(
                condition=Q(email__isnull=True)
                | Q(email__regex=r"[^\x01-\x7f]")
                | Q(email_key=Lower(F("email"))),
                name="email_key_follows_email",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="phone_is_e164",
            ),
        ]

    def __str__(self) -> str:
        return self.email or self.phone or str(self.public_id)

    def get_full_name(self) -> str:
        """First and last name, or an empty string."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """How a greeting addresses this person."""
        return self.first_name or str(self)

    def password_mark(self) -> str:
        """Changes whenever the stored password does, by whatever path; sessions remember it."""
        return hashlib.sha256(self.password.encode()).hexdigest()


class Session(models.Model):
    """One signed-in device: the family of refresh tokens that descend from one log-in.

    Only the newest refresh token of the family is good. `refresh_jti` is its id; each use replaces it.
    """

    class RevokeReason(models.TextChoices):
        """Why a session ended before its time."""

        LOGOUT = "logout", "logged out"
        REPLAY = "replay", "a used refresh token came back"
        PASSWORD = "password", "the password was changed"
        RESET = "reset", "the password was reset"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_jti = models.UUIDField(default=uuid7)
    password_mark = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(max_length=16, blank=True, choices=RevokeReason.choices)
    user_agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="revoked_session_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"], condition=Q(revoked_at__isnull=True), name="live_session_of_user"
            ),
            models.Index(fields=["expires_at"], name="session_expiry"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class EmailToken(models.Model):
    """What a letter's link carries: proof that its bearer reads the mailbox. Only its SHA-256 is stored."""

    class Purpose(models.TextChoices):
        """What the bearer may do."""

        VERIFY = "verify", "verify the address"
        RESET = "reset", "set a new password"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_tokens")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    digest = models.CharField(max_length=64)
    email_key = models.CharField(
        max_length=300, help_text="The address the letter went to: another one voids the token."
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_email_token_per_digest"),
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=Q(used_at__isnull=True, voided_at__isnull=True),
                name="one_live_email_token_per_purpose",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="email_token_expiry")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.digest[:8]}"
