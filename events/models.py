"""The outbox: what must leave the house, written in the same commit as the change it tells about."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Letter(models.Model):
    """A message to a person. Its text may hold tokens and is blanked once it is sent."""

    class Channel(models.TextChoices):
        """How it travels."""

        EMAIL = "email", "e-mail"
        SMS = "sms", "SMS"

    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    dedupe_key = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Of no use after that: an unsent one-time code is dropped then.",
    )
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="A worker is sending it since then."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    forget_after_sending = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its recipient is blanked as well once it is sent.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="one_letter_per_dedupe_key"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(text="", html=""),
                name="sent_letter_keeps_no_text",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(sent_at__isnull=True), name="unsent_letter"
            ),
            models.Index(fields=["sent_at"], name="letter_sent"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"
