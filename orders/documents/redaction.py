"""Documents without people. What the law wants is kept as it was issued, for as long as it wants; the rest goes at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from common.transactions import require_transaction
from orders.documents.models import Document, Kind
from orders.documents.triggers import UPKEEP


def redact_packing_slips(*, order_ids: Collection[int]) -> int:
    """Take the people out of the packing slips of these orders. Returns of how many."""
    slips = Document.objects.filter(order__in=list(order_ids), kind=Kind.PACKING_SLIP)
    return _redact(slips.filter(redacted_at=None))


def redact_old_documents(*, batch: int = 1000) -> int:
    """Take the people out of documents whose year ended LEGAL_KEEP_YEARS years ago or earlier. Returns of how many.

    Numbers, lines, amounts and taxes stay. The database refuses this of legal documents younger than five years.
    """
    require_transaction()
    ended = timezone.now().year - settings.LEGAL_KEEP_YEARS
    old = Document.objects.filter(
        redacted_at=None,
        issued_at__lt=datetime(ended, 1, 1, tzinfo=timezone.get_current_timezone()),
    )
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:batch])
    return _redact(Document.objects.filter(pk__in=ids))


def _redact(documents: QuerySet[Document]) -> int:
    require_transaction()
    rows: list[tuple[int, dict[str, Any]]] = list(documents.values_list("pk", "data"))
    if not rows:
        return 0
    now = timezone.now()
    _allow("redact")
    for pk, data in rows:
        Document.objects.filter(pk=pk).update(data={**data, "people": {}}, redacted_at=now)
    _allow("")
    return len(rows)


def _allow(upkeep: str) -> None:
    """For the rest of the transaction at the most."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [UPKEEP, upkeep])
