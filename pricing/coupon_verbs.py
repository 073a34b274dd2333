"""Codes of a promotion: one by one, or by the thousand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from common.constraints import refusing
from pricing.codes import is_code, new_code, normalised
from pricing.models import Coupon, Promotion
from pricing.promotion_verbs import lock_promotion
from pricing.redemptions import recount
from pricing.refusals import (
    BY_CONSTRAINT,
    LimitBelowUses,
    NoSuchCoupon,
    NotACode,
    PromotionInUse,
)

MOST_AT_ONCE = 10_000


def create_coupon(*, promotion_id: int, code: str, fields: Mapping[str, Any]) -> Coupon:
    """Add a code, which is the same whatever case and blanks it is typed with.

    Args:
        fields: `limit`, `limit_per_customer`, `is_active`, `batch`.

    Raises:
        NoSuchPromotion, NotACode, CouponCodeTaken
    """
    code = normalised(code)
    if not is_code(code):
        raise NotACode
    with transaction.atomic():
        promotion = lock_promotion(promotion_id)
        coupon = Coupon(promotion=promotion, code=code, **fields)
        with refusing(BY_CONSTRAINT):
            coupon.save(force_insert=True)
        _need_codes(promotion)
    coupon.refresh_from_db()
    return coupon


def generate_coupons(
    *, promotion_id: int, count: int, prefix: str, fields: Mapping[str, Any]
) -> list[Coupon]:
    """Add so many random codes at once, each for one use unless `fields` say otherwise.

    Raises:
        NoSuchPromotion; NotACode: the prefix is none.
    """
    start = normalised(prefix)
    if start and not is_code(f"{start}AAA"):
        raise NotACode(field="prefix")
    fields = {"limit": 1} | dict(fields)
    with transaction.atomic():
        promotion = lock_promotion(promotion_id)
        made: list[Coupon] = []
        while len(made) < count:
            fresh = {new_code(prefix=start) for _ in range(count - len(made))}
            taken = set(Coupon.objects.filter(code__in=fresh).values_list("code", flat=True))
            rows = [
                Coupon(promotion=promotion, code=one, **fields) for one in sorted(fresh - taken)
            ]
            made += Coupon.objects.bulk_create(rows, batch_size=1000)
        _need_codes(promotion)
    return made


def update_coupon(*, promotion_id: int, coupon_id: int, changes: Mapping[str, Any]) -> Coupon:
    """Change a code's limits, or take it back with `is_active`. What has been used stays used.

    Raises:
        NoSuchCoupon, LimitBelowUses
    """
    with transaction.atomic():
        coupon = lock_coupon(promotion_id, coupon_id)
        had_limit = coupon.limit is not None
        for name, value in changes.items():
            setattr(coupon, name, value)
        if coupon.limit is not None and not had_limit:
            recount(coupon)
        if coupon.limit is not None and coupon.uses > coupon.limit:
            raise LimitBelowUses(f"It has been used {coupon.uses} times.")
        coupon.save(force_update=True)
    return coupon


def delete_coupon(*, promotion_id: int, coupon_id: int) -> None:
    """Delete a code that was never used.

    Raises:
        NoSuchCoupon; PromotionInUse: deactivate it.
    """
    with transaction.atomic():
        coupon = lock_coupon(promotion_id, coupon_id)
        try:
            coupon.delete()
        except ProtectedError:
            raise PromotionInUse from None


def lock_coupon(promotion_id: int, coupon_id: int) -> Coupon:
    """A promotion's code, locked against changes and against being used meanwhile.

    Raises:
        NoSuchCoupon
    """
    rows = Coupon.objects.select_for_update(of=["self"])
    found = rows.filter(pk=coupon_id, promotion_id=promotion_id).first()
    if found is None:
        raise NoSuchCoupon("The promotion has no such code.")
    return found


def _need_codes(promotion: Promotion) -> None:
    """A promotion that has codes needs one of them: else nobody would have to type any."""
    if not promotion.needs_code:
        promotion.needs_code = True
        promotion.version += 1
        promotion.save(update_fields=["needs_code", "version"])
