"""Prices: what a product costs whom, and how staff say so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.bundles import Part, set_parts
from catalog.models import RETAIL, Price, Variant
from catalog.services import NewVariant, add_variant
from common.actors import SYSTEM
from orders.checkout import Contact, Item, Wishes, checkout
from orders.tokens import order_token
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.second_factor import set_up, standing_clock, token_of
from tests.contract.world import variant_of

KEY = "prices-2026-11-23-0001"
SOON, LATER = "2031-12-01T00:00:00Z", "2032-01-01T00:00:00Z"
LONG_AGO = "2020-01-01T00:00:00Z"
GUEST_KEY = "3f1c2b6a-8d47-4e0f-9a65-7c1d2e3f4a5b"
STAFF_ONLY = {"not_authenticated", "permission_denied", "does_not_exist"}


def begun(variant: Variant, amount: str, **fields: Any) -> Price:
    """A price that holds since yesterday."""
    since = timezone.now() - timedelta(days=1)
    return Price.objects.create(
        variant=variant, price_list_id=RETAIL, amount=amount, valid_from=since, **fields
    )


def refused(
    s: Recorder, operation: str, cases: list[tuple[str, str, int, str, Any]], **request: Any
) -> None:
    """`(name, summary, status, code, body)` of calls that are refused."""
    for name, summary, status, code, body in cases:
        s.call(operation, name, summary, **request, body=body, status=status, code=code)


NOT_A_PRICE: list[tuple[str, str, int, str, Any]] = [
    ("invalid", "Ugandan shillings have no small change", 400, "invalid",
     {"price": {"amount": "100.50", "currency": "UGX"}}),
    ("begins_in_the_past", "Leave `valid_from` out to begin now", 400, "begins_in_the_past",
     {"price": "700.00", "valid_from": LONG_AGO}),
    ("ends_too_early", "It would end before it begins", 400, "ends_too_early",
     {"price": "700.00", "valid_from": LATER, "valid_until": SOON}),
    ("sale_above_regular", "That is no reduction", 400, "sale_above_regular",
     {"price": "900.00", "is_sale": True}),
]  # fmt: skip


def looking(s: Recorder) -> None:
    """What everybody sees."""
    variant = variant_of(s.world.yirgacheffe)
    begun(variant, "765.00", is_sale=True)
    begun(variant, "700.00", min_quantity=10)
    begun(variant, "6.50", currency="USD")
    at = {"key": s.world.yirgacheffe.slug}
    s.call(
        "product_prices", "sale", "A sale, and a price for ten", path=at, status=200,
        untold=STAFF_ONLY,
    )  # fmt: skip
    s.call(
        "product_prices", "dollars", "In dollars", path=at, query={"currency": "USD"}, status=200
    )
    s.call(
        "product_prices", "then", "At another moment", path=at, query={"at": SOON, "quantity": 12},
        status=200,
    )  # fmt: skip
    s.call(
        "product_prices", "invalid", "Nothing is sold in this currency", path=at,
        query={"currency": "XAU"}, status=400, code="invalid",
    )  # fmt: skip
    other = {"price_list": 999}
    s.call(
        "product_prices", "staff", "Other lists are for staff", path=at, query=other, status=401,
        code="not_authenticated",
    )  # fmt: skip
    s.call(
        "product_prices", "not_staff", "Other lists are for staff", path=at, query=other,
        token=s.world.customer_token, status=403, code="permission_denied",
    )  # fmt: skip
    s.call(
        "product_prices", "no_such_list", "There is no such list", path=at, query=other,
        token=s.world.staff_token, status=400, code="does_not_exist",
    )  # fmt: skip


def writing(s: Recorder) -> None:
    """A price to come, changed; a price that holds, ended."""
    token, variant = s.world.staff_token, variant_of(s.world.yirgacheffe)
    at = {"key": s.world.yirgacheffe.slug, "variant_id": variant.pk}
    call: dict[str, Any] = {"token": token, "path": at}
    sale = s.call(
        "variant_prices_create", "sale", "A sale with a beginning and an end", **call, key=KEY, status=201,
        body={"price": "765.00", "is_sale": True, "valid_from": SOON, "valid_until": LATER},
    )  # fmt: skip
    refused(s, "variant_prices_create", [
        *NOT_A_PRICE,
        ("price_overlaps", "There is a sale in that time", 409, "price_overlaps",
         {"price": "750.00", "is_sale": True, "valid_from": SOON}),
        ("does_not_exist", "There is no such list", 400, "does_not_exist",
         {"price": "700.00", "price_list": 999}),
    ], **call)  # fmt: skip
    listed(s, "variant_prices_list", "Of all lists and times", **call)
    one = {**call, "path": {**at, "price_id": sale["id"]}}
    s.call("variant_prices_retrieve", "future", "A price to come", **one, status=200)
    s.call(
        "variant_prices_change", "cheaper", "Still to come, so it can be changed", **one,
        body={"price": "740.00"}, status=200,
    )  # fmt: skip
    other = s.call(
        "variant_prices_create", "quantity", "For ten and more", **call, status=201,
        body={"price": "760.00", "min_quantity": 10, "valid_from": SOON},
    )  # fmt: skip
    refused(s, "variant_prices_change", [
        *NOT_A_PRICE,
        ("price_overlaps", "There is a sale in that time", 409, "price_overlaps",
         {"price": "700.00", "is_sale": True, "min_quantity": 1}),
    ], **{**call, "path": {**at, "price_id": other["id"]}})  # fmt: skip
    s.call(
        "variant_prices_end", "price_has_not_begun", "It is still to come: delete it", **one,
        body={}, status=409, code="price_has_not_begun",
    )  # fmt: skip
    s.call("variant_prices_delete", "future", "Deleted before it began", **one, status=204)
    holds = {**call, "path": {**at, "price_id": begun(variant, "800.00").pk}}
    s.call(
        "variant_prices_change", "price_has_begun", "It is history already", **holds,
        body={"price": "790.00"}, status=409, code="price_has_begun",
    )  # fmt: skip
    s.call(
        "variant_prices_delete", "price_has_begun", "It is history already", **holds, status=409,
        code="price_has_begun",
    )  # fmt: skip
    s.call(
        "variant_prices_end", "later", "It ends on a day", **holds, body={"at": SOON}, key=KEY,
        status=200,
    )  # fmt: skip
    refused(s, "variant_prices_end", [
        ("price_has_begun", "Sooner, not later: add another", 409, "price_has_begun", {"at": LATER}),
        ("ends_too_early", "Not in the past", 400, "ends_too_early", {"at": LONG_AGO}),
        ("invalid", "That is no moment", 400, "invalid", {"at": "tomorrow"}),
    ], **holds)  # fmt: skip
    s.call("variant_prices_end", "now", "It ends now", **holds, body={}, status=200)
    s.call(
        "variant_prices_end", "price_has_ended", "It has ended", **holds, body={}, status=409,
        code="price_has_ended",
    )  # fmt: skip


def lists(s: Recorder) -> None:
    """A group of customers with a price list of its own."""
    token = s.world.staff_token
    group = s.call(
        "customer_groups_create", "create", "A group", token=token, body={"name": "Wholesalers"},
        status=201,
    )  # fmt: skip
    refused(s, "customer_groups_create", [
        ("group_name_taken", "There is such a group", 409, "group_name_taken", {"name": "Wholesalers"}),
        ("invalid", "It needs a name", 400, "invalid", {}),
    ], token=token)  # fmt: skip
    of_group: dict[str, Any] = {"token": token, "path": {"group_id": group["id"]}}
    listed(s, "customer_groups_list", "All groups", token=token)
    s.call("customer_groups_retrieve", "show", "One of them", **of_group, status=200)
    s.call(
        "customer_groups_change", "rename", "Another name", **of_group,
        body={"name": "Wholesale customers"}, status=200,
    )  # fmt: skip
    spare = s.call(
        "customer_groups_create", "another", "Another group", token=token, body={"name": "Cafés"},
        status=201,
    )  # fmt: skip
    refused(s, "customer_groups_change", [
        ("group_name_taken", "There is such a group", 409, "group_name_taken", {"name": "Cafés"}),
        ("invalid", "It needs a name", 400, "invalid", {"name": ""}),
    ], **of_group)  # fmt: skip
    s.call(
        "customer_groups_customers_add", "email", "By a proved address", **of_group,
        body={"email": "dawit.lemma@example.com"}, status=200,
    )  # fmt: skip
    s.call(
        "customer_groups_customers_add", "invalid", "Either address or id", **of_group, body={},
        status=400, code="invalid",
    )  # fmt: skip
    listed(s, "customer_groups_customers_list", "Who is in it", **of_group)
    dawit = {
        "token": token,
        "path": {**of_group["path"], "public_id": str(s.world.dawit.public_id)},
    }
    s.call(
        "customer_groups_customers_put", "again", "By the id of the account", **dawit,
        status=200,
    )  # fmt: skip
    s.call(
        "customer_groups_customers_put", "invalid", "This call takes no fields; send no body, or {}", **dawit,
        body=[], status=400, code="invalid",
    )  # fmt: skip
    s.call("customer_groups_customers_remove", "remove", "Out of it again", **dawit, status=204)

    made = s.call(
        "price_lists_create", "create", "The group's prices", token=token, key=KEY,
        body={"name": "Wholesale", "group": group["id"]}, status=201,
    )  # fmt: skip
    refused(s, "price_lists_create", [
        ("price_list_taken", "There is such a list", 409, "price_list_taken", {"name": "Wholesale"}),
        ("group_has_price_list", "One list for each group", 409, "group_has_price_list",
         {"name": "Wholesale 2", "group": group["id"]}),
        ("invalid", "There is no such group", 400, "invalid", {"name": "Hotels", "group": 999}),
    ], token=token)  # fmt: skip
    listed(s, "price_lists_list", "All lists", token=token)
    at: dict[str, Any] = {"token": token, "path": {"list_id": made["id"]}}
    s.call("price_lists_retrieve", "show", "One of them", **at, status=200)
    s.call(
        "price_list_prices_set", "set", "Many prices at once", **at, status=200,
        body={
            "prices": [
                {"sku": "YRG-W-500", "price": "720.00"},
                {"sku": "BRB-M-250", "price": "190.00", "min_quantity": 20},
            ]
        },
    )  # fmt: skip
    refused(s, "price_list_prices_set", [
        (name, summary, status, code, {"prices": [{"sku": "YRG-W-500", **body}]})
        for name, summary, status, code, body in NOT_A_PRICE
    ], **at)  # fmt: skip
    listed(s, "price_list_prices_list", "Of all variants and times", **at)
    s.call(
        "customer_groups_delete", "group_in_use", "It has a price list", **of_group, status=409,
        code="group_in_use",
    )  # fmt: skip
    s.call(
        "customer_groups_delete", "delete", "A group without one",
        token=token, path={"group_id": spare["id"]}, status=204,
    )  # fmt: skip
    s.call("price_lists_change", "rename", "Another name", **at, body={"name": "Trade"}, status=200)
    hotels = s.call(
        "price_lists_create", "without_group", "For nobody yet", token=token,
        body={"name": "Hotels"}, status=201,
    )  # fmt: skip
    retail = {"token": token, "path": {"list_id": RETAIL}}
    refused(s, "price_lists_change", [
        ("price_list_taken", "There is such a list", 409, "price_list_taken", {"name": "Hotels"}),
        ("invalid", "It needs a name", 400, "invalid", {"name": ""}),
    ], **at)  # fmt: skip
    s.call(
        "price_lists_change", "group_has_price_list", "One list for each group", token=token,
        path={"list_id": hotels["id"]}, body={"group": group["id"]}, status=409, code="group_has_price_list",
    )  # fmt: skip
    s.call(
        "price_lists_change", "retail_list_stays", "The retail list is everybody's", **retail,
        body={"group": group["id"]}, status=409, code="retail_list_stays",
    )  # fmt: skip
    s.call(
        "price_lists_delete", "retail_list_stays", "The retail list is everybody's", **retail,
        status=409, code="retail_list_stays",
    )  # fmt: skip
    s.call("price_lists_delete", "delete", "With all its prices", **at, status=204)


def bundles(s: Recorder) -> None:
    """What is made of other things."""
    token = s.world.staff_token
    coffee, pot = variant_of(s.world.yirgacheffe), variant_of(s.world.jebena)
    parts = {"parts": [{"variant_id": coffee.pk, "quantity": 2}, {"variant_id": pot.pk}]}
    body = {"name": "Gift set: coffee and jebena", "price": "2100.00", "sku": "SET-1"}
    made = s.call(
        "products_create", "bundle", "A bundle is sold out of the stock of its parts", token=token,
        body={**body, **parts}, key=KEY, status=201,
    )  # fmt: skip
    at = {"key": made["slug"]}
    one = {**at, "variant_id": made["variants"][0]["id"]}
    bundle = {"parts": [{"variant_id": one["variant_id"]}]}
    spare = add_variant(
        product_id=made["id"], new=NewVariant(price=10, sku="SET-2", options=[{"name": "Size", "value": "S"}]), by=SYSTEM,
    )  # fmt: skip
    set_parts(variant_id=spare.pk, parts=[Part(pot.pk)])
    single = {"key": s.world.berbere.slug}
    only = {**single, "variant_id": variant_of(s.world.berbere).pk}
    new = {"price": "10.00", "options": [{"name": "Size", "value": "XL"}], "sku": "SET-3"}
    for operation, where, extra in (
        ("products_create", {}, {"name": "Set", "price": "10.00", "sku": "SET-4"}),
        ("products_replace", single, {"name": "Set", "price": "10.00"}),
        ("products_change", single, {}),
        ("variants_create", at, new),
        ("variants_create_many", at, new),
        ("variants_replace", only, {"price": "10.00"}),
        ("variants_change", only, {}),
    ):
        for name, summary, status, wrong in (
            ("nested_bundle", "A bundle is not made of bundles", 400, bundle),
            ("bundle_has_stock", "It has pieces of its own", 409, {**parts, "stock": 3}),
            ("does_not_exist", "There is no such variant", 400, {"parts": [{"variant_id": 999}]}),
        ):
            sent: dict[str, Any] = {**extra, **wrong}
            if operation == "variants_create_many":
                sent = {"variants": [sent]}
            s.call(
                operation, name, summary, token=token, path=where, body=sent, status=status,
                code=name,
            )  # fmt: skip
    s.call(
        "products_delete", "part_of_bundle", "A bundle needs it", token=token,
        path={"key": s.world.yirgacheffe.slug}, status=409, code="part_of_bundle",
    )  # fmt: skip
    s.call(
        "variants_delete", "part_of_bundle", "A bundle needs it", token=token,
        path={"key": s.world.jebena.slug, "variant_id": pot.pk}, status=409, code="part_of_bundle",
    )  # fmt: skip


def another_currency(s: Recorder) -> None:
    """An order in dollars, and one in a currency that the gateway does not take."""
    variant = variant_of(s.world.yirgacheffe)
    begun(variant, "6.50", currency="USD")
    begun(variant, "840.00", currency="KES")
    s.call(
        "checkout", "dollars", "In dollars", status=201, key=GUEST_KEY,
        body={"items": [{"variant_id": variant.pk, "quantity": 2}], "email": "hana.tesfaye@example.com", "currency": "USD"},
    )  # fmt: skip
    with transaction.atomic():
        order = checkout(
            items=[Item(quantity=1, variant_id=variant.pk)], owner=None,
            contact=Contact(email="hana.tesfaye@example.com"), wishes=Wishes(), expected_total=None, by=SYSTEM,
            currency="KES",
        )  # fmt: skip
    s.placeholders.learn({"number": order.number, "order_token": order_token(order.public_id)})
    s.call(
        "payments_start", "currency_not_taken", "Chapa takes birr and dollars",
        path={"public_id": str(order.public_id)}, guest=order_token(order.public_id),
        body={"method": "chapa"}, status=409, code="currency_not_taken",
    )  # fmt: skip


def sensitive(s: Recorder) -> None:
    """Changing prices and groups wants a code of the last 12 hours."""
    with standing_clock():
        set_up(s.world.owner)
    token = token_of(s.world.owner, hours=13)
    variant = variant_of(s.world.yirgacheffe)
    of_variant = {"key": s.world.yirgacheffe.slug, "variant_id": variant.pk}
    of_price = {**of_variant, "price_id": begun(variant, "800.00").pk}
    of_list, of_group = {"list_id": RETAIL}, {"group_id": 1}
    of_customer = {**of_group, "public_id": str(s.world.dawit.public_id)}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("variant_prices_create", {"path": of_variant, "body": {"price": "5.00"}}),
        ("variant_prices_change", {"path": of_price, "body": {"price": "5.00"}}),
        ("variant_prices_delete", {"path": of_price}),
        ("variant_prices_end", {"path": of_price, "body": {}}),
        ("price_lists_create", {"body": {"name": "Hotels"}}),
        ("price_lists_change", {"path": of_list, "body": {"name": "Hotels"}}),
        ("price_lists_delete", {"path": of_list}),
        (
            "price_list_prices_set",
            {"path": of_list, "body": {"prices": [{"sku": "YRG-W-500", "price": "5.00"}]}},
        ),
        ("customer_groups_create", {"body": {"name": "Hotels"}}),
        ("customer_groups_change", {"path": of_group, "body": {"name": "Hotels"}}),
        ("customer_groups_delete", {"path": of_group}),
        (
            "customer_groups_customers_add",
            {"path": of_group, "body": {"email": "dawit.lemma@example.com"}},
        ),
        ("customer_groups_customers_put", {"path": of_customer}),
        ("customer_groups_customers_remove", {"path": of_customer}),
    ]
    for operation, rest in calls:
        s.call(
            operation, "second_factor", "A code is needed for this; the last one is too old",
            token=token, status=403, code="second_factor_required", **rest,
        )  # fmt: skip


STORIES = [looking, writing, lists, bundles, another_currency, sensitive]
