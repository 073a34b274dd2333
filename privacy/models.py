"""What people asked of us about their data: a copy of it, or its end."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import uuid7


class Export(models.Model):
    """A copy of everything the shop holds on one person, made by a job and kept for a week."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="privacy_exports"
    )
    requested_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    document = models.BinaryField(null=True, blank=True, help_text="JSON, UTF-8.")

    class Meta:
        default_permissions = ("view",)
        permissions = [("export_person", "Can export what the shop holds on a person")]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ready_at__isnull=True),
                name="one_waiting_export_per_person",
            ),
            models.CheckConstraint(
                condition=Q(ready_at__isnull=True, document__isnull=True, expires_at__isnull=True)
                | Q(ready_at__isnull=False, document__isnull=False, expires_at__isnull=False),
                name="ready_export_has_a_document",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="export_expiry")]

    def __str__(self) -> str:
        return str(self.public_id)


class Erasure(models.Model):
    """That somebody's data was to be erased, by whose wish, and that it was. Says nothing about who they were.

    `user` points to the anonymised account. For guests there is none: their address or number stands here until the work
    is done, and not a moment longer.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="privacy_erasures",
    )
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=16, blank=True)
    requested_by = models.CharField(max_length=20, help_text="customer, staff or system")
    requested_at = models.DateTimeField(db_default=Now())
    erased_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="Looked at a second time, for what was under way."
    )
    orders = models.PositiveIntegerField(default=0, help_text="Orders redacted.")

    class Meta:
        default_permissions = ("view",)
        permissions = [("erase_person", "Can erase the data of a person")]
        constraints = [
            models.UniqueConstraint(fields=["user"], name="one_erasure_per_account"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(email="", phone=""),
                name="done_erasure_names_nobody",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=False) | Q(confirmed_at__isnull=True),
                name="erasure_is_confirmed_after_it_is_done",
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=Q(confirmed_at__isnull=True),
                name="erasure_under_way",
            )
        ]

    def __str__(self) -> str:
        return str(self.public_id)
