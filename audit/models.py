"""The audit log as facts: one row for each change and each action."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ActorKind(models.TextChoices):
    """Who acted."""

    CUSTOMER = "customer", "a customer, signed in"
    GUEST = "guest", "somebody who is not signed in"
    STAFF = "staff", "staff"
    KEY = "key", "an API key"
    SYSTEM = "system", "a job or a command"
    GATEWAY = "gateway", "the payment gateway"
    DATABASE = "database", "SQL from outside of the shop"


class Outcome(models.TextChoices):
    """What came of it."""

    DONE = "done", "done"
    REFUSED = "refused", "refused"
    RETURNED = "returned", "a form came back: a question, or errors in it"
    FAILED = "failed", "failed"


class AuditEntry(models.Model):
    """Who did what, when and from where. Append-only: triggers refuse whatever is not retention or redaction.

    No foreign keys: the log outlives what it tells about. Values of personal columns and secrets are never in it, only that
    they changed.
    """

    created_at = models.DateTimeField(db_default=Now(), help_text="By the database's clock.")
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True, blank=True, help_text="Of the user.")
    actor_name = models.CharField(
        max_length=100, blank=True, db_default="",
        help_text="Of a key, job, command or database role; people are named by their id alone.",
    )  # fmt: skip
    key_id = models.BigIntegerField(null=True, blank=True, help_text="Of the API key.")
    address = models.GenericIPAddressField(null=True, blank=True, help_text="Of the client.")
    request_id = models.CharField(max_length=64, blank=True, db_default="")
    action = models.CharField(max_length=80, help_text="Such as variant.updated or api.patch.")
    target_table = models.CharField(max_length=63, blank=True, db_default="")
    target_id = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Of the row, in its table."
    )
    target_public_id = models.CharField(
        max_length=120, blank=True, db_default="", help_text="What the outside calls it."
    )
    outcome = models.CharField(max_length=8, choices=Outcome, db_default=Outcome.DONE)
    changes = models.JSONField(
        default=dict, db_default={},
        help_text='By column: {"from", "to"}, or {"changed": true} for what must not be shown.',
    )  # fmt: skip
    details = models.JSONField(default=dict, db_default={})

    actor: Any = None  # the user, where `audit.people` has looked
    key: Any = None  # the API key, likewise

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        default_permissions = ("view",)
        permissions = [("export_auditentry", "Can export audit entries")]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind__in=ActorKind.values), name="audit_actor_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="audit_outcome_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="audit_by_age"),
            models.Index(fields=["action", "created_at"], name="audit_of_action"),
            models.Index(
                fields=["target_id", "target_table", "created_at"],
                condition=~Q(target_id=""),
                name="audit_of_row",
            ),
            models.Index(
                fields=["target_public_id", "created_at"],
                condition=~Q(target_public_id=""),
                name="audit_of_public_id",
            ),
            models.Index(
                fields=["actor_id", "created_at"],
                condition=Q(actor_id__isnull=False),
                name="audit_of_actor",
            ),
            models.Index(
                fields=["request_id"], condition=~Q(request_id=""), name="audit_of_request"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_public_id or self.target_id}".strip()
