"""Product types, typed attributes, and what products say by them."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from catalog import attribute_values, attributes
from catalog.models import Attribute, AttributeValue, Product, ProductType
from catalog.services import update_product
from common.actors import SYSTEM
from tests import factories
from tests.catalog.described import (
    ATTRIBUTES,
    PRODUCTS,
    SAID,
    TYPES,
    coffee_type,
    ok,
    product,
    refused,
    values,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def coffee(owner):
    return coffee_type(owner)


# --- saying it --------------------------------------------------------------------------------


def test_a_product_says_what_its_type_has_in_the_types_order(owner, api, coffee):
    row = product(owner, product_type=coffee["id"], attributes=dict(reversed(SAID.items())))
    assert row["attributes"] == [
        {"code": "roast", "name": "Roast", "kind": "choice", "value": "dark", "unit": ""},
        {"code": "weight", "name": "Weight", "kind": "number", "value": 250, "unit": "g"},
        {"code": "organic", "name": "Organic", "kind": "boolean", "value": True, "unit": ""},
        {"code": "harvest", "name": "Harvest", "kind": "date", "value": "2025-10-01", "unit": ""},
        {"code": "notes", "name": "Notes", "kind": "text", "value": "berries", "unit": ""},
    ]
    assert row["product_type"] == {"id": coffee["id"], "name": "Coffee"}
    public = ok(api.get(f"{PRODUCTS}{row['id']}/"))
    assert public["attributes"] == row["attributes"]
    assert "product_type" not in public


@pytest.mark.parametrize("kind", ["Coffee", {"name": "Coffee"}, {"id": 0}])
def test_a_type_is_named_by_id_name_or_object(owner, coffee, kind):
    kind = {"id": coffee["id"]} if kind == {"id": 0} else kind
    row = product(owner, product_type=kind, attributes={"roast": "light"})
    assert row["product_type"]["name"] == "Coffee"


@pytest.mark.parametrize(
    ("code", "value", "error"),
    [
        ("roast", "burnt", "invalid_choice"),
        ("roast", 1, "invalid_choice"),
        ("weight", "heavy", "invalid"),
        ("weight", True, "invalid"),
        ("weight", "NaN", "invalid"),
        ("weight", "Infinity", "invalid"),
        ("weight", 1.23456, "invalid"),
        ("weight", 10**14, "invalid"),
        ("weight", "1e400", "invalid"),
        ("weight", [1], "invalid"),
        ("organic", "yes", "invalid"),
        ("organic", 1, "invalid"),
        ("harvest", "2025-13-01", "invalid"),
        ("harvest", "20251001", "invalid"),
        ("harvest", 20251001, "invalid"),
        ("notes", "", "invalid"),
        ("notes", " ", "invalid"),
        ("notes", 7, "invalid"),
        ("notes", "x" * 1001, "invalid"),
        ("colour", "red", "unknown_attribute"),
    ],
)
def test_a_value_that_is_none_is_named_and_nothing_is_written(owner, coffee, code, value, error):
    row = product(owner, product_type="Coffee", attributes={"roast": "dark"})
    answer = owner.patch(f"{PRODUCTS}{row['id']}/", {"name": "New", "attributes": {code: value}})
    refused(answer, 400, error, f"attributes.{code}")
    assert values(ok(owner.get(f"{PRODUCTS}{row['id']}/"))) == {"roast": "dark"}
    assert Product.objects.get(pk=row["id"]).name == "Sidamo"


@pytest.mark.parametrize(
    ("given", "shown"),
    [(2.5, 2.5), ("0.0001", 0.0001), (-3, -3), ("1e3", 1000), (0, 0), (-0.0, 0), (9999999999.9999, 9999999999.9999),
     (99999999999999, 99999999999999)],
)  # fmt: skip
def test_numbers_are_exact(owner, api, coffee, given, shown):
    row = product(owner, product_type="Coffee", attributes={"roast": "dark", "weight": given})
    assert values(row)["weight"] == shown
    assert type(values(row)["weight"]) is type(shown)
    assert ok(api.get(f"{PRODUCTS}{row['id']}/"))["attributes"] == row["attributes"]


def test_several_errors_come_at_once(owner, coffee):
    body = {"name": "X", "price": "1", "product_type": "Coffee",
            "attributes": {"weight": "x", "colour": 1, "organic": 3}}  # fmt: skip
    problem = refused(owner.post(PRODUCTS, body), 400, "invalid", "attributes.weight")
    assert {entry["field"] for entry in problem["errors"]} == {
        "attributes.weight", "attributes.colour", "attributes.organic",
    }  # fmt: skip
    assert not Product.objects.exists()


def test_patch_merges_null_removes_and_put_replaces(owner, coffee):
    row = product(owner, product_type="Coffee", attributes=SAID)
    address = f"{PRODUCTS}{row['id']}/"
    row = ok(owner.patch(address, {"attributes": {"weight": 500, "notes": None}}))
    expected = {"roast": "dark", "weight": 500, "organic": True, "harvest": "2025-10-01"}
    assert values(row) == expected
    assert values(ok(owner.put(address, row))) == expected, "sent back as it was read"
    assert values(ok(owner.put(address, {"name": "X", "price": "1"}))) == expected, "left out"
    body = {"name": "X", "price": "1", "attributes": {"roast": "light"}}
    assert values(ok(owner.put(address, body))) == {"roast": "light"}


def test_what_was_is_no_change(owner, coffee):
    row = product(owner, product_type="Coffee", attributes=SAID)
    given = {**SAID, "weight": "250.0"}
    with transaction.atomic():
        saved = Product.objects.get(pk=row["id"])
        assert not attribute_values.write_values(product=saved, given=given, replace=False)
        assert attribute_values.write_values(
            product=saved, given={**given, "weight": 251}, replace=False
        )


def test_a_change_of_a_value_is_a_change_of_the_product(owner, coffee):
    row = product(owner, product_type="Coffee", attributes=SAID)
    after = ok(owner.patch(f"{PRODUCTS}{row['id']}/", {"attributes": {"weight": 1}}))
    assert after["updated_at"] > row["updated_at"]
    assert after["version"] > row["version"]


def test_another_type_drops_what_it_does_not_have(owner, coffee):
    ok(owner.post(TYPES, {"name": "Mug", "attributes": [{"code": "weight"}]}), 201)
    row = product(owner, product_type="Coffee", attributes=SAID)
    address = f"{PRODUCTS}{row['id']}/"
    assert values(ok(owner.patch(address, {"product_type": "Mug"}))) == {"weight": 250}
    assert values(ok(owner.patch(address, {"product_type": None}))) == {}
    refused(
        owner.patch(address, {"attributes": {"weight": 1}}), 400, "unknown_attribute", "attributes.weight"
    )  # fmt: skip


# --- what is required -------------------------------------------------------------------------


def test_a_published_product_says_what_its_type_requires(owner, coffee):
    body = {"name": "X", "price": "1", "product_type": "Coffee", "attributes": {"weight": 1}}
    refused(owner.post(PRODUCTS, body), 400, "required", "attributes.roast")
    draft = ok(owner.post(PRODUCTS, {**body, "is_published": False}), 201)
    address = f"{PRODUCTS}{draft['id']}/"
    refused(owner.patch(address, {"is_published": True}), 400, "required", "attributes.roast")
    ok(owner.patch(address, {"is_published": True, "attributes": {"roast": "dark"}}))
    refused(
        owner.patch(address, {"attributes": {"roast": None}}), 400, "required", "attributes.roast"
    )  # fmt: skip
    bare = product(owner)
    refused(
        owner.patch(f"{PRODUCTS}{bare['id']}/", {"product_type": "Coffee"}), 400, "required", "attributes.roast",
    )  # fmt: skip


def test_a_new_requirement_does_not_stand_in_the_way_of_a_price(owner, coffee):
    row = product(owner, product_type="Coffee", attributes={"roast": "dark"})
    uses = [{"code": "roast"}, {"code": "weight", "is_required": True}]
    ok(owner.patch(f"{TYPES}{coffee['id']}/", {"attributes": uses}))
    ok(owner.patch(f"{PRODUCTS}{row['id']}/", {"price": "120"}))
    answer = owner.patch(f"{PRODUCTS}{row['id']}/", {"attributes": {"roast": "light"}})
    refused(answer, 400, "required", "attributes.weight")


# --- declaring it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"code": "Big"}, "code", "invalid"),
        ({"code": "1x"}, "code", "invalid"),
        ({"kind": "colour"}, "kind", "invalid_choice"),
        ({"name": ""}, "name", "blank"),
        ({"unit": "g"}, "unit", "not_of_this_kind"),
        ({"choices": ["a"]}, "choices", "not_of_this_kind"),
        ({"kind": "choice", "choices": ["a", "a"]}, "choices", "repeated"),
        ({"kind": "choice", "choices": [""]}, "choices.0", "invalid"),
        (
            {"kind": "choice", "choices": [{"value": "a", "was": "b"}]},
            "choices.0.was",
            "does_not_exist",
        ),
        ({"colour": 1}, "colour", "unknown_field"),
    ],
)
def test_a_bad_declaration_is_named(owner, change, field, code):
    body = {"code": "body", "name": "Body", "kind": "text", **change}
    refused(owner.post(ATTRIBUTES, body), 400, code, field)
    assert not Attribute.objects.exists()


def test_code_and_kind_stay_while_products_have_values(owner, coffee):
    row = product(owner, product_type="Coffee", attributes=SAID)
    weight = Attribute.objects.get(code="weight").pk
    for change in ({"kind": "text", "unit": ""}, {"code": "mass"}):
        refused(owner.patch(f"{ATTRIBUTES}{weight}/", change), 409, "attribute_in_use")
    ok(owner.patch(f"{ATTRIBUTES}{weight}/", {"name": "Net weight", "unit": "kg"}))
    refused(owner.patch(f"{ATTRIBUTES}{weight}/", {"code": "roast"}), 409, "attribute_in_use")
    ok(owner.patch(f"{PRODUCTS}{row['id']}/", {"attributes": {"weight": None}}))
    ok(owner.patch(f"{ATTRIBUTES}{weight}/", {"kind": "text", "unit": ""}))
    refused(owner.patch(f"{ATTRIBUTES}{weight}/", {"code": "roast"}), 409, "code_taken", "code")


def test_a_choice_in_use_stays_and_can_be_renamed(owner, api, coffee):
    row = product(owner, product_type="Coffee", attributes={"roast": "dark"})
    address = f"{ATTRIBUTES}{Attribute.objects.get(code='roast').pk}/"
    refused(
        owner.patch(address, {"choices": ["light", "medium"]}), 409, "choice_in_use", "choices"
    )  # fmt: skip
    assert ok(owner.get(address))["choices"] == ["light", "medium", "dark"]
    swapped = [{"value": "dark", "was": "light"}, {"value": "light", "was": "dark"}, "black"]
    assert ok(owner.patch(address, {"choices": swapped}))["choices"] == ["dark", "light", "black"]
    assert values(ok(api.get(f"{PRODUCTS}{row['id']}/"))) == {"roast": "light"}


def test_choices_that_only_move_rewrite_no_product(owner, coffee):
    """A new name of a choice rewrites each product that has it; a new place does not."""
    row = product(owner, product_type="Coffee", attributes={"roast": "dark"})
    address = f"{ATTRIBUTES}{Attribute.objects.get(code='roast').pk}/"

    def written() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ctid::text FROM catalog_product WHERE id = %s", [row["id"]])
            return str(cursor.fetchone()[0])

    before = written()
    moved = ["green", "dark", "light", "medium"]
    assert ok(owner.patch(address, {"choices": moved}))["choices"] == moved
    assert written() == before
    renamed = ["green", {"value": "black", "was": "dark"}, "light", "medium"]
    ok(owner.patch(address, {"choices": renamed}))
    assert written() != before
    chain = [
        "green",
        {"value": "light", "was": "black"},
        {"value": "pale", "was": "light"},
        "medium",
    ]
    assert ok(owner.patch(address, {"choices": chain}))["choices"] == [
        "green",
        "light",
        "pale",
        "medium",
    ]
    assert values(ok(owner.get(f"{PRODUCTS}{row['id']}/"))) == {"roast": "light"}


def test_what_is_used_is_not_deleted(owner, coffee):
    row = product(owner, product_type="Coffee", attributes=SAID)
    kind, weight = f"{TYPES}{coffee['id']}/", Attribute.objects.get(code="weight").pk
    refused(owner.delete(kind), 409, "product_type_in_use")
    refused(owner.delete(f"{ATTRIBUTES}{weight}/"), 409, "attribute_in_use")
    refused(owner.patch(kind, {"attributes": [{"code": "roast"}]}), 409, "attribute_in_use")
    assert ok(owner.delete(f"{PRODUCTS}{row['id']}/"), 204) is None
    ok(owner.delete(kind), 204)
    ok(owner.delete(f"{ATTRIBUTES}{weight}/"), 204)


def test_archived_products_let_go_of_a_type(owner, coffee):
    row = product(owner, product_type="Coffee", attributes=SAID)
    factories.place(variant=Product.objects.get(pk=row["id"]).variants.get())
    ok(owner.delete(f"{PRODUCTS}{row['id']}/"), 204)
    ok(owner.delete(f"{TYPES}{coffee['id']}/"), 204)
    kept = Product.objects.get(pk=row["id"])
    assert kept.product_type is None
    assert not kept.attribute_values.exists()


def test_types_are_named_once_and_know_their_attributes(owner, coffee):
    refused(owner.post(TYPES, {"name": "Coffee"}), 409, "name_taken", "name")
    body = {"name": "Tea", "attributes": [{"code": "weight"}, {"code": "nothing"}]}
    refused(owner.post(TYPES, body), 400, "does_not_exist", "attributes.1.code")
    body["attributes"][1] = {"code": "weight"}
    refused(owner.post(TYPES, body), 400, "repeated", "attributes")
    changed = ok(owner.patch(f"{TYPES}{coffee['id']}/", {"name": "Beans"}))
    assert [use["code"] for use in changed["attributes"]] == list(SAID)
    assert ok(owner.put(f"{TYPES}{coffee['id']}/", changed)) == changed


def test_a_stale_editor_is_told(owner, coffee):
    address = f"{TYPES}{coffee['id']}/"
    tag = owner.get(address)["ETag"]
    ok(owner.patch(address, {"name": "Beans"}, headers={"If-Match": tag}))
    refused(
        owner.patch(address, {"name": "Bean"}, headers={"If-Match": tag}), 412, "precondition_failed"
    )  # fmt: skip


def test_strangers_do_not_read_definitions(api, customer, coffee):
    for address in (ATTRIBUTES, TYPES):
        assert api.get(address).status_code == 401
        assert customer.get(address).status_code == 403


# --- how many statements ----------------------------------------------------------------------


@pytest.mark.parametrize("address", [ATTRIBUTES, TYPES])
def test_lists_ask_as_much_for_many_rows_as_for_one(owner, coffee, address, counted):
    extra = {"code": "a", "name": "A", "kind": "choice", "choices": ["x", "y"]}
    few = counted(lambda: owner.get(f"{address}?page_size=1"))
    for number in range(8):
        ok(owner.post(ATTRIBUTES, {**extra, "code": f"a{number}"}), 201)
        ok(owner.post(TYPES, {"name": f"T{number}", "attributes": [{"code": f"a{number}"}]}), 201)
    assert counted(lambda: owner.get(f"{address}?page_size=100")) <= few


def test_staff_lists_of_products_ask_as_much_for_many_rows_as_for_one(owner, coffee, counted):
    def ask() -> None:
        ok(owner.get(f"{PRODUCTS}?status=all"))

    product(owner, product_type="Coffee", attributes=SAID, tags=["a"])
    one = counted(ask)
    for number in range(7):
        product(owner, product_type="Coffee", attributes=SAID, slug=f"p{number}")
    assert counted(ask) == one


# --- two at once ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("holds", [True, False])
def test_a_choice_is_not_deleted_while_a_product_takes_it(holds, monkeypatch):
    """Without the lock both succeed at first, and the product's commit fails on the choice that is gone."""
    with transaction.atomic():
        roast = attributes.create_attribute(
            code="roast", name="Roast", kind="choice", choices=[attributes.Choice("dark")]
        )
        kind = attributes.create_type(name="Coffee", uses=[attributes.Use(roast)])
    row = factories.variant().product
    if not holds:
        monkeypatch.setattr("catalog.services.hold_definitions", lambda: None)
    seen, gone, outcomes = Barrier(2, timeout=20), Barrier(2, timeout=20), {}
    usual = attribute_values._store

    def waits(*args, **kwargs):
        seen.wait()
        if not holds:
            gone.wait()
        return usual(*args, **kwargs)

    monkeypatch.setattr(attribute_values, "_store", waits)

    def write() -> None:
        try:
            said = {"product_type": kind, "attributes": {"roast": "dark"}}
            update_product(product_id=row.pk, changes=said, by=SYSTEM)
            outcomes["write"] = "done"
        except Exception as error:
            outcomes["write"] = type(error).__name__
        finally:
            connection.close()

    def remove() -> None:
        try:
            seen.wait()
            attributes.update_attribute(attribute_id=roast.pk, changes={"choices": []})
            outcomes["remove"] = "done"
        except Exception as error:
            outcomes["remove"] = type(error).__name__
        finally:
            if not holds:
                gone.wait()
            connection.close()

    threads = [Thread(target=write), Thread(target=remove)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if holds:
        assert outcomes == {"write": "done", "remove": "ChoiceInUse"}
        assert AttributeValue.objects.get().choice.value == "dark"
    else:
        assert outcomes == {"write": "IntegrityError", "remove": "done"}
    assert ProductType.objects.count() == 1
