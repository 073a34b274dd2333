"""Customers' and visitors' reads of products, answered before Django has begun.

Django's request, its fourteen middlewares and a view cost three times what PostgreSQL needs for a page. So the commonest
questions (a list by category, price and place; one product) go from WSGI straight to `catalog.reads`, which the views call
as well: the answers are the same bytes. Everything else, and everything that is wrong with a question, goes to Django.

The headers that Django's middlewares put on every answer are not repeated here: the first answer of each kind comes from
Django, and its headers are kept for the others. `FAST_READS=off` takes this door away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import Error, connection
from django.http.request import split_domain_port, validate_host

from account.authentication import session_of
from account.models import User
from catalog.reads.callers import group_of
from catalog.reads.doors import plain_answer
from common.errors import Refusal
from common.http import given_or_new_request_id

LIST = "/api/products/"
_ONE = re.compile(r"/api/products/([a-z0-9_-]{1,120})/")
_OTHER_DOORS = {"suggest"}  # paths of that shape that are no product
# What each answer has of its own.
_OWN = {
    "content-length", "etag", "x-request-id", "content-language", "content-type", "date", "ratelimit-limit",
    "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset",
}  # fmt: skip
_MOST_KINDS = 64
_SOMEBODY_ELSE = object()
_ACCEPTED = {"*/*", "application/json", "application/*"}

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]
Kind = tuple[str | bool, ...]


class FrontDoor:
    """A WSGI program in front of Django's."""

    def __init__(self, django: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        self.django = django
        self._headers: dict[Kind, Headers] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        key = _product_of(environ)
        if key is None:
            return self.django(environ, start_response)
        kind = _kind_of(environ, key)
        headers = self._headers.get(kind)
        try:
            connection.close_if_unusable_or_obsolete()
            # No question whether the connection lives: whoever finds it dead leaves the request to Django.
            connection.health_check_done = True  # type: ignore[attr-defined]
            customer = _customer(environ)
            if customer is _SOMEBODY_ELSE:
                return self.django(environ, start_response)
            if headers is None:
                return self.django(environ, self._learning(kind, start_response))
            return self._answer(environ, start_response, key, headers, customer)
        except (Refusal, Error, ValueError):
            return self.django(environ, start_response)

    def _answer(
        self,
        environ: Environ,
        start_response: StartResponse,
        key: str,
        headers: Headers,
        customer: User | object | None,
    ) -> Iterable[bytes]:
        parameters = parse_qsl(
            environ.get("QUERY_STRING", ""),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=20,
        )
        found = plain_answer(
            environ["PATH_INFO"],
            key,
            parameters,
            accept_language=environ.get("HTTP_ACCEPT_LANGUAGE", ""),
            if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
            group=group_of(customer),
        )
        if found is None:
            return self.django(environ, start_response)
        answer, context = found
        own = [
            ("ETag", answer.etag),
            ("Content-Language", context.content_language),
            ("X-Request-ID", given_or_new_request_id(environ.get("HTTP_X_REQUEST_ID", ""))),
        ]
        if answer.body is None:
            start_response("304 Not Modified", [*headers, *own])
            return [b""]
        own += [("Content-Type", "application/json"), ("Content-Length", str(len(answer.body)))]
        start_response("200 OK", [*headers, *own])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _learning(self, kind: Kind, start_response: StartResponse) -> StartResponse:
        """Keep the headers of Django's answer to a question of this kind, if it is a good one."""

        def learn(status: str, headers: Headers, *args: Any) -> Any:
            names = {name.lower() for name, _ in headers}
            if (
                status.startswith("200 ")
                and len(self._headers) < _MOST_KINDS
                and "set-cookie" not in names
            ):
                self._headers[kind] = [
                    (name, value) for name, value in headers if name.lower() not in _OWN
                ]
            return start_response(status, headers, *args)

        return learn


def _product_of(environ: Environ) -> str | None:
    """Which product is asked for; empty for the list; None when it is no public read that we answer."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(LIST) or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return None
    if (
        "HTTP_IF_MATCH" in environ
        or environ.get("CONTENT_LENGTH") not in {None, "", "0"}
        or "HTTP_TRANSFER_ENCODING" in environ
        or environ.get("SCRIPT_NAME")
        or not _host_is_ours(environ)
        or not _accepts_json(environ.get("HTTP_ACCEPT", "*/*"))
    ):
        return None
    if path == LIST:
        return ""
    match = _ONE.fullmatch(path)
    return match[1] if match and match[1] not in _OTHER_DOORS else None


def _customer(environ: Environ) -> User | object | None:
    """The signed-in customer, or None for a visitor.

    `_SOMEBODY_ELSE` for all others: staff see more than prices, programs have rules of their own, and a token that is not
    good (any more) is refused by Django.
    """
    given = environ.get("HTTP_AUTHORIZATION")
    if given is None:
        return None
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or token.lstrip().startswith("nxk_"):
        return _SOMEBODY_ELSE
    session = session_of(token.strip())
    return _SOMEBODY_ELSE if session is None or session.user.is_staff else session.user


def _accepts_json(accept: str) -> bool:
    return any(one.partition(";")[0].strip() in _ACCEPTED for one in accept.split(","))


def _host_is_ours(environ: Environ) -> bool:
    domain, _ = split_domain_port(environ.get("HTTP_HOST", ""))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _kind_of(environ: Environ, key: str) -> Kind:
    """What the common headers depend on: list or product, known origin, safe connection, signed in or not."""
    origin = environ.get("HTTP_ORIGIN", "")
    return (
        "product" if key else "list",
        origin if origin in settings.CORS_ALLOWED_ORIGINS else "",
        environ.get("HTTP_X_FORWARDED_PROTO", "").partition(",")[0].strip() == "https",
        environ.get("wsgi.url_scheme", ""),
        "signed in" if "HTTP_AUTHORIZATION" in environ else "",
    )
