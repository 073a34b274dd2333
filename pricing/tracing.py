"""The trace of a quote: what it was computed from and each of its steps, as JSON that is stored with an order.

Of the promotions only those that were applied are kept, and of what they are about only the keys of the lines, so that the
trace stays small and true whatever becomes of promotions and products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from common.errors import Invalid
from pricing.basket import (
    Basket,
    Code,
    Customer,
    Delivery,
    Kind,
    Level,
    Line,
    Promotion,
    Reason,
    Scope,
    TaxTable,
    Treatment,
)
from pricing.quotes import NotApplied, Quote, QuotedDelivery, QuotedLine

if TYPE_CHECKING:
    from pricing.discounting import Candidate

VERSION = 1
# What matters only to the choice of promotions, which a trace records the outcome of.
_NOT_OF_LINES = frozenset({"category_ids", "brand_id", "collection_ids", "tags"})
_FIELDS: dict[Any, list[tuple[str, Any]]] = {}  # looked up once a class


class UnreadableTrace(Invalid):
    """It is no trace of a quote, or one that this version cannot read."""

    code = "unreadable_trace"
    title = "This is no trace of a quote"


def trace_of(basket: Basket, chosen: Iterable[Candidate], made: Quote) -> dict[str, Any]:
    """The trace of a quote, ready for JSON; amounts are strings."""
    promotions, codes = [], []
    for candidate in sorted(chosen, key=lambda one: one.when):
        promotion = _by_keys(candidate.promotion, basket)
        if candidate.code:
            codes.append(Code(candidate.code, promotion, candidate.coupon_id))
        else:
            promotions.append(promotion)
    kept = replace(basket, promotions=tuple(promotions), codes=tuple(codes))
    return {
        "v": VERSION,
        "basket": _plain(kept),
        "lines": [_outcome(line, key=line.key) for line in made.lines],
        "delivery": _outcome(made.delivery) if made.delivery else None,
        "totals": {
            name: _plain(getattr(made, name))
            for name in ("subtotal", "discount_total", "delivery_total", "tax_total", "total")
        },
        "not_applied": [_plain(one) for one in made.not_applied],
    }


def _by_keys(promotion: Promotion, basket: Basket) -> Promotion:
    def named(scope: Scope) -> Scope:
        return Scope(keys=frozenset(line.key for line in basket.lines if scope.matches(line)))

    reward = None if promotion.reward is None else named(promotion.reward)
    return replace(promotion, scope=named(promotion.scope), reward=reward)


def _outcome(part: QuotedLine | QuotedDelivery, **named: str) -> dict[str, Any]:
    return named | {
        "total": _plain(part.total),
        "tax": _plain(part.tax),
        "steps": [_plain(step) for step in part.steps],
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it; of our own classes only what differs from the default."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    said = {}
    for name, default in _fields(type(value)):
        own = getattr(value, name)
        if default is MISSING or own != default:
            said[name] = _plain(own)
    return said


def _fields(kind: Any) -> list[tuple[str, Any]]:
    """The fields of one of our classes, with their defaults."""
    if kind not in _FIELDS:
        _FIELDS[kind] = [
            (one.name, one.default if one.default_factory is MISSING else one.default_factory())
            for one in fields(kind)
            if not (kind is Line and one.name in _NOT_OF_LINES)
        ]
    return _FIELDS[kind]


# --- back again -------------------------------------------------------------------------------


def read_trace(trace: Mapping[str, Any]) -> tuple[Basket, Sequence[NotApplied]]:
    """The basket that a trace was computed from, and what was told about promotions that were not applied.

    Raises:
        UnreadableTrace
    """
    if not isinstance(trace, Mapping) or trace.get("v") != VERSION:
        raise UnreadableTrace
    try:
        told = [
            NotApplied(**{**one, "reason": Reason(one["reason"])}) for one in trace["not_applied"]
        ]
        return _basket(trace["basket"]), told
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise UnreadableTrace from error


def _basket(said: Mapping[str, Any]) -> Basket:
    return Basket(
        currency=said["currency"],
        at=datetime.fromisoformat(said["at"]),
        lines=tuple(
            _made(Line, one, amounts="price list_price regular_price") for one in said["lines"]
        ),
        tax=TaxTable(
            rates={key: Decimal(rate) for key, rate in said["tax"].get("rates", {}).items()},
            treatments={
                key: Treatment(how) for key, how in said["tax"].get("treatments", {}).items()
            },
            exemptions=said["tax"].get("exemptions", {}),
            name=said["tax"].get("name", "VAT"),
        ),
        prices_include_tax=said.get("prices_include_tax", True),
        promotions=tuple(_promotion(one) for one in said.get("promotions", [])),
        codes=tuple(
            _made(Code, {**one, "promotion": _promotion(one["promotion"])})
            for one in said.get("codes", [])
        ),
        customer=Customer(**said.get("customer", {})),
        delivery=(
            _made(Delivery, said["delivery"], amounts="fee free_above")
            if said.get("delivery")
            else None
        ),
    )


def _promotion(said: Mapping[str, Any]) -> Promotion:
    changed: dict[str, Any] = {
        "kind": Kind(said["kind"]),
        "level": Level(said["level"]),
        "groups": frozenset(said.get("groups", [])),
        "scope": Scope(keys=frozenset(said["scope"]["keys"])),
    }
    if said.get("reward") is not None:
        changed["reward"] = Scope(keys=frozenset(said["reward"]["keys"]))
    for name in ("valid_from", "valid_until"):
        if said.get(name) is not None:
            changed[name] = datetime.fromisoformat(said[name])
    made: Promotion = _made(Promotion, {**said, **changed}, amounts="value most minimum")
    return made


def _made(kind: Any, said: Mapping[str, Any], *, amounts: str = "") -> Any:
    read = dict(said)
    for name in amounts.split():
        if read.get(name) is not None:
            read[name] = Decimal(read[name])
    return kind(**read)
