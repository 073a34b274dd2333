"""How it travels, as facts."""

from fulfilment.models.returns import (
    ReturnEvent,
    ReturnLine,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    WrongReturnState,
)
from fulfilment.models.shipments import (
    LEFT,
    MAX_GUESSES,
    OPEN,
    Shipment,
    ShipmentEvent,
    ShipmentKind,
    ShipmentLine,
    ShipmentState,
    WrongShipmentState,
)

__all__ = [
    "LEFT",
    "MAX_GUESSES",
    "OPEN",
    "ReturnEvent",
    "ReturnLine",
    "ReturnReason",
    "ReturnRequest",
    "ReturnState",
    "Shipment",
    "ShipmentEvent",
    "ShipmentKind",
    "ShipmentLine",
    "ShipmentState",
    "WrongReturnState",
    "WrongShipmentState",
]
