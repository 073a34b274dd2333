"""Orders as facts."""

from orders.models.changes import OrderTrace, RefundDue
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

__all__ = [
    "CancelReason",
    "FulfilmentStatus",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderQuerySet",
    "OrderTrace",
    "PaymentStatus",
    "RefundDue",
    "Source",
    "Status",
    "WrongOrderState",
    "hash_token",
]

# At the end, and for Django alone: the documents' models point to the order's.
from orders.documents.models import Document, DocumentCounter, LegalDetails  # noqa: F401
