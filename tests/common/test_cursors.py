"""Cursors lead to their place and nowhere else; whatever else is asked of a list is refused by name."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from hypothesis import given, settings
from hypothesis import strategies as st

from common.pagination import MAX_PAGE, InvalidCursor, decode, encode
from tests.common.counters import fetch, insert

pytestmark = pytest.mark.django_db


def refused(client, url: str) -> dict:
    response = client.get(url)
    assert response.status_code == 400, response.content
    return response.json()


def cursor_of(client, url: str = "/api/counters/?page_size=1") -> str:
    insert(1), insert(2)
    return parse_qs(urlsplit(fetch(client, url)["next"]).query)["cursor"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-1],
        lambda c: c[1:],
        lambda c: c.swapcase(),
        lambda c: "",
        lambda c: "cD0lMDA=",
        lambda c: "%00",
        lambda c: "a:b:c",
        lambda c: ":" * 5000,
        lambda c: c + "A",
        lambda c: c + "=",
        lambda c: " " + c,
        lambda c: c[0] + c,
        lambda c: "A" * len(c),
        lambda c: ("A" if c[0] != "A" else "B") + c[1:],
        lambda c: c[:-3] + ("A" if c[-3] != "A" else "B") + c[-2:],
        lambda c: c * 200,
        lambda c: "é" + c,
        lambda c: "%ED%A0%80",
        lambda c: signing.dumps([1, 2, 3], salt="common.pagination"),
        lambda c: encode("another list", False, "1", 1),
    ],
)  # fmt: skip
def test_a_tampered_cursor(client, change):
    cursor = change(cursor_of(client))

    assert (
        refused(client, f"/api/counters/?page_size=1&cursor={cursor}")["code"] == "invalid_cursor"
    )


@pytest.mark.parametrize(
    "url", ["/api/others/?page_size=1", "/api/counters/?ordering=-count", "/api/counters/?key=row"]
)
def test_the_cursor_of_another_list(client, url):
    cursor = cursor_of(client)

    assert refused(client, f"{url}&cursor={cursor}")["code"] == "invalid_cursor"


def test_a_cursor_keeps_its_place_at_another_page_size(client):
    cursor = cursor_of(client)

    assert fetch(client, f"/api/counters/?page_size=50&cursor={cursor}")["results"]


@given(st.text(), st.booleans(), st.text(st.characters(exclude_categories=["Cs"])), st.integers(0))
@settings(deadline=None)
def test_a_cursor_says_what_it_was_given(context, backwards, value, pk):
    cursor = encode(context, backwards, value, pk)
    assert decode(cursor, context) == (backwards, value, str(pk))
    with pytest.raises(InvalidCursor):
        decode(cursor, context + "x")
    assert cursor.isascii()
    assert len(cursor) <= 24 + (len(f">{pk}:{value}".encode()) * 4 + 2) // 3


@given(st.text(max_size=200))
@settings(deadline=None)
def test_no_text_is_a_cursor_by_accident(text):
    with pytest.raises(InvalidCursor):
        decode(text, "list")


def test_context_and_place_are_kept_apart():
    """A context that ends as the place begins is another context."""
    with pytest.raises(InvalidCursor):
        decode(encode("list>1", False, "2", 3), "list")


def test_a_cursor_survives_a_change_of_the_key(settings):
    cursor = encode("list", True, "1", 2)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert decode(cursor, "list") == (True, "1", "2")
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidCursor):
        decode(cursor, "list")


def test_what_only_changes_the_presentation_keeps_the_place(client):
    cursor = cursor_of(client)
    address = f"/api/counters/?page_size=9&count=true&fields=id&cursor={cursor}"
    assert fetch(client, address)["results"]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("page=0", "invalid", "page"),
        ("page=-1", "invalid", "page"),
        ("page=x", "invalid", "page"),
        ("page=", "invalid", "page"),
        ("page=١", "invalid", "page"),
        (f"page={MAX_PAGE + 1}", "page_too_deep", None),
        ("page=99999999999999999999", "page_too_deep", None),
        ("page_size=0", "invalid", "page_size"),
        ("page_size=ten", "invalid", "page_size"),
        ("page=1&cursor=x", "invalid", "page"),
        ("ordering=id", "invalid", "ordering"),
        ("ordering=--count", "invalid", "ordering"),
    ],
)
def test_refused_parameters(client, query, code, field):
    body = refused(client, f"/api/counters/?{query}")

    assert body["code"] == code
    if field:
        assert body["errors"][0]["field"] == field
