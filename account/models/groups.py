"""Groups of customers, such as wholesalers: what they pay is the catalogue's business."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class CustomerGroup(models.Model):
    """Customers who are treated alike."""

    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], name="customer_group_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="customer_group_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
