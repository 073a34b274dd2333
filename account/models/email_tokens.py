"""What links in letters carry."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from account.models.people import User


class EmailToken(models.Model):
    """What a letter's link carries: proof that its bearer reads the mailbox. Only its SHA-256 is stored."""

    class Purpose(models.TextChoices):
        """What the bearer may do."""

        VERIFY = "verify", "verify the address"
        RESET = "reset", "set a new password"
        CHANGE = "change", "make the address a user's own"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_tokens")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    digest = models.CharField(max_length=64)
    email_key = models.CharField(
        max_length=300, help_text="The address the letter went to: another one voids the token."
    )
    email = models.EmailField(
        max_length=254, blank=True, default="", db_default="",
        help_text="Of a change: the new address, as it was typed.",
    )  # fmt: skip
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
