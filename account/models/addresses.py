"""The address book."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from account.models.people import User
from common.ids import uuid7


class Address(models.Model):
    """Where somebody likes things to be brought. A landmark or a pin may be all there is; a postcode is never needed."""

    # At least one of these, or a pin, says where it is; a country alone does not.
    PLACES = (
        "region", "zone", "city", "sub_city", "woreda", "kebele", "house_number",
        "line1", "line2", "street", "landmark", "postcode",
    )  # fmt: skip

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    label = models.CharField(max_length=60, blank=True, help_text="How its owner calls it: home.")
    name = models.CharField(max_length=120, blank=True)
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    company = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=120, blank=True)
    sub_city = models.CharField(max_length=120, blank=True)
    woreda = models.CharField(max_length=60, blank=True)
    kebele = models.CharField(max_length=60, blank=True)
    house_number = models.CharField(max_length=60, blank=True)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    street = models.CharField(max_length=200, blank=True)
    landmark = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="one_default_address_per_user"
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    # Said outright: a comparison with NULL is neither true nor false, and passes a CHECK.
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__gte=-90,
                    latitude__lte=90,
                    longitude__gte=-180,
                    longitude__lte=180,
                ),
                name="pin_is_on_earth",
            ),
            models.CheckConstraint(
                condition=~Q(
                    region="",
                    zone="",
                    city="",
                    sub_city="",
                    woreda="",
                    kebele="",
                    house_number="",
                    line1="",
                    line2="",
                    street="",
                    landmark="",
                    postcode="",
                    latitude__isnull=True,
                ),
                name="address_says_where",
            ),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="address_phone_is_e164",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="address_of_user"),
        ]

    def __str__(self) -> str:
        return self.label or str(self.public_id)
