"""Carts that nobody has touched for long are forgotten."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from cart.models import Cart

BATCH = 500


def prune(*, batch: int = BATCH) -> int:
    """Delete expired carts, in batches of their own transactions. One that somebody holds (a checkout) is left for later.

    Returns:
        How many were deleted.
    """
    deleted = 0
    while True:
        with transaction.atomic():
            gone = list(
                Cart.objects.filter(expires_at__lt=timezone.now())
                .order_by("expires_at", "pk")
                .select_for_update(no_key=True, skip_locked=True)
                .values_list("pk", flat=True)[:batch]
            )
            # Under the locks: whoever was added to these meanwhile would have made them last longer.
            Cart.objects.filter(pk__in=gone).delete()
        deleted += len(gone)
        if len(gone) < batch:
            return deleted
