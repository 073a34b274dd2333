"""Tables of the floor: stored replies of idempotent calls, and counters of limits."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now


class StoredReply(models.Model):
    """The answer to a call that carried an Idempotency-Key, kept for 24 hours.

    Written in the transaction of the work it reports, so that either both exist or neither.
    `body` never holds a secret: a guest's order token is filled in on the way out.
    """

    KEPT_FOR = timedelta(hours=24)

    scope = models.CharField(max_length=200, help_text="principal, method and path")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request body")
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="one_reply_per_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="reply_created")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class RateCounter(models.Model):
    """How often something was tried within one window of time."""

    key = models.CharField(max_length=64, help_text="SHA-256 of what is limited: no personal data")
    slot = models.BigIntegerField(help_text="number of the time window since 1970")
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "slot"], name="one_counter_per_window")
        ]
        indexes = [models.Index(fields=["expires_at"], name="counter_expiry")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.slot}: {self.count}"
