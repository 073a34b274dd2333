# ruff: noqa: S608 (every piece of SQL below is a constant of this file; values are parameters)
"""From what somebody wants to a basket that can be quoted: prices, promotions, codes and taxes, in three statements.

A customer with a price list of their own costs one more. The number does not depend on lines, codes or promotions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import F, OuterRef

from account.models import User
from catalog.models import CollectionProduct, Variant
from catalog.models.variants import VariantQuerySet
from catalog.prices import EffectivePrice, price_list_of, prices_of
from pricing.basket import (
    NOTHING,
    STANDARD,
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
    Targets,
    Treatment,
)
from pricing.codes import normalised
from pricing.taxing import DatedExemption, DatedRate, tax_table

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

MOST_CODES = 10


@dataclass(frozen=True, slots=True)
class Gathered:
    """A basket, what it weighs, and what is not in it.

    Attributes:
        weight: in grams, of the variants that say theirs.
        unknown: variants that are not on sale. unpriced: variants that are not sold in the basket's currency.
    """

    basket: Basket
    weight: int = 0
    unknown: tuple[int, ...] = ()
    unpriced: tuple[int, ...] = ()


def gather(
    *,
    items: Iterable[tuple[int, int]],
    user: User | AnonymousUser | None,
    currency: str = "",
    codes: Sequence[str] = (),
    delivery: Delivery | None = None,
    area: Sequence[str] = (),
    customer: Sequence[str] = (),
    is_first_order: bool = True,
    price_list: int | None = None,
    prices_include_tax: bool = True,
    at: datetime | None = None,
    found: Mapping[int, Mapping[str, Any]] | None = None,
) -> Gathered:
    """Find everything that the price of these items depends on.

    A variant that is named several times becomes one line with the sum, as its price may depend on the quantity. The
    line's key is the variant's id.

    Args:
        items: variants and quantities, of at least one. currency: ISO 4217; empty: the shop's own.
        codes: as typed; of more than MOST_CODES the first count. area: codes, from the widest to the narrowest.
        customer: `pricing.redemptions.customer_keys`, for limits per customer. is_first_order: whether they never ordered.
        price_list: None: that of the user. at: None: now, by the database's clock.
    """
    currency = currency or settings.SHOP_CURRENCY
    wanted: dict[int, int] = {}
    for variant_id, quantity in items:
        wanted[variant_id] = wanted.get(variant_id, 0) + quantity
    known = user if isinstance(user, User) else None
    listed = price_list_of(known) if price_list is None else price_list
    known_of = _variants(wanted) if found is None else found
    variants = {pk: known_of[pk] for pk in wanted if pk in known_of}  # in the order asked for
    prices = prices_of(variants, price_list=listed, currency=currency, quantities=wanted, at=at)
    typed = list(dict.fromkeys(filter(None, map(normalised, codes))))[:MOST_CODES]
    rules = _rules(
        at=at,
        currency=currency,
        codes=typed,
        customer=list(customer),
        user=known.pk if known else None,
        group=known.customer_group_id if known else None,
        area=["", *area],
        products=[one["product_id"] for one in variants.values()],
        categories=[one["product__category_id"] for one in variants.values()],
        sources=[price.source for price in prices.values() if price.source],
    )
    moment = datetime.fromisoformat(rules["moment"])
    by_code = {one["code"]: one for one in rules["coupons"]}
    own = currency == settings.SHOP_CURRENCY and at is None
    basket = Basket(
        currency=currency,
        at=moment,
        lines=tuple(
            _line(one, wanted[pk], prices[pk], rules, own=own)
            for pk, one in variants.items()
            if pk in prices
        ),
        tax=tax_table(
            rates=[_dated(DatedRate, one) for one in rules["rates"]],
            treatments={code: Treatment(how) for code, how in rules["treatments"].items()},
            exemptions=[_dated(DatedExemption, one) for one in rules["exemptions"]],
            area=area,
            at=moment,
        ),
        prices_include_tax=prices_include_tax,
        promotions=tuple(_promotion(one) for one in rules["promotions"]),
        codes=tuple(_code(one, by_code.get(one)) for one in typed),
        customer=Customer(known.customer_group_id if known else None, is_first_order),
        delivery=delivery,
    )
    return Gathered(
        basket,
        weight=sum((one["weight_grams"] or 0) * wanted[pk] for pk, one in variants.items()),
        unknown=tuple(pk for pk in wanted if pk not in variants),
        unpriced=tuple(pk for pk in variants if pk not in prices),
    )


def with_facts(variants: VariantQuerySet) -> VariantQuerySet:
    """With what promotions and taxes ask about a variant, in the same statement; see `facts`."""
    entries = CollectionProduct.objects.filter(product=OuterRef("product")).order_by("collection")
    return variants.select_related("product").annotate(
        collections=ArraySubquery(entries.values("collection_id")),
        assigned_tax=F("product__tax_assignment__tax_category_id"),
    )


def facts(variant: Any) -> dict[str, Any]:
    """What `gather` needs of a variant that was fetched `with_facts`."""
    product = variant.product
    return {
        "pk": variant.pk,
        "price": variant.price,
        "weight_grams": variant.weight_grams,
        "product_id": variant.product_id,
        "collections": variant.collections,
        "product__category_id": product.category_id,
        "product__brand_ref_id": product.brand_ref_id,
        "product__tags": product.tags,
        "product__tax_assignment__tax_category_id": variant.assigned_tax,
    }


def _variants(wanted: Mapping[int, int]) -> dict[int, Mapping[str, Any]]:
    """What is on sale of them."""
    rows = with_facts(Variant.objects.for_sale().filter(pk__in=list(wanted)))
    return {row.pk: facts(row) for row in rows}


def _line(
    variant: Mapping[str, Any],
    quantity: int,
    price: EffectivePrice,
    rules: Mapping[str, Any],
    *,
    own: bool,
) -> Line:
    family = rules["families"].get(str(variant["product__category_id"]), [])
    nearest = next((one["tax"] for one in family if one["tax"]), STANDARD)
    return Line(
        key=str(variant["pk"]),
        quantity=quantity,
        price=price.amount,
        list_price=variant["price"] if own else None,
        regular_price=price.regular,
        price_list=rules["lists"].get(str(price.source), ""),
        is_sale=price.is_sale,
        variant_id=variant["pk"],
        product_id=variant["product_id"],
        category_ids=frozenset(one["id"] for one in family),
        brand_id=variant["product__brand_ref_id"],
        collection_ids=frozenset(variant["collections"]),
        tags=frozenset(variant["product__tags"]),
        tax_category=variant["product__tax_assignment__tax_category_id"] or nearest,
    )


# --- rules ------------------------------------------------------------------------------------

_HOLDS = "{0}.valid_from <= moment.at AND ({0}.valid_until IS NULL OR {0}.valid_until > moment.at)"
_RULE = """
    to_jsonb(promotion) || jsonb_build_object(
        'has_amounts', EXISTS (SELECT FROM pricing_promotionamount one WHERE one.promotion_id = promotion.id),
        'amount', (SELECT to_jsonb(one) FROM pricing_promotionamount one
                    WHERE one.promotion_id = promotion.id AND one.currency = %(currency)s),
        'groups', ARRAY(SELECT one.group_id FROM pricing_promotiongroup one WHERE one.promotion_id = promotion.id),
        'targets', ARRAY(SELECT to_jsonb(one) FROM pricing_promotiontarget one
                          WHERE one.promotion_id = promotion.id
                            AND (one.product_id IS NULL OR one.product_id = ANY (%(products)s::bigint[]))),
        'mine', CASE WHEN promotion.limit_per_customer IS NOT NULL THEN (
            SELECT count(*) FROM pricing_couponuse used
             WHERE used.promotion_id = promotion.id AND used.state = 'active'
               AND used.customers && %(customer)s::varchar[]) ELSE 0 END
    )
"""
# One row of JSON, so that the number of statements stays what it is whatever is asked for.
_ALL_RULES = f"""
    WITH RECURSIVE moment AS (SELECT coalesce(%(at)s::timestamptz, statement_timestamp()) AS at),
    family AS (
        SELECT id AS of, id, parent_id, 0 AS depth FROM catalog_category
         WHERE id = ANY (%(categories)s::bigint[])
         UNION ALL
        SELECT family.of, above.id, above.parent_id, family.depth + 1
          FROM family JOIN catalog_category above ON above.id = family.parent_id
    )
    SELECT jsonb_build_object(
        'moment', moment.at,
        'families', (
            SELECT coalesce(jsonb_object_agg(branch.of, branch.members), '{{}}') FROM (
                SELECT family.of, jsonb_agg(
                           jsonb_build_object('id', family.id, 'tax', taxed.tax_category_id) ORDER BY family.depth
                       ) AS members
                  FROM family LEFT JOIN pricing_taxassignment taxed ON taxed.category_id = family.id
                 GROUP BY family.of
            ) branch),
        'lists', (
            SELECT coalesce(jsonb_object_agg(price.id, list.name), '{{}}')
              FROM catalog_price price JOIN catalog_pricelist list ON list.id = price.price_list_id
             WHERE price.id = ANY (%(sources)s::bigint[])),
        'treatments', (SELECT coalesce(jsonb_object_agg(code, treatment), '{{}}') FROM pricing_taxcategory),
        'rates', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'category', tax_category_id, 'area', area, 'rate', rate, 'name', name,
                       'valid_from', valid_from, 'valid_until', valid_until)), '[]')
              FROM pricing_taxrate taxrate
             WHERE area = ANY (%(area)s::varchar[]) AND {_HOLDS.format("taxrate")}),
        'exemptions', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'certificate', certificate, 'categories', categories,
                       'valid_from', valid_from, 'valid_until', valid_until)), '[]')
              FROM pricing_taxexemption freed
             WHERE (user_id = %(user)s::bigint OR group_id = %(group)s::bigint) AND {_HOLDS.format("freed")}),
        'promotions', (
            SELECT coalesce(jsonb_agg({_RULE} ORDER BY promotion.id), '[]') FROM pricing_promotion promotion
             WHERE is_active AND NOT needs_code AND {_HOLDS.format("promotion")}),
        'coupons', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'id', coupon.id, 'code', coupon.code, 'is_active', coupon.is_active,
                       'used_up', coalesce(coupon.uses >= coupon.limit, false),
                       'used_up_by_you', coupon.limit_per_customer IS NOT NULL AND (
                            SELECT count(*) FROM pricing_couponuse used
                             WHERE used.coupon_id = coupon.id AND used.state = 'active'
                               AND used.customers && %(customer)s::varchar[]) >= coupon.limit_per_customer,
                       'promotion', {_RULE})), '[]')
              FROM pricing_coupon coupon JOIN pricing_promotion promotion ON promotion.id = coupon.promotion_id
             WHERE coupon.code = ANY (%(codes)s::varchar[]))
    ) FROM moment
"""


def _rules(**parameters: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_ALL_RULES, parameters)
        [found] = cursor.fetchone()
    read: dict[str, Any] = json.loads(found, parse_float=Decimal)
    return read


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _dated(kind: Any, said: Mapping[str, Any]) -> Any:
    read = dict(said)
    read["valid_from"], read["valid_until"] = (
        _moment(said["valid_from"]),
        _moment(said["valid_until"]),
    )
    if "rate" in read:
        read["rate"] = Decimal(read["rate"])
    if "categories" in read:
        read["categories"] = frozenset(read["categories"])
    return kind(**read)


def _code(typed: str, coupon: Mapping[str, Any] | None) -> Code:
    if coupon is None:
        return Code(typed, problem=Reason.UNKNOWN_CODE)
    problem = None
    if not coupon["is_active"]:
        problem = Reason.INACTIVE
    elif coupon["used_up"]:
        problem = Reason.USED_UP
    elif coupon["used_up_by_you"]:
        problem = Reason.USED_UP_BY_YOU
    return Code(typed, _promotion(coupon["promotion"]), coupon["id"], problem)


def _promotion(said: Mapping[str, Any]) -> Promotion:
    amount = said["amount"] or {}
    is_amount = said["kind"] == Kind.AMOUNT
    value = amount.get("value") if is_amount else said["percent"]
    reward = _targets(said["targets"], "reward")
    return Promotion(
        id=said["id"],
        name=said["name"],
        kind=Kind(said["kind"]),
        level=Level(said["level"]),
        value=_decimal(value) or Decimal(0),
        scope=Scope(
            included=None if said["is_about_everything"] else _targets(said["targets"], "included"),
            excluded=_targets(said["targets"], "excluded"),
        ),
        reward=Scope(reward) if said["has_reward"] else None,
        buy=said["buy"],
        get=said["get"],
        times=said["times"],
        most=_decimal(amount.get("most")),
        minimum=_decimal(amount.get("minimum")),
        minimum_pieces=said["minimum_pieces"],
        in_currency=bool(amount) or not said["has_amounts"],
        # A promotion for groups that are all gone is for nobody: no customer is in group 0.
        groups=frozenset(said["groups"] or [0]) if said["is_for_groups"] else frozenset(),
        first_order_only=said["first_order_only"],
        is_active=said["is_active"],
        valid_from=_moment(said["valid_from"]),
        valid_until=_moment(said["valid_until"]),
        priority=said["priority"],
        exclusive=said["is_exclusive"],
        group=said["exclusivity_group"],
        version=said["version"],
        used_up=said["limit"] is not None and said["uses"] >= said["limit"],
        used_up_by_you=(
            said["limit_per_customer"] is not None and said["mine"] >= said["limit_per_customer"]
        ),
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _targets(rows: Iterable[Mapping[str, Any]], role: str) -> Targets:
    mine = [row for row in rows if row["role"] == role]
    if not mine:
        return NOTHING

    def of(name: str) -> frozenset[Any]:
        return frozenset(row[name] for row in mine if row[name])

    return Targets(
        of("product_id"), of("category_id"), of("brand_id"), of("collection_id"), of("tag")
    )
