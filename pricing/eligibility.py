"""Whether a promotion or a code may be applied at all, before anybody looks at what it would give. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from common.money import format_amount
from pricing.basket import Basket, Code, Kind, Promotion, Reason
from pricing.quotes import NotApplied

SAID = {
    Reason.UNKNOWN_CODE: "There is no such code.",
    Reason.INACTIVE: "This is not offered any more.",
    Reason.NOT_STARTED: "This has not begun yet.",
    Reason.EXPIRED: "This has ended.",
    Reason.WRONG_CURRENCY: "This does not hold in {currency}.",
    Reason.WRONG_GROUP: "This is for other customers.",
    Reason.NOT_FIRST_ORDER: "This is for a first order only.",
    Reason.USED_UP: "This has been used up.",
    Reason.USED_UP_BY_YOU: "You have used this already.",
    Reason.NOTHING_MATCHES: "Nothing in this basket qualifies.",
    Reason.BELOW_THRESHOLD: "Add {missing} more to qualify.",
    Reason.NO_DELIVERY: "Choose a delivery first.",
    Reason.NOTHING_TO_DISCOUNT: "There is nothing left that this would make cheaper.",
    Reason.NOT_COMBINABLE: "This cannot be combined with {with}.",
}


def refused(
    reason: Reason, *, promotion: Promotion | None = None, code: str = "", **facts: Any
) -> NotApplied:
    """A promotion or code that is not applied, with a sentence."""
    return NotApplied(
        name=promotion.name if promotion else "",
        code=code,
        reason=reason,
        detail=SAID[reason].format(**facts),
        promotion_id=promotion.id if promotion else None,
        facts=facts,
    )


def why_not_code(code: Code) -> NotApplied | None:
    """Why the code itself is refused, whatever its promotion says."""
    if code.promotion is None:
        return refused(code.problem or Reason.UNKNOWN_CODE, code=code.code)
    if code.problem is not None:
        return refused(code.problem, promotion=code.promotion, code=code.code)
    return None


def why_not(
    promotion: Promotion, basket: Basket, *, matched: Sequence[Decimal], pieces: int, code: str
) -> NotApplied | None:
    """Why the promotion is not for this basket; None when it is.

    Args:
        matched: what each matching line comes to before promotions. pieces: of them together.
    """
    simple = _plainly_not(promotion, basket)
    if simple is not None:
        return refused(simple, promotion=promotion, code=code, currency=basket.currency)
    if not matched:
        return refused(Reason.NOTHING_MATCHES, promotion=promotion, code=code)
    if promotion.minimum is not None and sum(matched) < promotion.minimum:
        lacking = format_amount(promotion.minimum - sum(matched), basket.currency)
        return refused(
            Reason.BELOW_THRESHOLD, promotion=promotion, code=code,
            missing=f"{lacking} {basket.currency}", missing_amount=lacking,
        )  # fmt: skip
    # What is given of the same goods is a piece beyond those bought.
    given = promotion.kind is Kind.BUY_X_GET_Y and promotion.reward is None
    needed = max(promotion.minimum_pieces, promotion.buy + given)
    if pieces < needed:
        return refused(
            Reason.BELOW_THRESHOLD, promotion=promotion, code=code,
            missing=_counted(needed - pieces), missing_pieces=needed - pieces,
        )  # fmt: skip
    return None


def _counted(pieces: int) -> str:
    return "1 piece" if pieces == 1 else f"{pieces} pieces"


def _plainly_not(promotion: Promotion, basket: Basket) -> Reason | None:
    """What needs no look at the lines."""
    if not promotion.is_active:
        return Reason.INACTIVE
    if promotion.valid_from is not None and basket.at < promotion.valid_from:
        return Reason.NOT_STARTED
    if promotion.valid_until is not None and basket.at >= promotion.valid_until:
        return Reason.EXPIRED
    if not promotion.in_currency:
        return Reason.WRONG_CURRENCY
    if promotion.groups and basket.customer.group_id not in promotion.groups:
        return Reason.WRONG_GROUP
    if promotion.first_order_only and not basket.customer.is_first_order:
        return Reason.NOT_FIRST_ORDER
    if promotion.used_up:
        return Reason.USED_UP
    return Reason.USED_UP_BY_YOU if promotion.used_up_by_you else None
