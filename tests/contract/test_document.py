"""The OpenAPI document as a whole, and the pages that show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.document import document, operations

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def test_it_is_valid_and_committed():
    OpenAPIV31SpecValidator(document()).validate()
    committed = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    assert committed == document(), "run `make examples`"


def test_everybody_may_read_it_and_a_304_saves_the_second_time():
    first = Client().get("/api/schema/?format=json")
    assert first.status_code == 200
    assert first["Content-Type"] == "application/vnd.oai.openapi+json"
    again = Client().get("/api/schema/?format=json", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    as_yaml = Client().get("/api/schema/")
    assert yaml.safe_load(as_yaml.content) == first.json()


def test_digits_that_are_text_are_quoted_for_every_reader_of_yaml():
    # YAML 1.1 reads 0911234567 as text, YAML 1.2 (browsers) as a number.
    assert not re.search(r"(phone|woreda): [0-9]", (ROOT / "openapi.yaml").read_text())


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/", "/api/redoc", "/api/redoc/"])
def test_the_pages_need_nothing_from_elsewhere_and_no_inline_script(path):
    page = Client().get(path)
    assert page.status_code == 200
    text = page.content.decode()
    directives = [part.strip() for part in page["Content-Security-Policy"].split(";")]
    assert "script-src 'self'" in directives  # their order is not fixed
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    for address in re.findall(r'<script src="([^"]+)"', text):
        script = Client().get(address.replace("&amp;", "&"))
        assert script.status_code == 200 or address.startswith("/static/")
        if not address.startswith("/static/"):
            assert script["Content-Type"].startswith("application/javascript")


def test_signing_in_is_documented():
    schemes = document()["components"]["securitySchemes"]
    assert schemes["jwtAuth"]["scheme"] == "bearer"
    assert schemes["orderToken"] == schemes["orderToken"] | {"type": "apiKey", "in": "header"}
    guests = {op.id for op in operations().values() if {"orderToken": []} in op.raw["security"]}
    assert guests == {
        "order_returns_create", "order_returns_list", "orders_cancel", "orders_cancel_lines", "orders_document",
        "orders_documents_list", "orders_history", "orders_invoice", "orders_list", "orders_notes", "orders_receipt",
        "orders_retrieve", "payments_check", "payments_retrieve", "payments_start", "shipments_list",
        "shipments_retrieve",
    }  # fmt: skip


def test_what_changes_the_catalogue_needs_a_role():
    for op in operations().values():
        if op.method in UNSAFE and op.raw["tags"] == ["catalog"]:
            assert op.raw["security"] == [{"jwtAuth": []}, {"apiKey": []}]
            assert 403 in op.responses


def test_the_key_is_documented_where_it_is_honoured():
    with_key = {op.id for op in operations().values() if "Idempotency-Key" in op.names("header")}
    assert with_key == {
        "areas_create", "attributes_create", "brands_create", "carts_coupon_add", "carts_create", "carts_items_add",
        "carts_merge", "categories_create", "checkout", "collection_products_add", "collections_create",
        "coupons_create", "coupons_generate", "delivery_methods_create", "drafts_create", "drafts_place",
        "languages_create", "legal_details_create", "order_returns_create", "orders_cancel", "orders_cancel_lines",
        "orders_edit", "orders_note", "payments_start", "pickup_points_create", "price_lists_create",
        "product_types_create", "products_create", "promotions_create", "returns_approve", "returns_close",
        "returns_receive", "returns_refuse", "shipments_cancel", "shipments_code", "shipments_create",
        "shipments_delivered", "shipments_ready", "shipments_send", "stock_counts_create", "stock_locations_create",
        "stock_movements_create", "stock_transfers_create", "tax_assignments_create", "tax_categories_create",
        "tax_exemptions_create", "tax_rates_create", "terms_create", "variant_prices_create", "variant_prices_end",
        "variants_create", "variants_create_many",
    }  # fmt: skip


def test_every_documented_code_is_in_the_list_of_errors():
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/errors.md").read_text(), re.M))
    assert set().union(*(op.codes for op in operations().values())) <= listed


def test_options_tells_the_methods_and_looks_nothing_up():
    answer = Client().options("/api/products/anything/")
    assert answer.status_code == 200
    assert "PATCH" in answer.json()["methods"]
