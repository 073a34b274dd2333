"""Files on their way in and out: imports and exports as jobs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from common.ids import uuid7


class Transfer(models.Model):
    """One import or export of products: its file, how far it is, and what it found."""

    class Direction(models.TextChoices):
        """Which way."""

        IMPORT = "import", "import"
        EXPORT = "export", "export"

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    direction = models.CharField(max_length=6, choices=Direction)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    format = models.CharField(max_length=16, help_text="`shopify`, `nexus`; of a file: csv, jsonl.")
    options = models.JSONField(default=dict, blank=True)
    file = models.CharField(max_length=300, blank=True, default="", help_text="In the storage.")
    total = models.PositiveIntegerField(null=True, blank=True, help_text="Products in the file.")
    position = models.BigIntegerField(default=0, help_text="Where a resumed run goes on.")
    counts = models.JSONField(default=dict, blank=True)
    remarks = models.JSONField(default=list, blank=True, help_text="The first of them.")
    problem = models.TextField(blank=True, default="", help_text="Why it failed.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"], name="transfer_by_newest")]

    def __str__(self) -> str:
        return f"{self.direction} {self.public_id}"


class TransferChunk(models.Model):
    """A piece of a transfer's file: of an upload as it came, of an export a gzip member of its own.

    Files live in the database: the web process and the worker need not share a disk, no address of the public media leads to
    them, and an upload exists if and only if its job does.
    """

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transfer", "number"], name="transfer_chunks_are_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id}: {self.number}"
