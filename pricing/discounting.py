"""What promotions take off, and which of them go together. Pure.

Promotions are applied in this order: those without a code to single lines, those without a code to the lines together, codes
to single lines, codes to the lines together, and what concerns the delivery last; within each of these by priority, the
higher first, and then the older first. Each takes its share of what the ones before it have left, and none goes below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from common.money import round_half_up, split
from pricing.basket import Basket, Kind, Level, Promotion, Reason, Scope
from pricing.eligibility import refused, why_not, why_not_code
from pricing.quotes import Discount, NotApplied

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A promotion that may be applied, by a code or without, and the places of the lines that it is about."""

    promotion: Promotion
    code: str
    coupon_id: int | None
    places: tuple[int, ...]
    rewards: tuple[int, ...] | None = None

    @property
    def when(self) -> tuple[bool, bool, bool, int, int]:
        """Its place in the order in which promotions are applied."""
        level = self.promotion.level
        return (
            level is Level.DELIVERY, bool(self.code), level is Level.ORDER, -self.promotion.priority,
            self.promotion.id,
        )  # fmt: skip


@dataclass(slots=True)
class Given:
    """What a set of promotions gives: what is left of each line and of the fee, and who took what."""

    left: list[Decimal]
    fee: Decimal
    of_line: list[list[Discount]]
    of_delivery: list[Discount] = field(default_factory=list)
    by_promotion: dict[int, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self.by_promotion.values(), Decimal(0))


def discounts(
    basket: Basket, *, subtotals: Sequence[Decimal], fee: Decimal
) -> tuple[Given, list[Candidate], list[NotApplied]]:
    """Apply the basket's promotions and codes.

    Args:
        subtotals: what each line comes to before promotions. fee: of the delivery, before promotions.

    Returns:
        What is given, by whom, and who gives nothing and why.
    """
    candidates, refusals = _candidates(basket, subtotals)
    useful = []
    savings: dict[int, Decimal] = {}
    for candidate in candidates:
        promotion = candidate.promotion
        if promotion.kind is Kind.FREE_DELIVERY and basket.delivery is None:
            refusals.append(_refused(Reason.NO_DELIVERY, candidate))
            continue
        saved = _give(basket, [candidate], subtotals, fee).total
        if saved:
            savings[promotion.id] = saved
            useful.append(candidate)
        else:
            refusals.append(_refused(Reason.NOTHING_TO_DISCOUNT, candidate))
    useful.sort(
        key=lambda one: (-one.promotion.priority, -savings[one.promotion.id], one.promotion.id)
    )
    chosen, given = _best(basket, useful, subtotals, fee)
    while idle := [one for one in chosen if one.promotion.id not in given.by_promotion]:
        # Others leave nothing to them: they are not used up for nothing, and keep nobody out.
        refusals += [_refused(Reason.NOTHING_TO_DISCOUNT, one) for one in idle]
        useful = [one for one in useful if one not in idle]
        chosen, given = _best(basket, useful, subtotals, fee)
    for candidate in useful:
        rival = _rival(candidate, chosen)
        if rival is not None:
            name = rival.code or rival.promotion.name
            refusals.append(_refused(Reason.NOT_COMBINABLE, candidate, **{"with": name}))
    return given, chosen, refusals


def _refused(reason: Reason, candidate: Candidate, **facts: str) -> NotApplied:
    return refused(reason, promotion=candidate.promotion, code=candidate.code, **facts)


# --- who may ----------------------------------------------------------------------------------


def _candidates(
    basket: Basket, subtotals: Sequence[Decimal]
) -> tuple[list[Candidate], list[NotApplied]]:
    """The promotions that may be applied; a promotion with several of its codes typed, by the first that works."""
    candidates: list[Candidate] = []
    refusals: list[NotApplied] = []
    taken: dict[int, str] = {}
    typed = set()
    offered: list[tuple[Promotion, str, int | None]] = [
        (one, "", None) for one in basket.promotions
    ]
    for code in basket.codes:
        refusal = why_not_code(code)
        if code.code in typed:
            continue
        typed.add(code.code)
        if refusal is not None:
            refusals.append(refusal)
        elif code.promotion is not None:
            offered.append((code.promotion, code.code, code.coupon_id))
    for promotion, typed_code, coupon_id in offered:
        places = _places(promotion.scope, basket)
        refusal = why_not(
            promotion, basket, code=typed_code, matched=[subtotals[place] for place in places],
            pieces=sum(basket.lines[place].quantity for place in places),
        )  # fmt: skip
        if refusal is None and promotion.id in taken:
            name = taken[promotion.id] or promotion.name
            refusal = refused(
                Reason.NOT_COMBINABLE, promotion=promotion, code=typed_code, **{"with": name}
            )
        if refusal is not None:
            refusals.append(refusal)
            continue
        taken[promotion.id] = typed_code
        rewards = None if promotion.reward is None else _places(promotion.reward, basket)
        candidates.append(Candidate(promotion, typed_code, coupon_id, places, rewards))
    return candidates, refusals


def _places(scope: Scope, basket: Basket) -> tuple[int, ...]:
    return tuple(place for place, line in enumerate(basket.lines) if scope.matches(line))


# --- who goes with whom -----------------------------------------------------------------------


def _best(
    basket: Basket, useful: Sequence[Candidate], subtotals: Sequence[Decimal], fee: Decimal
) -> tuple[list[Candidate], Given]:
    """The promotions that are applied, of candidates in order of precedence.

    One that combines with no other is applied alone if its priority is above all others'; among equals whatever gives
    the customer more. Of one group of exclusivity the first is applied.
    """
    together: list[Candidate] = []
    groups = set()
    for candidate in useful:
        promotion = candidate.promotion
        if not promotion.exclusive and promotion.group not in groups:
            together.append(candidate)
            groups |= {promotion.group} - {""}
    given = _give(basket, together, subtotals, fee)
    alone = next((one for one in useful if one.promotion.exclusive), None)
    if alone is None:
        return together, given
    highest = together[0].promotion.priority if together else None
    mine = alone.promotion.priority
    if highest is not None and highest > mine:
        return together, given
    by_itself = _give(basket, [alone], subtotals, fee)
    if highest is None or highest < mine or by_itself.total > given.total:
        return [alone], by_itself
    return together, given


def _rival(candidate: Candidate, chosen: Sequence[Candidate]) -> Candidate | None:
    """Who of the chosen keeps this one out; None: it is chosen itself."""
    promotion = candidate.promotion
    if candidate in chosen:
        return None
    for other in chosen:
        if promotion.exclusive or other.promotion.exclusive:
            return other
        if promotion.group and promotion.group == other.promotion.group:
            return other
    return None


# --- what they give ---------------------------------------------------------------------------


def _give(
    basket: Basket, candidates: Iterable[Candidate], subtotals: Sequence[Decimal], fee: Decimal
) -> Given:
    given = Given(list(subtotals), fee, [[] for _ in subtotals])
    for candidate in sorted(candidates, key=lambda one: one.when):
        promotion = candidate.promotion
        if promotion.level is Level.DELIVERY:
            off = given.fee if promotion.most is None else min(given.fee, promotion.most)
            if off:
                given.fee -= off
                given.of_delivery.append(_discount(candidate, off))
                given.by_promotion[promotion.id] = off
            continue
        shares = _capped(promotion, _shares(basket, candidate, given.left), basket.currency)
        total = Decimal(0)
        for place, off in shares.items():
            if off:
                given.left[place] -= off
                given.of_line[place].append(_discount(candidate, off))
                total += off
        if total:
            given.by_promotion[promotion.id] = total
    return given


def _discount(candidate: Candidate, amount: Decimal) -> Discount:
    return Discount(candidate.promotion.id, candidate.promotion.name, candidate.code, amount)


def _shares(basket: Basket, candidate: Candidate, left: Sequence[Decimal]) -> dict[int, Decimal]:
    """What a promotion takes off each line, by its place; never more than is left of it."""
    promotion, places, currency = candidate.promotion, candidate.places, basket.currency
    if promotion.kind is Kind.BUY_X_GET_Y:
        return _of_cheapest(basket, candidate, left)
    if promotion.level is Level.LINE:
        return {
            place: min(_off_line(basket, promotion, place, left), left[place]) for place in places
        }
    weights = [left[place] for place in places]
    whole = sum(weights, Decimal(0))
    off = promotion.value
    if promotion.kind is Kind.PERCENTAGE:
        off = round_half_up(whole * promotion.value / HUNDRED, currency)
    return dict(zip(places, split(min(off, whole), weights, currency), strict=True))


def _off_line(basket: Basket, promotion: Promotion, place: int, left: Sequence[Decimal]) -> Decimal:
    if promotion.kind is Kind.PERCENTAGE:
        return round_half_up(left[place] * promotion.value / HUNDRED, basket.currency)
    return promotion.value * basket.lines[place].quantity


def _of_cheapest(
    basket: Basket, candidate: Candidate, left: Sequence[Decimal]
) -> dict[int, Decimal]:
    """For every so many pieces bought, so many of the cheapest are reduced. A piece that is reduced is not bought."""
    promotion = candidate.promotion
    pieces = {place: basket.lines[place].quantity for place in candidate.places}
    if candidate.rewards is None:
        # A last round that is not whole still gives what is beyond the pieces bought.
        rounds, rest = divmod(sum(pieces.values()), promotion.buy + promotion.get)
        extra = max(rest - promotion.buy, 0)
        if promotion.times is not None and rounds >= promotion.times:
            rounds, extra = promotion.times, 0
        reduced, rewards = rounds * promotion.get + extra, candidate.places
    else:
        rewards = candidate.rewards
        bought = sum(count for place, count in pieces.items() if place not in rewards)
        rounds = bought // promotion.buy
        reduced = promotion.get * (
            rounds if promotion.times is None else min(rounds, promotion.times)
        )
    shares = {}
    for place in sorted(rewards, key=lambda one: (left[one] / basket.lines[one].quantity, one)):
        taken = min(reduced, basket.lines[place].quantity)
        worth = left[place] * taken * promotion.value / basket.lines[place].quantity / HUNDRED
        shares[place] = min(round_half_up(worth, basket.currency), left[place])
        reduced -= taken
    return shares


def _capped(promotion: Promotion, shares: dict[int, Decimal], currency: str) -> dict[int, Decimal]:
    """Not more than the promotion gives at most."""
    off = sum(shares.values(), Decimal(0))
    if promotion.most is None or off <= promotion.most:
        return shares
    return dict(zip(shares, split(promotion.most, list(shares.values()), currency), strict=True))
