"""What pricing forgets when a person is erased."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from common.transactions import require_transaction
from pricing.models import CouponUse, TaxExemption
from pricing.redemptions import customer_keys


def forget_customer(
    *,
    user_id: int | None,
    holders: Collection[str],
    emails: Collection[str] = (),
    phones: Collection[str] = (),
) -> None:
    """Delete a customer's tax certificates, and the hashes of their address and number from what was used.

    That something was used stays, and counts: by the number of the account, which is empty then.

    Args:
        holders: public ids of their orders.
        emails, phones: theirs, whose hashes go from what others used, too, who gave them as a contact.
    """
    require_transaction()
    if user_id is not None:
        TaxExemption.objects.filter(user_id=user_id).delete()
    theirs = {key for email in emails for key in customer_keys(email=email)}
    theirs |= {key for phone in phones for key in customer_keys(phone=phone)}
    mine = set(holders)
    uses = CouponUse.objects.filter(
        Q(holder__in=list(mine)) | Q(customers__overlap=sorted(theirs))
    ).exclude(customers=[])
    for use in uses.select_for_update(no_key=True).order_by("pk"):
        every = str(use.holder) in mine
        kept = [
            key
            for key in use.customers
            if (key.startswith("user:") if every else key not in theirs)
        ]
        if kept != use.customers:
            use.customers = kept
            use.save(update_fields=["customers"])
