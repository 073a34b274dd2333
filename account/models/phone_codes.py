"""One-time codes sent to telephones."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from account.models.people import User


class PhoneCode(models.Model):
    """Six digits on their way to a telephone: proof that its bearer reads it. Only a keyed digest is stored."""

    class Purpose(models.TextChoices):
        """What the bearer may do."""

        SIGN_IN = "sign_in", "sign in, or open an account"
        VERIFY = "verify", "make the number a user's own"

    phone = models.CharField(max_length=16, help_text="E.164")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="phone_codes"
    )
    verifier = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Digest of a secret that whoever asked for the code made up and keeps; empty when there is none.",
    )
    digest = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Empty until it is sent."
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Tries by whoever asked for the code."
    )
    stranger_attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Tries by callers who do not know the verifier."
    )
    by_known_device = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Asked for by a device that has signed in to the number's account before.",
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone", "purpose", "user", "verifier"],
                nulls_distinct=False,
                condition=Q(used_at__isnull=True, voided_at__isnull=True),
                name="one_live_phone_code_per_purpose",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="phone_code_expiry"),
            models.Index(fields=["phone", "created_at"], name="phone_code_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"
