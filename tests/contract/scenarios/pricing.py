"""Promotions, their codes, and taxes."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

from account.customer_groups import create_group
from catalog.models import Category
from pricing.models import CouponUse, TaxRate
from pricing.promotion_verbs import create_promotion
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.catalog_prices import refused
from tests.contract.scenarios.second_factor import set_up, standing_clock, token_of

KEY = "pricing-2026-11-23-0001"
AN_ORDER = UUID("019ab2f0-7c11-7a3e-9d2f-5b6c7d8e9f02")
SOON, LATER = "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"
MESKEL = {
    "name": "Meskel", "translations": {"am": {"name": "መስቀል"}}, "kind": "percentage", "percent": "10.00",
    "amounts": [{"currency": "ETB", "minimum": "500.00", "most": "200.00"}],
}  # fmt: skip


def promotions(s: Recorder) -> None:
    """A promotion is made, changed, used, and cannot be deleted any more."""
    token = s.world.staff_token
    made = s.call(
        "promotions_create", "percentage", "10 % off orders from 500 birr on, 200 birr at most",
        token=token, key=KEY, body=MESKEL, status=201,
    )  # fmt: skip
    category = s.world.yirgacheffe.category_id
    s.call(
        "promotions_create", "buy_x_get_y", "Three for two, of one category", token=token, status=201,
        body={"name": "Three for two", "kind": "buy_x_get_y", "percent": "100", "buy": 2, "get": 1,
              "included": {"categories": [category]}},
    )  # fmt: skip
    s.call(
        "promotions_create", "amount", "50 birr off a first order", token=token, status=201,
        body={"name": "Welcome", "kind": "amount", "amounts": [{"currency": "ETB", "value": "50.00"}],
              "first_order_only": True, "limit_per_customer": 1},
    )  # fmt: skip
    free = s.call(
        "promotions_create", "free_delivery", "Free delivery, for a time", token=token, status=201,
        body={"name": "We bring it", "kind": "free_delivery", "valid_from": SOON, "valid_until": LATER},
    )  # fmt: skip
    refused(s, "promotions_create", [
        ("invalid", "An amount has to be said", 400, "invalid", {"name": "Off", "kind": "amount"}),
        ("ends_too_early", "It would end before it begins", 400, "ends_too_early",
         {**MESKEL, "valid_from": LATER, "valid_until": SOON}),
    ], token=token)  # fmt: skip
    listed(s, "promotions_list", "All promotions", token=token)
    one: dict[str, Any] = {"token": token, "path": {"promotion_id": made["id"]}}
    s.call("promotions_retrieve", "one", "One of them", **one, status=200)
    s.call(
        "promotions_change", "limit", "At most 1,000 times", **one, body={"limit": 1000}, status=200
    )
    CouponUse.objects.create(promotion_id=made["id"], holder=AN_ORDER)
    s.call("promotions_change", "free_again", "No limit", **one, body={"limit": None}, status=200)
    refused(s, "promotions_change", [
        ("limit_below_uses", "It has been used once", 409, "limit_below_uses", {"limit": 0}),
        ("ends_too_early", "It would end before it begins", 400, "ends_too_early",
         {"valid_from": LATER, "valid_until": SOON}),
        ("invalid", "Only buy_x_get_y has this", 400, "invalid", {"buy": 3}),
    ], **one)  # fmt: skip
    s.call(
        "promotions_delete", "promotion_in_use", "An order has used it", **one, status=409,
        code="promotion_in_use",
    )  # fmt: skip
    s.call(
        "promotions_delete", "delete", "One that nobody used", token=token,
        path={"promotion_id": free["id"]}, status=204,
    )  # fmt: skip


def coupons(s: Recorder) -> None:
    """Codes, one by one and by the dozen."""
    token = s.world.staff_token
    made = create_promotion(fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10)})
    at: dict[str, Any] = {"token": token, "path": {"promotion_id": made.pk}}
    coupon = s.call(
        "coupons_create", "create", "A code for everybody", **at, key=KEY, body={"code": "meskel-26"}, status=201
    )  # fmt: skip
    refused(s, "coupons_create", [
        ("coupon_code_taken", "Case does not matter", 409, "coupon_code_taken", {"code": "Meskel-26"}),
        ("not_a_code", "Letters and digits", 400, "not_a_code", {"code": "!!!"}),
        ("invalid", "A code is needed", 400, "invalid", {}),
    ], **at)  # fmt: skip
    # Random as they are, they would read otherwise at each recording.
    codes = count(4711)
    with patch("pricing.coupon_verbs.new_code", lambda prefix: f"{prefix}KD9P{next(codes)}"):
        s.call(
            "coupons_generate", "batch", "Two for a flyer; others make thousands", **at, key=KEY, status=201,
            body={"count": 2, "prefix": "flyer-", "batch": "Flyer of November"},
        )  # fmt: skip
    refused(s, "coupons_generate", [
        ("not_a_code", "Letters and digits", 400, "not_a_code", {"count": 2, "prefix": "!"}),
        ("invalid", "At most 10,000 at once", 400, "invalid", {"count": 10_001}),
    ], **at)  # fmt: skip
    listed(s, "coupons_list", "All codes of a promotion", **at)
    s.call(
        "coupons_list", "by_code", "A code, however it is typed", **at, query={"code": "Meskel-26 "}, status=200
    )  # fmt: skip
    one: dict[str, Any] = {
        "token": token,
        "path": {"promotion_id": made.pk, "coupon_id": coupon["id"]},
    }
    s.call("coupons_retrieve", "one", "One of them", **one, status=200)
    s.call("coupons_change", "limit", "For 100 orders", **one, body={"limit": 100}, status=200)
    CouponUse.objects.create(promotion_id=made.pk, coupon_id=coupon["id"], holder=AN_ORDER)
    s.call("coupons_change", "no_limit", "For any number", **one, body={"limit": None}, status=200)
    refused(s, "coupons_change", [
        ("limit_below_uses", "It has been used once", 409, "limit_below_uses", {"limit": 0}),
        ("invalid", "A limit is a number", 400, "invalid", {"limit": "many"}),
    ], **one)  # fmt: skip
    s.call(
        "coupons_delete", "promotion_in_use", "An order has used it", **one, status=409,
        code="promotion_in_use",
    )  # fmt: skip
    spare = s.call("coupons_create", "spare", "One more", **at, body={"code": "SPARE"}, status=201)
    s.call(
        "coupons_delete", "delete", "One that nobody used", token=token,
        path={"promotion_id": made.pk, "coupon_id": spare["id"]}, status=204,
    )  # fmt: skip


def taxes(s: Recorder) -> None:
    """A category with a rate, what is of it, and who is exempt."""
    token = s.world.staff_token
    low = {"code": "reduced", "name": "Reduced"}
    s.call("tax_categories_create", "create", "Add one", token=token, key=KEY, body=low, status=201)
    refused(s, "tax_categories_create", [
        ("tax_category_taken", "There is one", 409, "tax_category_taken", low),
        ("invalid", "A code is small letters and digits", 400, "invalid", {**low, "code": "A B"}),
    ], token=token)  # fmt: skip
    listed(s, "tax_categories_list", "All of them", token=token)
    one: dict[str, Any] = {"token": token, "path": {"code": "reduced"}}
    s.call("tax_categories_retrieve", "one", "One of them", **one, status=200)
    s.call("tax_categories_change", "rename", "Rename", **one, body={"name": "Low"}, status=200)
    standard: dict[str, Any] = {"token": token, "path": {"code": "standard"}}
    refused(s, "tax_categories_change", [
        ("standard_is_taxed", "The standard category is taxed", 400, "standard_is_taxed", {"treatment": "exempt"}),
        ("invalid", "A name is needed", 400, "invalid", {"name": ""}),
    ], **standard)  # fmt: skip
    s.call(
        "tax_categories_delete", "tax_category_in_use", "The standard one stays", **standard,
        status=409, code="tax_category_in_use",
    )  # fmt: skip
    spare = {"code": "spare", "name": "Spare"}
    s.call("tax_categories_create", "spare", "One more", token=token, body=spare, status=201)
    s.call(
        "tax_categories_delete", "delete", "Nothing is of it", token=token, path={"code": "spare"}, status=204
    )  # fmt: skip
    _assignments(s, one)
    _rates(s, token)
    _exemptions(s, token)


def _assignments(s: Recorder, one: dict[str, Any]) -> None:
    books = Category.objects.create(name="Books", slug="books")
    body = {"category": books.pk}
    made = s.call(
        "tax_assignments_create", "category", "All in a category of the shop", **one, key=KEY, body=body, status=201
    )  # fmt: skip
    refused(s, "tax_assignments_create", [
        ("tax_assigned", "It is of one already", 409, "tax_assigned", body),
        ("invalid", "A product or a category", 400, "invalid", {}),
    ], **one)  # fmt: skip
    listed(s, "tax_assignments_list", "What is of it", **one)
    path = {**one["path"], "assignment_id": made["id"]}
    s.call(
        "tax_assignments_delete", "delete", "Take it out", token=one["token"], path=path, status=204
    )


def _rates(s: Recorder, token: str) -> None:
    body = {"tax_category": "reduced", "rate": "0.05", "valid_from": SOON, "valid_until": LATER}
    made = s.call(
        "tax_rates_create", "create", "5 % for a year", token=token, key=KEY, body=body, status=201
    )
    early = {**body, "tax_category": "zero", "valid_until": SOON}
    refused(s, "tax_rates_create", [
        ("tax_rates_overlap", "There is one at that time", 409, "tax_rates_overlap", body),
        ("ends_too_early", "It would end before it begins", 400, "ends_too_early", early),
        ("invalid", "15 is no fraction", 400, "invalid", {**body, "rate": "15"}),
    ], token=token)  # fmt: skip
    listed(s, "tax_rates_list", "All of them", token=token)
    one: dict[str, Any] = {"token": token, "path": {"rate_id": made["id"]}}
    s.call("tax_rates_retrieve", "one", "One of them", **one, status=200)
    s.call(
        "tax_rates_change",
        "change",
        "One that is to come",
        **one,
        body={"rate": "0.04"},
        status=200,
    )
    begun = TaxRate.objects.filter(tax_category="standard").order_by("pk").first()
    assert begun is not None
    s.call(
        "tax_rates_create", "next", "After that", token=token, status=201,
        body={**body, "valid_from": LATER, "valid_until": None},
    )  # fmt: skip
    refused(s, "tax_rates_change", [
        ("ends_too_early", "It would end before it begins", 400, "ends_too_early", {"valid_until": SOON}),
        ("tax_rates_overlap", "Another holds then", 409, "tax_rates_overlap", {"valid_until": None}),
        ("invalid", "15 is no fraction", 400, "invalid", {"rate": "15"}),
    ], **one)  # fmt: skip
    held: dict[str, Any] = {"token": token, "path": {"rate_id": begun.pk}}
    for operation, more in (
        ("tax_rates_change", {"body": {"rate": "0.10"}}), ("tax_rates_delete", {}),
    ):  # fmt: skip
        s.call(
            operation, "tax_rate_has_begun", "It is history: end it", **held, **more, status=409,
            code="tax_rate_has_begun",
        )  # fmt: skip
    s.call("tax_rates_delete", "delete", "One that is to come", **one, status=204)


def _exemptions(s: Recorder, token: str) -> None:
    embassies = create_group(name="Embassies")
    since = "2026-01-01T00:00:00Z"
    body = {"group": embassies.pk, "certificate": "DIPL-7", "valid_from": since}
    made = s.call(
        "tax_exemptions_create", "group", "Of a group, from all taxes", token=token, key=KEY, body=body, status=201
    )  # fmt: skip
    s.call(
        "tax_exemptions_create", "customer", "Of a customer, from some", token=token, status=201,
        body={"user": str(s.world.hana.public_id), "certificate": "NGO-12", "categories": ["standard"],
              "valid_from": since, "valid_until": LATER},
    )  # fmt: skip
    refused(s, "tax_exemptions_create", [
        ("ends_too_early", "It would end before it begins", 400, "ends_too_early", {**body, "valid_until": since}),
        ("invalid", "Somebody's", 400, "invalid", {"certificate": "X", "valid_from": since}),
    ], token=token)  # fmt: skip
    listed(s, "tax_exemptions_list", "All of them", token=token)
    one: dict[str, Any] = {"token": token, "path": {"exemption_id": made["id"]}}
    s.call("tax_exemptions_retrieve", "one", "One of them", **one, status=200)
    s.call(
        "tax_exemptions_change", "end", "It ends", **one, body={"valid_until": LATER}, status=200
    )
    refused(s, "tax_exemptions_change", [
        ("ends_too_early", "It would end before it begins", 400, "ends_too_early", {"valid_until": since}),
        ("invalid", "There is no such category", 400, "invalid", {"categories": ["nothing"]}),
    ], **one)  # fmt: skip
    s.call("tax_exemptions_delete", "delete", "Delete it", **one, status=204)


def sensitive(s: Recorder) -> None:
    """Changing what people pay wants a code of the last 12 hours."""
    with standing_clock():
        set_up(s.world.owner)
    token = token_of(s.world.owner, hours=13)
    since = "2026-01-01T00:00:00Z"
    promotion, coupon = {"promotion_id": 1}, {"promotion_id": 1, "coupon_id": 1}
    category, rate, exemption = {"code": "zero"}, {"rate_id": 1}, {"exemption_id": 1}
    name = {"name": "Meskel"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("promotions_create", {"body": MESKEL}),
        ("promotions_change", {"path": promotion, "body": name}),
        ("promotions_delete", {"path": promotion}),
        ("coupons_create", {"path": promotion, "body": {"code": "MESKEL"}}),
        ("coupons_generate", {"path": promotion, "body": {"count": 2}}),
        ("coupons_change", {"path": coupon, "body": {"limit": 2}}),
        ("coupons_delete", {"path": coupon}),
        ("tax_rates_create", {"body": {"rate": "0.05", "valid_from": SOON}}),
        ("tax_rates_change", {"path": rate, "body": {"valid_until": SOON}}),
        ("tax_rates_delete", {"path": rate}),
        ("tax_categories_create", {"body": {"code": "low", "name": "Low"}}),
        ("tax_categories_change", {"path": category, "body": name}),
        ("tax_categories_delete", {"path": category}),
        ("tax_assignments_create", {"path": category, "body": {"product": 1}}),
        ("tax_assignments_delete", {"path": {**category, "assignment_id": 1}}),
        ("tax_exemptions_create", {"body": {"group": 1, "certificate": "A", "valid_from": since}}),
        ("tax_exemptions_change", {"path": exemption, "body": {"certificate": "B"}}),
        ("tax_exemptions_delete", {"path": exemption}),
    ]
    for operation, rest in calls:
        s.call(
            operation, "second_factor", "A code is needed for this; the last one is too old",
            token=token, status=403, code="second_factor_required", **rest,
        )  # fmt: skip


STORIES = [promotions, coupons, taxes, sensitive]
