"""What pricing forgets when a person is erased."""

from __future__ import annotations

from collections.abc import Collection

from pricing.models import CouponUse, TaxExemption


def forget_customer(*, user_id: int | None, holders: Collection[str]) -> None:
    """Delete a customer's tax certificates, and the hashes of their address and number from what they have used.

    That something was used stays, and counts: by the number of the account, which is empty then.

    Args:
        holders: public ids of their orders.
    """
    if user_id is not None:
        TaxExemption.objects.filter(user_id=user_id).delete()
    uses = CouponUse.objects.filter(holder__in=holders).exclude(customers=[])
    for use in uses.select_for_update(no_key=True).order_by("pk"):
        kept = [key for key in use.customers if key.startswith("user:")]
        if kept != use.customers:
            use.customers = kept
            use.save(update_fields=["customers"])
