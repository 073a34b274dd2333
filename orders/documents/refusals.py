"""Why a document is not issued."""

from __future__ import annotations

from common.errors import Conflict, Invalid


class NoDocumentYet(Conflict):
    """The order is not in a state in which this document exists: an invoice wants a sale, a receipt its money."""

    code = "no_document_yet"
    title = "There is no such document yet"


class TooMuchCredited(Conflict):
    """More than what is left of the invoice: pieces of a line, its amount, or delivery."""

    code = "too_much_credited"
    title = "More than was invoiced"


class NothingToCredit(Invalid):
    """A credit note needs at least one line or an amount, a reason and a key."""

    code = "nothing_to_credit"
    title = "Nothing to credit"
