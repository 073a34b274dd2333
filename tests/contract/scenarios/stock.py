"""Stock: what there is, where, what is promised, and how it changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from catalog.models import Product
from common.actors import SYSTEM
from inventory.services import commit, reserve, set_limits
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.catalog_prices import refused
from tests.contract.world import variant_of

KEY = "stock-2026-11-23-0001"
AN_ORDER = UUID("019ab2f0-7c11-7a3e-9d2f-5b6c7d8e9f01")


def stock(s: Recorder) -> None:
    """Locations, then one item: received, moved, counted, limited, promised."""
    _locations(s)
    variant = variant_of(s.world.yirgacheffe)
    call: dict[str, Any] = {
        "token": s.world.staff_token,
        "path": {"item_id": variant.stock_item_id},
    }
    _changes(s, call)
    _promises(s, call, variant.stock_item_id)
    listed(s, "stock_list", "Everything, with what it is called", token=s.world.staff_token)
    s.call(
        "stock_list", "low", "What runs low", token=s.world.staff_token, query={"low": "true"}, status=200
    )  # fmt: skip
    s.call(
        "stock_list", "sku", "One thing by its SKU", token=s.world.staff_token, query={"sku": variant.sku}, status=200
    )  # fmt: skip
    _counts_of_products(s)


def _locations(s: Recorder) -> None:
    token = s.world.staff_token
    bole = {"code": "bole", "name": "Bole store", "priority": 1}
    s.call(
        "stock_locations_create", "create", "A second store", token=token, key=KEY, body=bole, status=201
    )  # fmt: skip
    refused(s, "stock_locations_create", [
        ("location_code_taken", "There is one", 409, "location_code_taken", bole),
        ("invalid", "A code is small letters, digits and hyphens", 400, "invalid", {**bole, "code": "Bole Road"}),
    ], token=token)  # fmt: skip
    listed(s, "stock_locations_list", "Where stock may lie", token=token)
    at: dict[str, Any] = {"token": token, "path": {"location": "bole"}}
    s.call("stock_locations_retrieve", "one", "One of them", **at, status=200)
    s.call(
        "stock_locations_change", "rename", "Another name", **at, body={"name": "Bole road store"}, status=200
    )  # fmt: skip
    main: dict[str, Any] = {"token": token, "path": {"location": "main"}}
    refused(s, "stock_locations_change", [
        ("location_in_use", "The default one is always open", 409, "location_in_use", {"is_active": False}),
        ("location_code_taken", "There is one", 409, "location_code_taken", {"code": "bole"}),
        ("invalid", "A name is needed", 400, "invalid", {"name": ""}),
    ], **main)  # fmt: skip
    s.call(
        "stock_locations_delete", "location_in_use", "The default one stays", **main, status=409,
        code="location_in_use",
    )  # fmt: skip
    s.call(
        "stock_locations_create", "spare", "One more", token=token, body={"code": "adama", "name": "Adama"}, status=201
    )  # fmt: skip
    s.call(
        "stock_locations_delete", "delete", "Nothing ever was there", token=token,
        path={"location": "adama"}, status=204,
    )  # fmt: skip


def _changes(s: Recorder, call: dict[str, Any]) -> None:
    shown = s.call("stock_retrieve", "one", "What there is of one thing", **call, status=200)
    there = shown["on_hand"]
    s.call(
        "stock_movements_create", "receive", "Twelve have come", **call, key=KEY,
        body={"quantity": 12, "reason": "received", "note": "From Yirgacheffe, lot 7"}, status=201,
    )  # fmt: skip
    s.call(
        "stock_movements_create", "damage", "Two are wet", **call,
        body={"quantity": -2, "reason": "damaged"}, status=201,
    )  # fmt: skip
    refused(s, "stock_movements_create", [
        ("invalid", "What is received is positive", 400, "invalid", {"quantity": -1, "reason": "received"}),
        ("below_reserved", "There are not so many", 409, "stock_below_reserved",
         {"quantity": -100_000, "reason": "correction"}),
        ("not_at_location", "Nothing is there yet", 409, "not_at_location",
         {"quantity": -1, "reason": "correction", "location": "bole"}),
    ], **call)  # fmt: skip
    s.call(
        "stock_transfers_create", "move", "Four go to the other store", **call, key=KEY,
        body={"from": "main", "to": "bole", "quantity": 4}, status=201,
    )  # fmt: skip
    refused(s, "stock_transfers_create", [
        ("invalid", "It lies there already", 400, "invalid", {"from": "main", "to": "main", "quantity": 1}),
        ("not_at_location", "There are only four", 409, "not_at_location",
         {"from": "bole", "to": "main", "quantity": 5}),
    ], **call)  # fmt: skip
    s.call(
        "stock_counts_create", "count", "One more than expected", **call, key=KEY,
        body={"on_hand": there + 11, "expected_on_hand": there + 10, "note": "Yearly count"}, status=201,
    )  # fmt: skip
    refused(s, "stock_counts_create", [
        ("stock_moved", "Something was sold meanwhile: look again", 409, "stock_moved",
         {"on_hand": there, "expected_on_hand": there}),
        ("invalid", "Say what you expected", 400, "invalid", {"on_hand": there}),
    ], **call)  # fmt: skip
    listed(s, "stock_movements_list", "Every change there was", **call)


def _promises(s: Recorder, call: dict[str, Any], item: int) -> None:
    s.call(
        "stock_change", "limits", "Back-orders, a purchase limit, and an alarm", **call,
        body={"backorder_limit": 5, "max_per_order": 10, "low_stock_at": 6}, status=200,
    )  # fmt: skip
    s.call(
        "stock_change", "invalid", "A limit is at least one", **call, body={"max_per_order": 0}, status=400,
        code="invalid",
    )  # fmt: skip
    set_limits(stock_item_id=item, changes={"max_per_order": None})
    left = s.call("stock_retrieve", "before", "Before somebody takes all", **call, status=200)
    with transaction.atomic():
        reserve(quantities={item: left["available"] + 2}, holder=AN_ORDER)
        commit(holder=AN_ORDER, by=SYSTEM)
    s.call(
        "stock_change", "backorders_in_use", "Two are promised that are not there", **call,
        body={"backorder_limit": 1}, status=409, code="backorders_in_use",
    )  # fmt: skip
    refused(s, "stock_counts_create", [
        ("below_reserved", "Promised pieces are not counted away", 409, "stock_below_reserved",
         {"on_hand": 0, "expected_on_hand": left["on_hand"]}),
    ], **call)  # fmt: skip
    s.call("stock_retrieve", "owed", "Pieces are owed to a paid order", **call, status=200)
    listed(s, "stock_reservations_list", "What is promised to whom", **call)
    s.call(
        "stock_reservations_list", "owed", "What is paid for and not there yet", **call,
        query={"state": "owed"}, status=200,
    )  # fmt: skip


def _counts_of_products(s: Recorder) -> None:
    """A product's `stock` is a count, too."""
    token, berbere = s.world.staff_token, s.world.berbere
    price = str(Product.objects.get(pk=berbere.pk).min_price)
    count = {"stock": 9, "expected_stock": 999}
    at = {"key": berbere.slug}
    one = {**at, "variant_id": variant_of(berbere).pk}
    for operation, path, body in (
        ("products_change", at, count),
        ("products_replace", at, {**count, "name": berbere.name, "price": price}),
        ("variants_change", one, count),
        ("variants_replace", one, {**count, "price": price}),
    ):
        s.call(
            operation, "stock_moved", "Something was sold since you looked", token=token, path=path, body=body,
            status=409, code="stock_moved",
        )  # fmt: skip


STORIES = [stock]
