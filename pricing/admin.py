"""Tax rates in the admin."""

from __future__ import annotations

from django.contrib import admin

from pricing.delivery_admin import DeliveryMethodAdmin
from pricing.models import TaxRate

__all__ = ["DeliveryMethodAdmin", "TaxRateAdmin"]


@admin.register(TaxRate)
class TaxRateAdmin(admin.ModelAdmin):
    """Dated rates; the database refuses two at a time."""

    list_display = ["name", "rate", "valid_from", "valid_until"]
    ordering = ["-valid_from"]
