"""Every route × every method × everybody who could knock: real requests, and nothing is changed by who was refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from pricing.models import TaxRate
from tests.security.access_table import API, MORE
from tests.security.addresses import address
from tests.security.doors import Door
from tests.security.undoing import state, undone
from tests.security.world import (
    ANON,
    EVERYBODY,
    GUEST_HOLDER,
    STRANGER,
    SUPERUSER,
    Upload,
    World,
    token_for,
)

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(patterns=None, prefix="") -> Iterator[tuple[str, URLPattern]]:
    """Every route of the shop, as its patterns spell it."""
    for pattern in patterns or get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern


def methods(pattern: URLPattern) -> list[str]:
    """What the view behind a route can do; function views are asked for reading, forms for both."""
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    if view is None:
        return ["GET"]
    return [method for method in METHODS if hasattr(view, method.lower())]


DOORS = {
    f"{method} {route}"
    for route, pattern in routes()
    if not route.startswith("admin/")
    for method in methods(pattern)
}


def test_every_door_has_a_line_and_every_line_a_door():
    assert DOORS - set(API) == set(), "routes without a line in the table"
    assert set(API) - DOORS == set(), "lines without a route"


def knock(world: World, name: str, door: Door, who: str) -> str:
    """What goes wrong when somebody knocks at a door; empty when all is as the table says."""
    method, _, route = name.partition(" ")
    path = address(world, route, who)
    if door.query:
        path = f"{path}?{door.query}"
    body = door.body
    if callable(body) and not isinstance(body, Upload):
        body = body(world)
    if who == GUEST_HOLDER:
        unpaid = str(world.things["guest order unpaid"].public_id) in path
        world.headers[who] = token_for(world, f"guest order{' unpaid' if unpaid else ''}")
    refused = who not in door.ok
    with undone():
        before = state() if refused and method != "GET" else {}
        answer = world.call(who, method, path, body)
        after = state() if before else {}
    if answer.status_code not in door.expected(who):
        wanted = sorted(door.expected(who))
        return f"{who}: {answer.status_code} instead of {wanted}: {answer.content[:200]!r}"
    changed = [table for table in before if before[table] != after[table]]
    return f"{who}: refused, but {changed} changed" if changed else ""


@pytest.mark.parametrize("name", sorted(API))
def test_the_table_is_what_happens(world, name):
    found = [knock(world, name, API[name], who) for who in sorted(EVERYBODY)]
    assert not [line for line in found if line], "\n".join(line for line in found if line)


@pytest.mark.parametrize("variation", sorted(MORE))
def test_fields_and_hidden_things(world, variation):
    name, door = MORE[variation]
    found = [knock(world, name, door, who) for who in sorted(EVERYBODY)]
    assert not [line for line in found if line], "\n".join(line for line in found if line)


def test_other_methods_do_not_exist_for_anybody(world):
    for route, pattern in routes():
        if not route.startswith("api/"):
            continue
        for method in set(METHODS) - set(methods(pattern)):
            for who in (ANON, STRANGER, SUPERUSER):
                answer = world.call(who, method, address(world, route, who), {})
                assert answer.status_code == 405, (method, route, who, answer.status_code)


def test_the_matrix_notices_a_change(world):
    """The control of "nothing changed": a single cell of a single row is seen."""
    with undone():
        before = state()
        TaxRate.objects.update(name="Other")
        after = state()
    assert [table for table in before if before[table] != after[table]] == ["pricing_taxrate"]
    assert state() == before


def test_a_door_without_permissions_is_shut(world):
    """The control of "deny by default": a view that names nothing is open to nobody, not even the owner."""
    from django.contrib.auth.models import AnonymousUser
    from rest_framework.response import Response
    from rest_framework.test import APIRequestFactory, force_authenticate
    from rest_framework.views import APIView

    class Forgetful(APIView):
        def get(self, request):
            return Response({})

    for user in (AnonymousUser(), *world.users.values()):
        request = APIRequestFactory().get("/")
        force_authenticate(request, user)
        assert Forgetful.as_view()(request).status_code in {401, 403}
