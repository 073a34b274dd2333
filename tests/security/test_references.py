"""Somebody else's things: not there, exactly as what never was. Every route with an id, every method."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.ids import uuid7
from tests.security.access_table import API
from tests.security.addresses import address
from tests.security.test_access_matrix import DOORS
from tests.security.undoing import state, undone
from tests.security.world import (
    CUSTOMER,
    EDITOR,
    GUEST_HOLDER,
    IDLE,
    OTHER_GUEST,
    STRANGER,
    Upload,
    World,
)

pytestmark = pytest.mark.django_db
WITH_ID = sorted(name for name in DOORS if "<uuid:" in name and " api/" in name)
WITH_KEY = sorted(name for name in DOORS if "<slug:" in name or "<int:" in name)
MALFORMED = [
    "1", "0", "-1", "x", "null", "undefined", "me", "%00", "%2e%2e", "..%2f..", "1%20OR%201=1", "'", '"',
    "00000000-0000-0000-0000-00000000000", "{id}", "%F0%9F%92%A9", "a" * 500,
]  # fmt: skip


def ask(world: World, who: str, name: str, path: str) -> tuple[int, dict, int]:
    """Status, body without the request's id, and number of statements. Nothing may change."""
    method = name.partition(" ")[0]
    body = API[name].body
    body = body(world) if callable(body) and not isinstance(body, Upload) else body
    with undone():
        before = state()
        with CaptureQueriesContext(connection) as seen:
            answer = world.call(who, method, path, body)
        assert state() == before, (who, name)
    shown = json.loads(answer.content)
    shown.pop("request_id")
    return answer.status_code, shown, len(seen)


@pytest.mark.parametrize("who", [STRANGER, OTHER_GUEST, IDLE])
@pytest.mark.parametrize("name", WITH_ID)
def test_somebody_else_s_is_what_is_not_there(world, name, who):
    route = name.partition(" ")[2]
    real = address(world, route, CUSTOMER)
    unreal = real
    for thing in (*world.things.values(), *world.users.values()):
        public_id = getattr(thing, "public_id", None)
        if public_id is not None:
            unreal = unreal.replace(str(public_id), str(uuid7()))
    assert real != unreal
    ask(world, who, name, real)  # whatever is done only the first time
    assert ask(world, who, name, real) == ask(world, who, name, unreal)
    status, _, _ = ask(world, who, name, real)
    assert status in API[name].expected(who)


@pytest.mark.parametrize("name", WITH_ID)
def test_a_guest_s_token_opens_one_order_only(world, name):
    path = address(world, name.partition(" ")[2], CUSTOMER)
    assert ask(world, GUEST_HOLDER, name, path)[0] in {401, 404}


@pytest.mark.parametrize("name", WITH_ID)
def test_malformed_ids_are_not_there_for_anybody(world, name):
    route = name.partition(" ")[2]
    start = "/" + route.partition("<")[0]
    rest = route.partition(">")[2]
    for who in (STRANGER, CUSTOMER, OTHER_GUEST, EDITOR):
        for bad in MALFORMED:
            answer = world.call(who, name.partition(" ")[0], f"{start}{bad}{rest}", {})
            # Some words are a route of their own, where this method does not exist.
            assert answer.status_code in {404, 405}, (who, bad, answer.status_code)
            assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", WITH_KEY)
def test_things_below_another_product_are_not_there(world, name):
    """An editor may change all of it, but not the variant of one product through the address of another."""
    if "_id>" not in name or "api/products/<slug:key>/" not in name:
        return
    path = address(world, name.partition(" ")[2], EDITOR)
    elsewhere = path.replace(world.product.slug, world.single.slug)
    assert ask(world, EDITOR, name, elsewhere)[:1] == (404,)
    unreal = elsewhere.replace(f"/{world.variant.pk}/", "/99999999/").replace(
        f"/{world.image.pk}/", "/99999999/"
    )
    assert ask(world, EDITOR, name, elsewhere)[:2] == ask(world, EDITOR, name, unreal)[:2]


def test_a_draft_is_not_there_for_customers(world):
    for who in (CUSTOMER, OTHER_GUEST, IDLE):
        for tail in ("", "variants/", "images/"):
            path = f"/api/products/{world.draft.slug}/{tail}"
            draft = ask_read(world, who, path)
            assert draft == ask_read(world, who, f"/api/products/never-was/{tail}")
            assert draft[0] == 404


def ask_read(world: World, who: str, path: str) -> tuple[int, dict]:
    answer = world.call(who, "GET", path)
    shown = json.loads(answer.content)
    shown.pop("request_id")
    return answer.status_code, shown


def test_lists_show_one_s_own_only(world):
    for who in (STRANGER, IDLE):
        for path in ("/api/orders/", "/api/addresses/"):
            assert world.call(who, "GET", path).json()["results"] == [], (who, path)
        shown = world.call(who, "GET", "/api/auth/sessions/").json()["results"]
        assert [row["id"] for row in shown] == [str(world.things[f"session of {who}"].public_id)]
    numbers = [
        row["id"] for row in world.call(OTHER_GUEST, "GET", "/api/orders/").json()["results"]
    ]
    assert len(numbers) == 1
    assert str(world.order.public_id) not in numbers


def test_the_token_s_owner_and_the_account_do_not_mix(world):
    """A customer who shows a guest's token sees that order beside their own, and acts on no third one."""
    both = world.headers[STRANGER] | world.headers[OTHER_GUEST]
    client_headers, world.headers["both"] = world.headers, both
    try:
        assert len(world.call("both", "GET", "/api/orders/").json()["results"]) == 1
        assert world.call("both", "GET", f"/api/orders/{world.order.public_id}/").status_code == 404
    finally:
        del client_headers["both"]
