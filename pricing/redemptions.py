# ruff: noqa: S608 (the SQL below is constant but for the names of our own tables)
"""Promotions are used, and given back: limits that hold however many redeem at the same time.

Lock order: promotions by id, then coupons by id. Only rows that have a limit are locked against others; a promotion without
one is shared, so that no checkout waits for another. Whoever sets a limit locks out both, and counts what was used before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from account.identifiers import email_key
from common.errors import Conflict
from common.phones import normalise_phone
from common.transactions import require_transaction
from pricing.models import Coupon, CouponUse, Promotion

ACTIVE, GIVEN_BACK = CouponUse.State.ACTIVE, CouponUse.State.GIVEN_BACK


class CouponUsedUp(Conflict):
    """A promotion or code has been used as often as it may be, in all or by this customer. Ask for a new quote.

    Each of `errors` has a `reason`: `used_up` or `used_up_by_you`, or `inactive` when it was taken back meanwhile.
    """

    code = "coupon_used_up"
    title = "Used up"


@dataclass(frozen=True, slots=True)
class Use:
    """A promotion to be used, by one of its codes or without; see `Quote.applied`."""

    promotion_id: int
    coupon_id: int | None = None


def customer_keys(
    *, user_id: int | None = None, email: str = "", phone: str = ""
) -> tuple[str, ...]:
    """By what a customer is known again: the account, and hashes of the address and the number.

    Limits per customer count the uses that share any key, so that somebody who has an account does not come again
    without it.
    """
    keys = [f"user:{user_id}"] if user_id else []
    if email:
        keys.append(_hashed("email", email_key(email)))
    if phone:
        try:
            phone = normalise_phone(phone)
        except ValueError:
            phone = phone.strip()
        keys.append(_hashed("phone", phone))
    return tuple(keys)


def _hashed(kind: str, text: str) -> str:
    digest = hashlib.sha256(f"pricing.{kind}:{text}".encode()).hexdigest()
    return f"{kind}:{digest[:48]}"


def redeem(*, uses: Sequence[Use], holder: UUID, customer: Sequence[str]) -> None:
    """Use promotions for something, all of them or none. A step: needs a transaction.

    What the holder has used already is not used again, so that a repeated call changes nothing.

    Args:
        holder: what they are used for; the public id of an order. customer: `customer_keys`; empty for nobody's limits.

    Raises:
        CouponUsedUp: a limit has been reached since the quote, or the promotion or code was taken back.
    """
    require_transaction()
    if not uses:
        return
    promotions = _locked(Promotion, {use.promotion_id for use in uses})
    coupons = _locked(Coupon, {use.coupon_id for use in uses if use.coupon_id})
    held, of_promotions, of_coupons = _counted(promotions, holder=holder, customer=customer)
    new = [use for use in uses if use.promotion_id not in held]
    refusals = []
    for use in new:
        reason = _why_not(promotions.get(use.promotion_id), of_promotions)
        if not reason and use.coupon_id:
            reason = _why_not(coupons.get(use.coupon_id), of_coupons)
        if reason:
            refusals.append(_refusal(use, reason, promotions, coupons))
    if refusals:
        raise CouponUsedUp("A promotion or code cannot be used any more.", errors=refusals)
    CouponUse.objects.bulk_create(
        CouponUse(
            promotion_id=use.promotion_id,
            coupon_id=use.coupon_id,
            holder=holder,
            customers=list(customer),
        )
        for use in new
    )
    _add(Promotion, [promotions[use.promotion_id] for use in new], 1)
    _add(Coupon, [coupons[use.coupon_id] for use in new if use.coupon_id], 1)


def give_back(*, holder: UUID) -> int:
    """Give back what was used for something that comes to nothing. A step; whoever comes second gives back nothing.

    Returns:
        How many uses were given back.
    """
    require_transaction()
    mine = CouponUse.objects.filter(holder=holder, state=ACTIVE)
    found = list(mine.values_list("promotion_id", "coupon_id"))
    if not found:
        return 0
    promotions = _locked(Promotion, {promotion for promotion, _ in found})
    coupons = _locked(Coupon, {coupon for _, coupon in found if coupon})
    # Under the locks: what somebody else has given back meanwhile is no longer among them.
    rows = list(mine.order_by("pk").select_for_update(no_key=True))
    CouponUse.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=GIVEN_BACK, given_back_at=Now()
    )
    _add(Promotion, [promotions[row.promotion_id] for row in rows], -1)
    _add(Coupon, [coupons[row.coupon_id] for row in rows if row.coupon_id], -1)
    return len(rows)


def recount(row: Promotion | Coupon) -> None:
    """Put into a row how often it is used; for whoever gives it a limit, and has locked it FOR UPDATE."""
    row.uses = row.coupon_uses.filter(state=ACTIVE).count()


def _counted(
    promotions: Mapping[int, Promotion], *, holder: UUID, customer: Sequence[str]
) -> tuple[set[int], Counter[int], Counter[int]]:
    """What the holder has used already; and how often this customer has used each promotion, and each of its codes.

    The promotions that limit this are locked, so that nobody adds to it.
    """
    of_holder = Q(holder=holder)
    if customer:
        of_customer = Q(promotion__in=list(promotions), customers__overlap=list(customer))
        of_holder |= of_customer
    held, by_promotion, by_coupon = set(), Counter[int](), Counter[int]()
    rows = CouponUse.objects.filter(of_holder, state=ACTIVE)
    for promotion, coupon, used_for in rows.values_list("promotion_id", "coupon_id", "holder"):
        if used_for == holder:
            held.add(promotion)
        else:
            by_promotion[promotion] += 1
            by_coupon[coupon] += 1
    return held, by_promotion, by_coupon


def _why_not(row: Promotion | Coupon | None, used: Counter[int]) -> str:
    if row is None or not row.is_active:
        return "inactive"
    if row.limit is not None and row.uses >= row.limit:
        return "used_up"
    if row.limit_per_customer is not None and used[row.pk] >= row.limit_per_customer:
        return "used_up_by_you"
    return ""


def _refusal(
    use: Use, reason: str, promotions: Mapping[int, Promotion], coupons: Mapping[int, Coupon]
) -> dict[str, str]:
    row = coupons.get(use.coupon_id) if use.coupon_id else promotions.get(use.promotion_id)
    name = str(row or "It")
    return {
        "field": "codes",
        "code": CouponUsedUp.code,
        "detail": f"{name} cannot be used any more.",
        "reason": reason,
        "name": name,
    }


Row = TypeVar("Row", Promotion, Coupon)


def _locked(kind: type[Row], ids: Collection[int]) -> dict[int, Row]:
    """The rows by id. Those with a limit are locked against each other, the rest against being given one.

    A row that is given a limit, or loses it, while it is waited for answers to neither condition: it is asked for again.
    """
    found: dict[int, Row] = {}
    for _ in range(3):
        missing = sorted(set(ids) - set(found))
        if not missing:
            break
        table = kind._meta.db_table
        limited = '("limit" IS NOT NULL OR limit_per_customer IS NOT NULL)'
        statement = (  # the table's name is the only thing that is put in
            f"WITH shared AS (SELECT * FROM {table} WHERE id = ANY (%(ids)s) AND NOT {limited}"
            " ORDER BY id FOR KEY SHARE),"
            f" counted AS (SELECT * FROM {table} WHERE id = ANY (%(ids)s) AND {limited}"
            " ORDER BY id FOR NO KEY UPDATE)"
            " SELECT * FROM shared UNION ALL SELECT * FROM counted"
        )
        found |= {row.pk: row for row in kind.objects.raw(statement, {"ids": missing})}
    return found


def _add(kind: type[Row], rows: Iterable[Row], by: int) -> None:
    """Count the uses of those rows that have a limit."""
    limited = [row.pk for row in rows if row.limit is not None]
    if limited:
        kind.objects.filter(pk__in=limited).update(uses=F("uses") + by)
