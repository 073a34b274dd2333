"""Keys with which other programs call the API."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from account.models.people import User
from common.ids import uuid7


class ApiKey(models.Model):
    """The identity of an integration: what it may do, until when, and who let it in."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_key_may_do_something"),
        ]

    def __str__(self) -> str:
        return self.name


class ApiKeySecret(models.Model):
    """One secret of a key; while it is rotated there are two. Only the SHA-256 is stored: it holds 256 random bits."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="secrets")
    prefix = models.CharField(
        max_length=16, help_text="The start of the secret, to recognise it by."
    )
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Set when a newer secret replaces this one."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_api_key_secret_per_digest"),
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(expires_at__isnull=True),
                name="one_current_secret_per_api_key",
            ),
        ]

    def __str__(self) -> str:
        return self.prefix
