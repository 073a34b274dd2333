"""What is over is forgotten after a while."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from account.models import EmailToken, PhoneCode, Session

KEPT = timedelta(days=30)
CODES_KEPT = timedelta(days=2)  # their limits look back one day


def prune() -> None:
    """Delete sessions and letter tokens that ended more than 30 days ago, and codes of telephones after two."""
    then = timezone.now() - KEPT
    Session.objects.filter(Q(expires_at__lt=then) | Q(revoked_at__lt=then)).delete()
    EmailToken.objects.filter(expires_at__lt=then).delete()
    PhoneCode.objects.filter(expires_at__lt=timezone.now() - CODES_KEPT).delete()
