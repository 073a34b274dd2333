"""Promotions are made, changed and taken back. Every change counts up `version`, which traces and ETags name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from common.constraints import refusing
from common.errors import invalid_field
from common.languages import merged_translations
from common.money import has_minor_units_of
from common.transactions import transaction_time
from pricing.basket import Kind, Level
from pricing.models import (
    Promotion,
    PromotionAmount,
    PromotionGroup,
    PromotionTarget,
)
from pricing.models.promotions import NAME_LENGTH
from pricing.redemptions import recount
from pricing.refusals import BY_CONSTRAINT, LimitBelowUses, NoSuchPromotion, PromotionInUse

TEXTS = {"name": NAME_LENGTH}
ROLES = ("included", "excluded", "reward")
LEVELS: Mapping[str, Sequence[str]] = {
    Kind.PERCENTAGE: (Level.ORDER, Level.LINE),
    Kind.AMOUNT: (Level.ORDER, Level.LINE),
    Kind.BUY_X_GET_Y: (Level.LINE,),
    Kind.FREE_DELIVERY: (Level.DELIVERY,),
}


def create_promotion(*, fields: Mapping[str, Any]) -> Promotion:
    """Make a promotion, which holds at once unless `fields` say otherwise.

    Args:
        fields: columns of `Promotion`; and `amounts` (of dicts: currency, value, minimum, most), `groups` (of
            CustomerGroup; None: everybody), `included` (None: everything), `excluded` and `reward` (None: more of the
            same), each of dicts that are columns of `PromotionTarget`.

    Raises:
        PromotionEndsTooEarly; Invalid: naming what does not fit the kind.
    """
    with transaction.atomic():
        return _write(Promotion(), fields, is_new=True)


def update_promotion(*, promotion_id: int, changes: Mapping[str, Any]) -> Promotion:
    """Change some fields of a promotion, for quotes from now on. Translations are merged; null removes.

    Raises:
        NoSuchPromotion, PromotionEndsTooEarly; LimitBelowUses: it has been used more often; Invalid: as above.
    """
    with transaction.atomic():
        return _write(lock_promotion(promotion_id), changes, is_new=False)


def delete_promotion(*, promotion_id: int) -> None:
    """Delete a promotion that was never used, with its codes.

    Raises:
        NoSuchPromotion; PromotionInUse: deactivate it.
    """
    with transaction.atomic():
        promotion = lock_promotion(promotion_id)
        try:
            promotion.coupons.all().delete()
            promotion.delete()
        except ProtectedError:
            raise PromotionInUse from None


def lock_promotion(promotion_id: int) -> Promotion:
    """The promotion, locked against changes and against being used meanwhile.

    Raises:
        NoSuchPromotion
    """
    found = Promotion.objects.select_for_update().filter(pk=promotion_id).first()
    if found is None:
        raise NoSuchPromotion("There is no such promotion.")
    return found


def _write(promotion: Promotion, changes: Mapping[str, Any], *, is_new: bool) -> Promotion:
    columns = dict(changes)
    parts = {name: columns.pop(name) for name in ("amounts", "groups", *ROLES) if name in columns}
    if "translations" in columns:
        columns["translations"] = merged_translations(
            promotion.translations, columns["translations"] or {}, fields=TEXTS
        )
    had_limit = promotion.limit is not None
    for name, value in columns.items():
        setattr(promotion, name, value)
    if "level" not in columns and promotion.level not in LEVELS[promotion.kind]:
        promotion.level = LEVELS[promotion.kind][0]
    if "groups" in parts:
        promotion.is_for_groups = parts["groups"] is not None
    if "included" in parts:
        promotion.is_about_everything = parts["included"] is None
    if "reward" in parts:
        promotion.has_reward = parts["reward"] is not None
    amounts = parts.get("amounts")
    if amounts is None:
        known = (
            [] if is_new else list(promotion.amounts.values("currency", "value", "minimum", "most"))
        )
        amounts = known
    _refuse_misfits(promotion, amounts)
    if promotion.limit is not None and not had_limit and not is_new:
        recount(promotion)
    if promotion.limit is not None and promotion.uses > promotion.limit:
        raise LimitBelowUses(f"It has been used {promotion.uses} times.")
    with refusing(BY_CONSTRAINT):
        if is_new:
            promotion.save(force_insert=True)
        else:
            promotion.version += 1
            promotion.updated_at = transaction_time()
            promotion.save(force_update=True)
    if "amounts" in parts:
        promotion.amounts.all().delete()
        PromotionAmount.objects.bulk_create(
            PromotionAmount(promotion=promotion, **one) for one in amounts
        )
    if "groups" in parts:
        promotion.group_rows.all().delete()
        PromotionGroup.objects.bulk_create(
            PromotionGroup(promotion=promotion, group=one) for one in parts["groups"] or []
        )
    for role in ROLES:
        if role in parts:
            promotion.targets.filter(role=role).delete()
            PromotionTarget.objects.bulk_create(
                PromotionTarget(promotion=promotion, role=role, **one) for one in parts[role] or []
            )
    return Promotion.objects.get(pk=promotion.pk)


def _refuse_misfits(promotion: Promotion, amounts: Sequence[Mapping[str, Any]]) -> None:
    """What does not fit the kind, said by field; the database's constraints would say it less well."""
    kind = promotion.kind
    if promotion.level not in LEVELS[kind]:
        fits = " or ".join(LEVELS[kind])
        raise invalid_field("level", "unfit", f"A promotion of this kind is of level {fits}.")
    needs_percent = kind in {Kind.PERCENTAGE, Kind.BUY_X_GET_Y}
    if needs_percent != (promotion.percent is not None):
        detail = "Say by how many percent." if needs_percent else "This kind has no percentage."
        raise invalid_field("percent", "required" if needs_percent else "unfit", detail)
    if kind == Kind.BUY_X_GET_Y:
        for name in ("buy", "get"):
            if not getattr(promotion, name):
                raise invalid_field(name, "required", "Say how many pieces.")
    else:
        for column in ("buy", "get", "times", "has_reward"):
            if getattr(promotion, column):
                name = column.removeprefix("has_")
                raise invalid_field(name, "unfit", "Only buy_x_get_y has this.")
    if kind == Kind.AMOUNT and not amounts:
        raise invalid_field("amounts", "required", "Say how much, in at least one currency.")
    seen = set()
    for place, one in enumerate(amounts):
        if one["currency"] in seen:
            raise invalid_field(f"amounts.{place}.currency", "repeated", "Say each currency once.")
        seen.add(one["currency"])
        if (kind == Kind.AMOUNT) != (one.get("value") is not None):
            detail = (
                "Say how much is taken off."
                if kind == Kind.AMOUNT
                else "Only kind amount has this."
            )
            raise invalid_field(f"amounts.{place}.value", "unfit", detail)
        for name in ("value", "minimum", "most"):
            amount: Decimal | None = one.get(name)
            if amount is not None and not has_minor_units_of(amount, one["currency"]):
                detail = f"Nobody can pay this in {one['currency']}."
                raise invalid_field(f"amounts.{place}.{name}", "decimals", detail)
