"""Handing goods over for the customer's code."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from audit import services as audit
from common.actors import Actor
from common.transactions import refuse_transaction
from fulfilment.codes import HANDED_OVER_FROM, matches
from fulfilment.models import MAX_GUESSES, Shipment, ShipmentState, WrongShipmentState
from fulfilment.refusals import HandOverCodeUsedUp, WrongHandOverCode
from fulfilment.travelling import deliver, hold_shipment


def hand_over(*, shipment_id: int, code: str, by: Actor) -> Shipment:
    """The customer has said the code: the goods are theirs. The same right code again changes nothing more.

    Raises:
        WrongShipmentState: it does not wait to be handed over.
        WrongHandOverCode: a wrong guess, which is counted.
        HandOverCodeUsedUp: five wrong guesses were made, or no code is out.
        RuntimeError: inside a transaction, whose rollback would forget the guess.
    """
    refuse_transaction()
    seen = Shipment.objects.get(pk=shipment_id)
    if seen.state not in (*HANDED_OVER_FROM, ShipmentState.DELIVERED):
        raise WrongShipmentState(f"The shipment is {seen.state}; it is not handed over now.")
    counted = Shipment.objects.filter(
        pk=shipment_id, code_guesses__lt=MAX_GUESSES, code_digest__gt=""
    ).update(code_guesses=F("code_guesses") + 1)
    if not counted:
        raise HandOverCodeUsedUp(
            "Issue a new code: this one was guessed too often, or there is none."
        )
    if not matches(seen, code):
        audit.record(
            action="security.code_guessed", target=f"shipment:{seen.public_id}", outcome="refused"
        )
        raise WrongHandOverCode("This is not the code that the customer was sent.", errors=[
            {"field": "code", "code": WrongHandOverCode.code, "detail": "Not the customer's code."}
        ])  # fmt: skip
    with transaction.atomic():
        order, shipment = hold_shipment(shipment_id)
        if shipment.code_digest != seen.code_digest:
            raise HandOverCodeUsedUp("A newer code was issued meanwhile.")
        Shipment.objects.filter(pk=shipment_id).update(code_guesses=0)
        shipment.code_guesses = 0
        if shipment.state != ShipmentState.DELIVERED:
            deliver(order, shipment, by=by, note="handed over for the code")
    return shipment
