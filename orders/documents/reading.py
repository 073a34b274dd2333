"""Documents as doors ask for them: found, or issued at the first request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from common.idempotency import with_retries
from orders.documents.issuing import (
    find_document,
    issue_invoice,
    issue_packing_slip,
    issue_receipt,
)
from orders.documents.layout import sheet_of
from orders.documents.models import Document, Kind
from orders.documents.words import Language
from orders.models import Order
from orders.services import lock_order

ISSUED_ON_DEMAND: dict[Kind, Callable[..., Document]] = {
    Kind.INVOICE: issue_invoice,
    Kind.RECEIPT: issue_receipt,
    Kind.PACKING_SLIP: issue_packing_slip,
}


def document_of(*, order: Order, kind: Kind) -> Document:
    """The order's document of this kind. Issued now if there is none yet: orders may be older than documents.

    Raises:
        NoDocumentYet: the order is not that far.
    """
    found = find_document(order=order, kind=kind)
    if found is not None:
        return found

    def work() -> Document:
        return ISSUED_ON_DEMAND[kind](order=lock_order(order.pk))

    issued: Document = with_retries(work)
    return issued


def as_pdf(document: Document, language: Language) -> bytes:
    """The file."""
    # Here, and not above: 30 MB and a third of a second that a process pays for when it makes its first file.
    from orders.documents.pdf import render

    return render(sheet_of(document, language))


def edition(document: Document, language: Language) -> str:
    """Tells apart files of a document that differ: by language, by what was taken out, and by how they are set in type."""
    state = "redacted" if document.redacted_at else "whole"
    return f"{document.number}-{state}.{language}-{_typesetting()}"


@cache
def _typesetting() -> str:
    """Changes with the code and the packages that make a file out of a document."""
    digest = hashlib.sha256()
    for name in ("fonts", "layout", "pdf", "sheet", "words"):
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    for package in ("fpdf2", "fonttools", "manimgx-fonts", "uharfbuzz"):
        digest.update(version(package).encode())
    return digest.hexdigest()[:12]
