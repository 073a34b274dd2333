"""What a basket is gathered from, in a number of statements that nothing changes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.models import CustomerGroup
from catalog.models import RETAIL, Collection, CollectionProduct, Price, PriceList, Product, Variant
from pricing import quote, recompute
from pricing.basket import Reason
from pricing.gathering import gather
from pricing.models import (
    Coupon,
    CouponUse,
    Promotion,
    PromotionAmount,
    PromotionGroup,
    PromotionTarget,
    TaxAssignment,
    TaxCategory,
    TaxExemption,
    TaxRate,
)
from pricing.redemptions import Use, customer_keys, redeem
from tests import factories

pytestmark = pytest.mark.django_db
D = Decimal
YESTERDAY = timezone.now() - timedelta(days=1)


def percent(value=10, **facts):
    facts = {"kind": "percentage", "level": "order", "name": f"{value} %"} | facts
    return Promotion.objects.create(percent=D(value), valid_from=YESTERDAY, **facts)


def total(*variants, **asked):
    asked.setdefault("user", None)
    found = gather(items=[(one.pk, 1) for one in variants], **asked)
    assert not found.unknown + found.unpriced
    return quote(found.basket).total


def reasons(*variants, **asked):
    asked.setdefault("user", None)
    made = quote(gather(items=[(one.pk, 1) for one in variants], **asked).basket)
    return [one.reason for one in made.not_applied]


def test_prices_of_lists_and_sales_are_told_apart():
    cafes = CustomerGroup.objects.create(name="Cafés")
    theirs = PriceList.objects.create(name="Cafés", group=cafes)
    variant = factories.variant(price="120.00")
    since = {"variant": variant, "valid_from": YESTERDAY}
    Price.objects.create(price_list=theirs, amount=D("110.00"), **since)
    Price.objects.create(price_list=theirs, amount=D("99.00"), is_sale=True, **since)
    percent(name="Meskel")
    user = factories.user(customer_group=cafes)
    made = quote(gather(items=[(variant.pk, 1)], user=user).basket)
    assert made.lines[0].explained == (
        "list 120.00 → price list 110.00 → sale Cafés 99.00 → subtotal 99.00 → Meskel 89.10 → total 89.10"
        " → tax VAT 15 % 11.62"
    )
    assert total(variant) == D("108.00")


def test_repeated_items_are_one_line_and_what_is_not_sold_is_told():
    variant, other = factories.variant(price="10.00"), factories.variant()
    draft = factories.variant()
    Product.objects.filter(pk=draft.product_id).update(is_published=False)
    Price.objects.create(
        variant=variant, price_list_id=RETAIL, amount=D(8), min_quantity=3, valid_from=YESTERDAY
    )
    items = [(variant.pk, 1), (draft.pk, 1), (variant.pk, 2), (10**9, 1)]
    found = gather(items=items, user=None)
    assert [(one.key, one.quantity, one.price) for one in found.basket.lines] == [
        (str(variant.pk), 3, D("8.00"))
    ]
    assert (found.unknown, found.unpriced) == ((draft.pk, 10**9), ())
    abroad = gather(items=[(other.pk, 1)], user=None, currency="USD")
    assert (abroad.basket.lines, abroad.unpriced) == ((), (other.pk,))
    assert quote(gather(items=[], user=None).basket).total == 0


def test_what_promotions_are_about():
    shelf = factories.category("Drinks")
    below = factories.category("Coffee", parent=shelf)
    collection = Collection.objects.create(name="Gifts", slug="gifts")

    def variant(**facts):
        made = factories.variant(price="100.00")
        Product.objects.filter(pk=made.product_id).update(**facts)
        return Variant.objects.select_related("product").get(pk=made.pk)

    in_category, branded, tagged = (
        variant(category=below),
        variant(brand="Tomoca"),
        variant(tags=["new"]),
    )
    collected, plain, excluded = variant(), variant(), variant(category=below)
    CollectionProduct.objects.create(collection=collection, product=collected.product)
    rule = percent(is_about_everything=False)
    assert total(plain) == total(in_category) == 100  # of nothing at all, for now
    for target in (
        {"category": shelf}, {"brand": branded.product.brand_ref}, {"tag": "new"}, {"collection": collection},
        {"product": excluded.product, "role": "excluded"},
    ):  # fmt: skip
        PromotionTarget.objects.create(promotion=rule, **target)
    for one in (in_category, branded, tagged, collected):
        assert total(one) == 90
    assert total(plain) == total(excluded) == 100
    everything = (in_category, branded, tagged, collected, plain, excluded)
    made = quote(gather(items=[(one.pk, 1) for one in everything], user=None).basket)
    assert recompute(made.trace) == made
    assert len(made.trace["basket"]["promotions"][0]["scope"]["keys"]) == 4


def test_who_when_and_in_which_currency():
    variant = factories.variant(price="100.00")
    Price.objects.create(
        variant=variant, price_list_id=RETAIL, amount=D(10), currency="USD", valid_from=YESTERDAY
    )
    amount = Promotion.objects.create(
        name="Off", kind="amount", level="order", valid_from=YESTERDAY
    )
    PromotionAmount.objects.create(promotion=amount, currency="USD", value=D(3), minimum=D("10.00"))
    assert (total(variant, currency="USD"), total(variant)) == (7, 100)
    assert reasons(variant) == [Reason.WRONG_CURRENCY]
    Promotion.objects.all().delete()
    group = CustomerGroup.objects.create(name="Cafés")
    mine = percent(is_for_groups=True)
    PromotionGroup.objects.create(promotion=mine, group=group)
    assert total(variant, user=factories.user(customer_group=group)) == 90
    assert (total(variant), total(variant, user=factories.user())) == (100, 100)
    group.delete()  # of a promotion for groups none is left: it is for nobody
    assert total(variant) == 100
    Promotion.objects.all().delete()
    percent(first_order_only=True)
    assert (total(variant), total(variant, is_first_order=False)) == (90, 100)
    Promotion.objects.all().delete()
    percent(valid_until=timezone.now() + timedelta(days=1))
    assert total(variant) == 90
    assert total(variant, at=timezone.now() + timedelta(days=1, seconds=1)) == 100


def test_codes():
    variant = factories.variant(price="100.00")
    rule = percent(needs_code=True, limit_per_customer=1)
    Coupon.objects.create(promotion=rule, code="MESKEL-26")
    assert total(variant) == 100
    assert total(variant, codes=[" meskel-26\n", "MESKEL-26"]) == 90
    keys = customer_keys(email="abebe@example.com")
    redeem(uses=[Use(rule.pk)], holder=uuid.uuid4(), customer=keys)
    assert reasons(variant, codes=["meskel-26"], customer=keys) == [Reason.USED_UP_BY_YOU]
    assert total(variant, codes=["meskel-26"], customer=customer_keys(email="b@example.com")) == 90
    for facts, reason in [
        ({"is_active": False}, Reason.INACTIVE),
        ({"is_active": True, "limit": 0}, Reason.USED_UP),
    ]:
        Coupon.objects.update(**facts)
        assert reasons(variant, codes=["meskel-26", "nothing"]) == [reason, Reason.UNKNOWN_CODE]
    Coupon.objects.update(limit=None)
    Promotion.objects.update(limit=1, uses=1)
    assert reasons(variant, codes=["meskel-26"]) == [Reason.USED_UP]
    assert reasons(variant, codes=["", "\x00", "' OR 1=1 --"]) == [Reason.UNKNOWN_CODE]


def test_a_limit_of_the_code_itself():
    variant = factories.variant(price="100.00")
    coupon = Coupon.objects.create(
        promotion=percent(needs_code=True), code="ONCE", limit_per_customer=1
    )
    CouponUse.objects.create(
        promotion=coupon.promotion, coupon=coupon, holder=uuid.uuid4(), customers=["user:1"]
    )
    assert reasons(variant, codes=["once"], customer=["user:1"]) == [Reason.USED_UP_BY_YOU]
    assert total(variant, codes=["once"], customer=["user:2"]) == 90


def test_taxes():
    shelf = factories.category("Food")
    below = factories.category("Bread", parent=shelf)
    bread, book = factories.variant(price="105.00"), factories.variant(price="115.00")
    Product.objects.filter(pk=bread.product_id).update(category=below)
    TaxCategory.objects.create(code="reduced", name="Reduced")
    TaxRate.objects.create(tax_category_id="reduced", rate="0.05", valid_from=YESTERDAY)
    TaxRate.objects.create(area="ET-TI", rate="0.10", valid_from=YESTERDAY)

    def tax(variant, **asked):
        asked = {"user": None} | asked
        [line] = quote(gather(items=[(variant.pk, 1)], **asked).basket).lines
        return line.tax, line.tax_category

    assert tax(bread) == (D("13.70"), "standard")
    assert tax(book, area=["ET-TI", "ET-TI-MEKELE"]) == (D("10.45"), "standard")
    TaxAssignment.objects.create(tax_category_id="reduced", category=shelf)
    assert tax(bread) == (D("5.00"), "reduced")
    TaxAssignment.objects.create(tax_category_id="exempt", category=below)
    assert tax(bread) == (0, "exempt")
    TaxAssignment.objects.create(tax_category_id="zero", product=bread.product)
    assert tax(bread) == (0, "zero")
    group = CustomerGroup.objects.create(name="Embassies")
    user, other = factories.user(), factories.user(customer_group=group)
    TaxExemption.objects.create(user=user, certificate="A", valid_from=YESTERDAY)
    TaxExemption.objects.create(
        group=group, certificate="B", categories=["standard"], valid_from=YESTERDAY
    )
    assert tax(book, user=user) == tax(book, user=other) == (0, "standard")
    assert tax(book) == tax(book, user=factories.user()) == (D("15.00"), "standard")
    assert total(book, user=user) == 100


def statements(count, **asked):
    variants = [factories.variant() for _ in range(count)]
    with CaptureQueriesContext(
        connection,
    ) as context:
        found = gather(items=[(one.pk, 2) for one in variants], **asked)
    assert len(found.basket.lines) == count
    return len(context)


def test_statements_do_not_depend_on_what_there_is():
    group = CustomerGroup.objects.create(name="Cafés")
    PriceList.objects.create(name="Cafés", group=group)
    user = factories.user(customer_group=group)
    assert statements(1, user=None) == 3
    for number in range(20):
        PromotionTarget.objects.create(
            promotion=percent(is_about_everything=False), tag=f"tag {number}"
        )
        Coupon.objects.create(promotion=percent(needs_code=True), code=f"CODE-{number}")
    TaxExemption.objects.create(user=user, certificate="A", valid_from=YESTERDAY)
    codes = [f"code-{number}" for number in range(20)]
    assert statements(100, user=None, codes=codes) == 3
    assert statements(100, user=user, codes=codes, customer=["user:1"], area=["ET-AA"]) == 4
