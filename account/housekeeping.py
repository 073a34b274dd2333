"""What is over is forgotten after a while."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from account.models import EmailToken, Session

KEPT = timedelta(days=30)


def prune() -> None:
    """Delete sessions and letter tokens that ended more than 30 days ago."""
    then = timezone.now() - KEPT
    Session.objects.filter(Q(expires_at__lt=then) | Q(revoked_at__lt=then)).delete()
    EmailToken.objects.filter(expires_at__lt=then).delete()
