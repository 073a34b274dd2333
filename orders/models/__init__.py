"""Orders as facts."""

from orders.models.changes import OrderTrace, RefundDue
from orders.models.desk import DraftClosed, DraftOrder, DraftStatus, OrderNote
from orders.models.orders import (
    CancelReason,
    FulfilmentStatus,
    Order,
    OrderEvent,
    OrderLine,
    OrderQuerySet,
    PaymentStatus,
    Source,
    Status,
    WrongOrderState,
    hash_token,
)
from orders.models.past import PastCredit, PastFile, PastLine, PastSale

__all__ = [
    "CancelReason",
    "DraftClosed",
    "DraftOrder",
    "DraftStatus",
    "FulfilmentStatus",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderNote",
    "OrderQuerySet",
    "OrderTrace",
    "PastCredit",
    "PastFile",
    "PastLine",
    "PastSale",
    "PaymentStatus",
    "RefundDue",
    "Source",
    "Status",
    "WrongOrderState",
    "hash_token",
]

# At the end, and for Django alone: the documents' models point to the order's.
from orders.documents.models import Document, DocumentCounter, LegalDetails  # noqa: F401
