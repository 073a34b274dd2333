"""The front door answers what Django would answer: the same status, bytes and headers; and leaves everything else to it."""

from __future__ import annotations

import io

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError

from catalog.models import Category, Price, Product
from catalog.reads import store
from ecommerce import front_door
from ecommerce.front_door import FrontDoor
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
CHANGING = {"x-request-id"}


def call(program, path="/api/products/", query="", method="GET", **environ):
    given = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(b""), "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False, "REMOTE_ADDR": "127.0.0.1", **environ,
    }  # fmt: skip
    seen = {}

    def start(status, headers, *_):
        seen["status"] = status
        seen["headers"] = {
            name.lower(): value for name, value in headers if name.lower() not in CHANGING
        }
        seen["names"] = [name.lower() for name, _ in headers]

    body = program(given, start)
    seen["body"] = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return seen


class Counted:
    """Django, counting what reaches it."""

    def __init__(self):
        self.handler, self.calls = WSGIHandler(), 0

    def __call__(self, environ, start_response):
        self.calls += 1
        return self.handler(environ, start_response)


@pytest.fixture
def django(settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    return Counted()


@pytest.fixture
def door(django):
    return FrontDoor(django)


@pytest.fixture(autouse=True)
def goods():
    store.MEMORY.clear()
    shelf = Category.objects.create(name="Coffee", slug="coffee")
    for number in range(5):
        product = Product.objects.create(
            name=f"Bag {number}", slug=f"bag-{number}", category=shelf, is_published=True,
            translations={"am": {"name": f"ቦርሳ {number}"}},
        )  # fmt: skip
        variant = factories.variant(product=product, price=str(100 + number))
        Price.objects.create(variant=variant, price_list_id=1, currency="USD", amount=number + 1)
    yield
    store.MEMORY.clear()


ASKED = {
    "first page": {},
    "by category and price": {"query": "category=coffee&ordering=-price&page_size=2"},
    "between prices": {"query": "min_price=101&max_price=103.50&ordering=price"},
    "a numbered page": {"query": "page=2&page_size=2"},
    "nothing": {"query": "category=tea"},
    "a search": {"query": "search=bag&page_size=3"},
    "a search in Amharic, narrowed": {"query": "search=%E1%89%A6%E1%88%AD%E1%88%B3&max_price=102"},
    "a misspelt search": {"query": "search=bgag"},
    "one": {"path": "/api/products/bag-2/"},
    "one in dollars": {"path": "/api/products/bag-2/", "query": "currency=USD"},
    "in Amharic": {"HTTP_ACCEPT_LANGUAGE": "am-ET,am;q=0.9"},
    "from a known origin": {"HTTP_ORIGIN": "https://shop.example"},
    "from a strange origin": {"HTTP_ORIGIN": "https://evil.example"},
    "head": {"method": "HEAD"},
    "compressed is the edge's business": {"HTTP_ACCEPT_ENCODING": "gzip"},
}


@pytest.mark.parametrize("name", sorted(ASKED))
def test_it_answers_as_django_does(door, django, name):
    asked = ASKED[name]
    # It learns from the first of a kind.
    call(door, **{key: value for key, value in asked.items() if key in {"HTTP_ORIGIN", "path"}})
    learnt = django.calls
    ours = call(door, **asked)
    assert django.calls == learnt, "Django was asked"
    theirs = call(django, **asked)
    assert ours["status"] == theirs["status"] == "200 OK"
    assert ours["body"] == (b"" if name == "head" else theirs["body"])
    assert ours["headers"] == theirs["headers"]
    assert len(ours["names"]) == len(set(ours["names"])), "a header is there twice"
    again = call(door, **asked, HTTP_IF_NONE_MATCH=ours["headers"]["etag"])
    assert (again["status"], again["body"]) == ("304 Not Modified", b"")
    assert django.calls == learnt + 1


def test_a_cursor_is_followed(door, django):
    import json
    from urllib.parse import urlsplit

    call(door)
    page = json.loads(call(door, query="page_size=2")["body"])
    following = urlsplit(page["next"]).query
    assert call(door, query=following)["body"] == call(django, query=following)["body"]
    assert django.calls == 2


LEFT = {
    "a token": {"HTTP_AUTHORIZATION": "Bearer x"},
    "a write": {"method": "POST", "CONTENT_TYPE": "application/json"},
    "an unknown product": {"path": "/api/products/none/"},
    "a strange parameter": {"query": "status=draft"},
    "a price that is none": {"query": "min_price=cheap"},
    "an unknown ordering": {"query": "ordering=colour"},
    "a foreign cursor": {"query": "cursor=abc"},
    "a page too deep": {"query": "page=101"},
    "an unknown currency": {"query": "currency=XXX"},
    "a repeated parameter": {"query": "category=coffee&category=tea"},
    "a search with spaces around it": {"query": "search=+bag"},
    "a search with a NUL": {"query": "search=b%00ag"},
    "highlights": {"query": "search=bag&highlight=true"},
    "bytes that are no text": {"query": "category=%ff"},
    "a NUL": {"query": "category=%00"},
    "a strange host": {"HTTP_HOST": "evil.example"},
    "no host": {"HTTP_HOST": ""},
    "another form than JSON": {"HTTP_ACCEPT": "text/html"},
    "a form that only begins like JSON": {"HTTP_ACCEPT": "application/json-patch+json, text/*/*"},
    "suggestions": {"path": "/api/products/suggest/", "query": "q=bag"},
    "another page": {"path": "/api/categories/"},
    "no slash": {"path": "/api/products"},
    "a body": {"CONTENT_LENGTH": "5"},
}


@pytest.mark.parametrize("name", sorted(LEFT))
def test_everything_else_is_left_to_django(door, django, name):
    call(door)
    before = django.calls
    ours = call(door, **LEFT[name])
    assert django.calls == before + 1
    theirs = call(django, **LEFT[name])
    assert ours["status"] == theirs["status"]


def test_a_database_that_is_away_is_djangos_business(door, django, monkeypatch):
    call(door)

    def away(*args, **kwargs):
        raise OperationalError("away")

    monkeypatch.setattr(front_door, "plain_answer", away)
    before = django.calls
    assert call(door)["status"] == "200 OK"
    assert django.calls == before + 1


def test_what_it_has_learnt_is_bounded(door, settings, monkeypatch):
    monkeypatch.setattr(front_door, "_MOST_KINDS", 3)
    settings.CORS_ALLOWED_ORIGINS = [f"https://{number}.shop.example" for number in range(10)]
    for origin in settings.CORS_ALLOWED_ORIGINS:
        call(door, HTTP_ORIGIN=origin)
    assert len(door._headers) == 3


def test_nobody_fills_it_with_kinds_of_their_own(door):
    """What does not change the headers is no kind: or a few strange requests would leave no room for the usual ones."""
    for number in range(100):
        call(door, HTTP_X_FORWARDED_PROTO=f"h{number}", HTTP_ORIGIN=f"https://{number}.example")
    assert len(door._headers) == 1


def test_the_request_id_of_the_caller_is_kept(door):
    call(door)
    seen = {}
    given = "0123456789abcdef-caller"

    def start(status, headers, *_):
        seen.update(headers)

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/products/", "QUERY_STRING": "", "HTTP_HOST": "127.0.0.1",
               "wsgi.url_scheme": "http", "HTTP_X_REQUEST_ID": given}  # fmt: skip
    door(environ, start)
    assert seen["X-Request-ID"] == given


# --- signed-in callers ----------------------------------------------------------------------------


def signed_in(user):
    """The Authorization header of somebody who has just signed in."""
    from rest_framework.test import APIClient

    answer = APIClient(HTTP_HOST="127.0.0.1").post(
        "/api/auth/login/", {"email": user.email, "password": factories.PASSWORD}, format="json"
    )
    assert answer.status_code == 200, answer.content
    return {"HTTP_AUTHORIZATION": f"Bearer {answer.json()['access']}"}


def test_a_customer_sees_the_prices_of_their_group_and_nobody_else_does(door, django):
    from account.models import CustomerGroup
    from catalog.models import PriceList, Variant

    group = CustomerGroup.objects.create(name="Cafes")
    own = PriceList.objects.create(name="Cafes", group=group)
    Price.objects.create(variant=Variant.objects.first(), price_list=own, amount=7)
    member, stranger = (
        signed_in(factories.user(customer_group=group)),
        signed_in(factories.user()),
    )
    asked = {"query": "ordering=price"}
    for caller in (member, stranger, {}):
        call(door, **asked, **caller)
    before = django.calls
    answers = [call(door, **asked, **caller) for caller in (member, stranger, {})]
    assert django.calls == before
    for caller, ours in zip((member, stranger, {}), answers, strict=True):
        theirs = call(django, **asked, **caller)
        assert (ours["status"], ours["body"], ours["headers"]) == (
            theirs["status"],
            theirs["body"],
            theirs["headers"],
        )
    assert b'"7.00"' in answers[0]["body"]
    assert all(b'"7.00"' not in other["body"] for other in answers[1:])
    assert [one["headers"]["cache-control"].split(",")[0] for one in answers] == [
        "private",
        "private",
        "public",
    ]


def test_nothing_is_learnt_from_what_staff_see(door, django):
    call(door, **signed_in(factories.staff()))
    assert not door._headers
    call(door, **signed_in(factories.user()))
    assert len(door._headers) == 1


def test_staff_and_ended_sessions_are_djangos_business(door, django):
    from account.models import Session

    call(door)
    customer = factories.user()
    token = signed_in(customer)
    call(door, **token)
    staff = signed_in(factories.staff())
    before = django.calls
    assert b'"stock"' in call(door, **staff)["body"]
    assert django.calls == before + 1
    Session.objects.filter(user=customer).update(
        revoked_at="2026-01-01T00:00:00Z", revoke_reason="logout"
    )
    assert call(door, **token)["status"].startswith("401")
    assert django.calls == before + 2


def test_statements(door, django):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    token = signed_in(factories.user())
    for caller, allowed in (({}, 1), (token, 2)):
        call(door, query="page_size=2", **caller)
        call(door, query="page_size=3", **caller)
        with CaptureQueriesContext(connection) as kept:
            call(door, query="page_size=3", **caller)
        assert len(kept) == allowed, [one["sql"] for one in kept]
        with CaptureQueriesContext(connection) as new:
            call(door, query=f"page_size={4 + allowed}", **caller)
        assert len(new) <= allowed + 1  # with what nobody has rendered yet
        with CaptureQueriesContext(connection) as one:
            call(door, path="/api/products/bag-1/", **caller)
        assert len(one) <= allowed + 1
