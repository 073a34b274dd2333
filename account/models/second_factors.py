"""What staff prove beside their password."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from account.models.people import User


class SecondFactor(models.Model):
    """The authenticator app of one person (TOTP, RFC 6238: six digits, 30 seconds). It counts once it is confirmed."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.BinaryField(
        help_text="Encrypted under a key that is derived from SECRET_KEY: a copy of the table opens nothing."
    )
    next_secret = models.BinaryField(
        null=True,
        blank=True,
        help_text="Of the app that is to replace this one, until it is confirmed.",
    )
    last_step = models.BigIntegerField(
        default=-1,
        help_text="The 30 seconds whose code was taken last; codes up to it are used up.",
    )
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.user_id)


class RecoveryCode(models.Model):
    """A code for the day on which the telephone is lost. It works once; only its SHA-256 is stored."""

    factor = models.ForeignKey(
        SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_recovery_code_per_digest"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
