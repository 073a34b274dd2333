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
        "orders_list", "orders_retrieve", "orders_history", "orders_cancel", "payments_start",
        "payments_retrieve", "payments_check",
    }  # fmt: skip


def test_what_changes_the_catalogue_needs_a_role():
    for op in operations().values():
        if op.method in UNSAFE and op.raw["tags"] == ["catalog"]:
            assert op.raw["security"] == [{"jwtAuth": []}, {"apiKey": []}]
            assert 403 in op.responses


def test_the_key_is_documented_where_it_is_honoured():
    with_key = {op.id for op in operations().values() if "Idempotency-Key" in op.names("header")}
    assert with_key == {
        "checkout", "orders_cancel", "payments_start", "categories_create", "products_create",
        "variants_create", "variants_create_many", "attributes_create", "brands_create", "collections_create",
        "collection_products_add", "languages_create", "price_lists_create", "product_types_create", "terms_create",
        "variant_prices_create", "variant_prices_end", "areas_create", "pickup_points_create", "delivery_methods_create",
    }  # fmt: skip


def test_every_documented_code_is_in_the_list_of_errors():
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/errors.md").read_text(), re.M))
    assert set().union(*(op.codes for op in operations().values())) <= listed


def test_options_tells_the_methods_and_looks_nothing_up():
    answer = Client().options("/api/products/anything/")
    assert answer.status_code == 200
    assert "PATCH" in answer.json()["methods"]
