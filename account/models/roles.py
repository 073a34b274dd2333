"""What staff may do, by role."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from account.models.people import User


class Role(models.TextChoices):
    """A job in the shop. `account.roles` says what each may do; whatever is not listed there is refused."""

    OWNER = "owner", "Owner"
    CATALOG_EDITOR = "catalog_editor", "Catalogue editor"
    STOCK_KEEPER = "stock_keeper", "Stock keeper"
    ORDER_DESK = "order_desk", "Order desk"
    FINANCE = "finance", "Finance"
    SUPPORT = "support", "Support (read only)"


class UserRole(models.Model):
    """One role of one member of staff."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=20, choices=Role.choices)
    granted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    granted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="one_row_per_user_and_role"),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()
