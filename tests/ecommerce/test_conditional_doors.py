"""Whatever can be read and then changed honours `If-Match`: found in the URL table, not in a list that somebody keeps."""

from __future__ import annotations

import re

import pytest
from django.urls import get_resolver

from common.conditional import HONOURS_IF_MATCH
from tests.contract.document import operations
from tests.security.routes import _walk

CHANGING = ("put", "patch", "delete")
# Doors whose DELETE or PUT replaces nothing that an editor could have read there.
EXEMPT = {
    "/api/auth/second-factor/": "removed with a code that is used up by it; there is nothing to edit",
    "/api/auth/sessions/": "a list of other devices, ended together",
    "/api/terms/": "a list: many words put at once, each by its text",
    "/api/price-lists/{list_id}/prices/": "a list: many prices put at once, each by what it is for",
}
POSTS = {
    ("POST", "/api/carts/{cart_id}/items/"),
    ("POST", "/api/carts/{cart_id}/coupon/"),
    ("POST", "/api/orders/{public_id}/edits/"),
    ("POST", "/api/orders/{public_id}/cancel-lines/"),
    ("POST", "/api/stock/{item_id}/counts/"),
}


def doors() -> dict[str, type]:
    """View classes by path: those that can be read and changed."""
    found = {}
    for path, callback in _walk(get_resolver().url_patterns, "/"):
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        readable = view is not None and hasattr(view, "get")
        if readable and path.startswith("/api/") and any(hasattr(view, m) for m in CHANGING):
            found[path] = view
    return found


def test_the_table_is_seen():
    assert {"/api/products/{key}/", "/api/categories/{key}/", "/api/auth/me/"} <= set(doors())
    assert set(EXEMPT) <= set(doors()), "an exemption for a door that is gone"


@pytest.mark.parametrize("path", sorted(set(doors()) - set(EXEMPT)))
def test_what_can_be_read_and_changed_honours_if_match(path):
    view = doors()[path]
    for method in CHANGING:
        if hasattr(view, method):
            assert hasattr(getattr(view, method), HONOURS_IF_MATCH), f"{method.upper()} {path}"


def honouring(methods: tuple[str, ...]) -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, callback in _walk(get_resolver().url_patterns, "/")
        for method in methods
        if hasattr(getattr(getattr(callback, "view_class", None), method, None), HONOURS_IF_MATCH)
    }


def test_posts_that_change_what_was_read_honour_it_too():
    """Most POSTs make something new, and there is nothing that they could overwrite. These replace what somebody read."""
    assert honouring(("post",)) == POSTS


def test_the_document_says_so_and_only_there():
    said = {
        (op.method, op.path) for op in operations().values() if "If-Match" in op.names("header")
    }
    assert said == honouring((*CHANGING, "post"))
    for op in operations().values():
        assert ("precondition_failed" in op.codes) == ((op.method, op.path) in said), op.id


def test_a_browser_may_send_it_from_the_front_end(client, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    answer = client.options(
        "/api/products/1/",
        headers={
            "Origin": "https://front.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "if-match,content-type",
        },
    )
    allowed = re.split(r",\s*", answer["Access-Control-Allow-Headers"])
    assert "if-match" in allowed
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
