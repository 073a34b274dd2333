"""What the verbs of fulfilment refuse."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import Conflict, Invalid
from orders.goods import PiecesOwed as PiecesOwed


class NotToBeShipped(Conflict):
    """The order is not paid, or has ended: nothing of it is packed."""

    code = "not_to_be_shipped"
    title = "Nothing of this order is shipped"


class TooManyPieces(Conflict):
    """More than is left of the line: agreed, not shipped, in no open shipment. Each error names what is `available`."""

    code = "too_many_pieces"
    title = "More than is left"

    def __init__(self, short: Mapping[str, int]) -> None:
        super().__init__(
            "That is more than is left to be shipped.",
            errors=[_error(self.code, field, left) for field, left in short.items()],
        )


class NotReturnable(Conflict):
    """More than was shipped and has not come back, or is asked for already. Each error names what is `available`."""

    code = "not_returnable"
    title = "More than can be returned"

    def __init__(self, short: Mapping[str, int]) -> None:
        super().__init__(
            "That is more than can be returned.",
            errors=[_error(self.code, field, left) for field, left in short.items()],
        )


class ReturnTooLate(Conflict):
    """The time in which customers may send things back is over. Staff may still take them."""

    code = "return_too_late"
    title = "Too late to return it"


class WrongHandOverCode(Invalid):
    """The code is not the one that the customer was sent. Five guesses are counted, then a new code must be issued."""

    code = "wrong_hand_over_code"
    title = "This code is not good"


class HandOverCodeUsedUp(Conflict):
    """The code was guessed wrong too often, or there is none: issue a new one."""

    code = "hand_over_code_used_up"
    title = "A new code is needed"


class HandOverCodeNeeded(Conflict):
    """The shipment is handed over for a code. Without it, a note must say how the customer was known."""

    code = "hand_over_code_needed"
    title = "The customer's code is needed"


def _error(code: str, field: str, left: int) -> dict[str, object]:
    return {"field": field, "code": code, "detail": f"{left} can be.", "available": left}


def owed(short: Mapping[str, int]) -> PiecesOwed:
    """The refusal of lines that wait for pieces, with what of each may go."""
    return PiecesOwed(
        "Some of these pieces are on back-order and not there yet.",
        errors=[_error(PiecesOwed.code, field, left) for field, left in short.items()],
    )
