"""The verbs of payments, under one name for the doors."""

from payments.cancellation import (
    cancel_closed_order,
    cancel_order,
    close_payments,
    expire_orders,
)
from payments.inbox import nudge, receive
from payments.reconciliation import open_payments, reconcile
from payments.settle import PaymentUnavailable, close, settle
from payments.start import start

__all__ = [
    "PaymentUnavailable",
    "cancel_closed_order",
    "cancel_order",
    "close",
    "close_payments",
    "expire_orders",
    "nudge",
    "open_payments",
    "receive",
    "reconcile",
    "settle",
    "start",
]
