"""What the doctor found, and when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Examination(models.Model):
    """One examination of the shop by the worker: how many violations each invariant has. Kept for a month."""

    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_default=Now())
    violations = models.JSONField(
        default=dict, help_text="By invariant, of those that are broken; at most a hundred of each are counted."
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("began_at")), name="examination_ends_after_it_begins"
            ),
        ]
        indexes = [models.Index(fields=["-ended_at"], name="examination_by_age")]

    def __str__(self) -> str:
        return f"{self.ended_at:%Y-%m-%d %H:%M}: {sum(self.violations.values())} violations"
