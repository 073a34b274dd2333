"""Who: the people who sign in."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from account.identifiers import email_key
from account.models.groups import CustomerGroup
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
    phone_verified_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Only a verified number signs in, and only one person has it.",
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
    token_version = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Tokens that carry a lower one are void."
    )
    customer_group = models.ForeignKey(
        CustomerGroup, models.SET_NULL, null=True, blank=True, related_name="customers",
        help_text="What a group pays is in its price list.",
    )  # fmt: skip
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email_key"], name="one_user_per_email"),
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(phone_verified_at__isnull=False),
                name="one_user_per_verified_phone",
            ),
            models.CheckConstraint(
                condition=Q(phone_verified_at__isnull=True) | Q(phone__isnull=False),
                name="verified_phone_is_there",
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=False)
                | Q(phone__isnull=False)
                | Q(erased_at__isnull=False),
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
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    email__isnull=True,
                    email_key__isnull=True,
                    phone__isnull=True,
                    first_name="",
                    last_name="",
                    is_active=False,
                ),
                name="erased_person_has_no_data",
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

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. A hash of another cost or kind is made anew then.

        Django writes the new hash whatever has happened meanwhile: a password that was changed at this moment would be the
        old one again. Here the row decides.
        """
        was, right = self.password, True

        def renew(password: str) -> None:
            nonlocal right
            self.password = make_password(password)
            mine = User.objects.filter(pk=self.pk)
            if not mine.filter(password=was).update(password=self.password):
                self.password = mine.values_list("password", flat=True).first() or ""
                right = check_password(
                    password, self.password
                )  # somebody was faster: theirs counts

        return check_password(raw_password, was, renew if self.pk else None) and right

    def password_mark(self) -> str:
        """Changes whenever the stored password does, by whatever path; sessions remember it."""
        return hashlib.sha256(self.password.encode()).hexdigest()
