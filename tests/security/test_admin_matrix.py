"""Every page and action of the admin, for everybody who could open it; who is refused changes nothing."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.test import RequestFactory

from tests.security.admin_table import ADMIN, EVERY_ROLE, OTHERS, PAGES, Pages
from tests.security.test_access_matrix import routes
from tests.security.undoing import state, undone
from tests.security.world import (
    ANON,
    CUSTOMER,
    DESK,
    EVERYBODY,
    IDLE,
    KEYS,
    STRANGER,
    STRANGERS,
    SUPERUSER,
    SUPPORT,
    World,
)

pytestmark = pytest.mark.django_db
# Keys and order tokens are headers that the admin does not look at.
BROWSERS = sorted(EVERYBODY - KEYS - (STRANGERS - {ANON}))
OUTSIDE = {ANON, CUSTOMER, STRANGER, IDLE}


def test_every_page_of_the_admin_has_a_line():
    of_models = {
        f"admin/{label.replace('.', '/')}/{page}"
        for label in ADMIN
        for page in (
            "", "add/", "<path:object_id>/history/", "<path:object_id>/delete/",
            "<path:object_id>/change/", "<path:object_id>/",
        )
    }  # fmt: skip
    found = {route for route, _ in routes() if route.startswith("admin/")}
    rest = {re.sub(r"^(admin/\^\(\?P<app_label>).*", r"\1", route) for route in found - of_models}
    assert rest == set(PAGES) | OTHERS
    assert of_models <= found
    assert {model._meta.label_lower for model in admin.site._registry} == set(ADMIN)


def visit(world: World, who: str, method: str, path: str, may: bool, form=None) -> str:
    """What is wrong with the answer; empty when it is as it should be."""
    with undone():
        before = state() if not may and method == "POST" else {}
        answer = world.browse(who, method, path, form)
        after = state() if before else {}
    changed = [table for table in before if before[table] != after[table]]
    if changed:
        return f"{who}: {method} {path} refused, but {changed} changed"
    to_login = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
    if who in OUTSIDE:
        return "" if to_login else f"{who}: {method} {path} gives {answer.status_code}"
    good = (answer.status_code in {200, 302} and not to_login) if may else answer.status_code == 403
    return "" if good else f"{who}: {method} {path} gives {answer.status_code}, allowed: {may}"


@pytest.mark.parametrize("label", sorted(ADMIN))
def test_the_pages_of_each_model(world, label):
    pages: Pages = ADMIN[label]
    row = world.rows[label]
    assert row is not None, "one of each"
    base = f"/admin/{label.replace('.', '/')}/"
    one = f"{base}{row.pk}/"
    found = []
    for who in BROWSERS:
        for method, path, allowed, form in (
            ("GET", base, pages.see, None),
            ("GET", f"{base}add/", pages.add, None),
            ("POST", f"{base}add/", pages.add, {}),
            ("GET", f"{one}change/", pages.see, None),
            ("POST", f"{one}change/", pages.change, forms(label)),
            ("GET", f"{one}delete/", pages.delete, None),
            ("POST", f"{one}delete/", pages.delete, {"post": "yes"}),
            ("GET", f"{one}history/", pages.see, None),
        ):
            found.append(visit(world, who, method, path, who in allowed, form))
    assert not [line for line in found if line], "\n".join(line for line in found if line)


def forms(label: str) -> dict[str, str]:
    """Enough of a form to be read; whether it is valid does not matter to who may send it."""
    if label != "catalog.product":
        return {}
    return {
        f"{name}-{field}_FORMS": number
        for name in ("variants", "images")
        for field, number in (("TOTAL", "0"), ("INITIAL", "0"))
    }


@pytest.mark.parametrize("label", sorted(ADMIN))
def test_the_actions_of_each_model(world, label):
    pages = ADMIN[label]
    model_admin = next(a for m, a in admin.site._registry.items() if m._meta.label_lower == label)
    row = world.rows[label]
    base = f"/admin/{label.replace('.', '/')}/"
    for who in sorted(EVERY_ROLE & pages.see):
        request = RequestFactory().get(base)
        request.user = type(world.users[who]).objects.get(pk=world.users[who].pk)
        offered = set(model_admin.get_actions(request))
        assert offered == {name for name, who_may in pages.actions.items() if who in who_may}, who
    for name, who_may in pages.actions.items():
        for who in sorted(set(BROWSERS) - who_may):
            with undone():
                before = state()
                world.browse(
                    who, "POST", base, {"action": name, "_selected_action": [row.pk], "post": "yes"}
                )
                assert state() == before, (who, name)


def test_every_registered_action_is_in_the_table():
    for model, model_admin in admin.site._registry.items():
        named = {
            action if isinstance(action, str) else action.__name__
            for action in model_admin.actions or []
        }
        assert named <= set(ADMIN[model._meta.label_lower].actions), model


@pytest.mark.parametrize("route", sorted(PAGES))
def test_the_other_pages(world, route):
    path = "/" + route.replace("<id>", str(world.users[CUSTOMER].pk))
    path = path.replace("<int:document_id>", str(world.things["packing slip"].pk))
    found = [visit(world, who, "GET", path, who in PAGES[route]) for who in BROWSERS]
    form = {"password1": "x" * 30, "password2": "x" * 30, "usable_password": "true"}
    if "password/" in route and "<id>" in route:
        found += [visit(world, who, "POST", path, who in PAGES[route], form) for who in BROWSERS]
    assert not [line for line in found if line], "\n".join(line for line in found if line)


def test_the_doors_around_the_pages(world):
    for who in BROWSERS:
        inside = who in EVERY_ROLE
        wanted = {
            "/admin/login/": 302 if inside else 200,
            "/admin/second-factor/": 200 if inside else 302,
            "/admin/nothing/": 404 if inside else 302,
            "/admin/r/999999/1/": 404 if inside else 302,
            "/admin/procrastinate/": 200 if who == SUPERUSER else 404 if inside else 302,
        }
        for path, status in wanted.items():
            with undone():
                assert world.browse(who, "GET", path).status_code == status, (who, path)
        with undone():
            assert world.browse(who, "POST", "/admin/logout/").status_code in {200, 302}


def test_the_search_of_forms_finds_nothing_for_who_may_not_look(world):
    query = {"app_label": "catalog", "model_name": "product", "field_name": "category", "term": ""}
    for who in BROWSERS:
        answer = world.browse(who, "GET", "/admin/autocomplete/", query)
        assert answer.status_code == (200 if who in EVERY_ROLE else 302), who


@pytest.mark.parametrize("who", [SUPPORT, DESK])
def test_who_looks_customers_up_does_not_find_staff(world, who):
    for name in (*sorted(EVERY_ROLE), IDLE):
        page = f"/admin/account/user/{world.users[name].pk}/change/"
        answer = world.browse(who, "GET", page)
        assert (answer.status_code, answer["Location"]) == (302, "/admin/"), name
        assert world.browse(who, "POST", page, {"email": "x@y.shop"}).status_code == 403
