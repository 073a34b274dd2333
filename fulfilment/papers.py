"""What is printed for a shipment: its packing slip, which is a numbered document, and the label on the parcel."""

from __future__ import annotations

from typing import Any

from common.idempotency import with_retries
from fulfilment.models import Shipment, ShipmentState, WrongShipmentState
from fulfilment.travelling import hold_shipment
from orders.documents import content
from orders.documents.issuing import find_document, issue_packing_slip
from orders.documents.models import Document, Kind
from orders.models import Order
from places.models import PickupPoint

WIDTH, HEIGHT, MARGIN = 105.0, 148.0, 7.0  # millimetres: A6


def packing_slip(*, shipment_id: int) -> Document:
    """The slip of one shipment; issued now if there is none yet.

    Raises:
        orders.documents.refusals.NoDocumentYet: the order has ended.
    """

    def work() -> Document:
        order, shipment = hold_shipment(shipment_id)
        found = find_document(order=order, kind=Kind.PACKING_SLIP, key=shipment.name)
        if found is not None:
            return found
        rows = shipment.lines.values_list("line__position", "quantity")
        return issue_packing_slip(order=order, key=shipment.name, pieces=dict(rows))

    issued: Document = with_retries(work)
    return issued


def label(order: Order, shipment: Shipment) -> bytes:
    """The label as a PDF file of one A6 page. It says to whom and where, and no price.

    Raises:
        WrongShipmentState: the shipment was cancelled, or the customer was erased: it goes nowhere.
    """
    if shipment.state == ShipmentState.CANCELLED or order.redacted_at is not None:
        raise WrongShipmentState("This shipment goes nowhere.")
    # Here, and not above: what makes files is large, and few processes make any.
    from fulfilment.label_pdf import draw

    return draw(
        title=f"{order.number} / {shipment.number}",
        barcode=order.number,
        to=_recipient(order, shipment),
        time=content.shown_time(content.delivery_time(order)),
        below=[text for text in (shipment.carrier, shipment.tracking_number, shipment.location) if text],
        at=shipment.packed_at,
    )  # fmt: skip


def _recipient(order: Order, shipment: Shipment) -> dict[str, Any]:
    """Name, telephone and lines of whoever gets it; they may not be who pays."""
    people = content.people(order)
    buyer, found = people.get("buyer", {}), people.get("recipient", {})
    lines = list(found.get("lines", []))
    if shipment.pickup_point:
        point = PickupPoint.objects.filter(slug=shipment.pickup_point).first()
        lines = (
            [shipment.pickup_point]
            if point is None
            else [point.name, point.address, point.landmark]
        )
    name = found.get("name") or buyer.get("name", "")
    return {
        "name": name or order.email,
        "company": found.get("company", ""),
        "phone": found.get("phone") or buyer.get("phone", ""),
        "lines": [line for line in lines if line],
        "note": str(order.shipping_address.get("note", "")),
    }
