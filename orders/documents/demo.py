"""Who the demo shop is on its invoices. The numbers are made up, and look it."""

from __future__ import annotations

from datetime import date

from orders.documents.legal import add_legal_details
from orders.documents.models import LegalDetails


def build_legal_details() -> int:
    """Make what is missing; returns how many rows that were."""
    if LegalDetails.objects.exists():
        return 0
    add_legal_details(
        fields={
            "valid_from": date(2020, 1, 1),
            "legal_name": "Nexus Demo Trading PLC",
            "trade_name": "ኔክሰስ Nexus",
            "tin": "0000000000",
            "vat_number": "0000000000",
            "address": "Africa Avenue, Bole\nAddis Ababa, Ethiopia",
            "phone": "+251 11 000 0000",
            "email": "accounts@nexus-demo.shop",
            "footer": "This shop is a demonstration. ይህ ሱቅ ለማሳያ ብቻ ነው።",
        }
    )
    return 1
