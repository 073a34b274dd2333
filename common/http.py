"""What every request passes on its way in and out: its id, its slash, its error format."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from io import BytesIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from gunicorn.http.errors import ParseException

from common.addresses import client_address
from common.errors import Unavailable
from common.ids import uuid7

log = logging.getLogger(__name__)
__all__ = ["client_address"]
GetResponse = Callable[[HttpRequest], HttpResponse]

_request_id: ContextVar[str] = ContextVar("request_id", default="")
MAX_REQUEST_BYTES = 32 * 1024 * 1024  # a page of the admin with several pictures
PROBES = {"/livez", "/readyz"}
_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


def current_request_id() -> str:
    """The id of the request being served by this thread, or an empty string."""
    return _request_id.get()


def given_or_new_request_id(given: str) -> str:
    """The id of a request: the caller's, if it is well-formed."""
    return given if _GIVEN_ID.fullmatch(given) else str(uuid7())


class RequestIdMiddleware:
    """Give each request an id, in the logs, in errors and in the answer's `X-Request-ID`.

    A well-formed id sent by the caller is kept, so that a front end can follow its own call.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = given_or_new_request_id(request.headers.get("X-Request-ID", ""))
        token = _request_id.set(request_id)
        request.META["nexus.request_id"] = request_id  # for what Django logs when we are through
        try:
            response = self.get_response(request)
            if response.status_code == 503:
                # Busy is not broken: a warning of ours instead of Django's error, which alarms somebody.
                log.warning("503 for %s %s", request.method, request.path)
                response._has_been_logged = True  # type: ignore[attr-defined]
        finally:
            _request_id.reset(token)
        response["X-Request-ID"] = request_id
        return response


class SlashMiddleware(CommonMiddleware):
    """Append a missing slash for reads only: redirecting a POST would lose its body.

    Django checks the Host header here. Health probes come by address, so they are let through.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path in PROBES else super().process_request(request)

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in {"GET", "HEAD"} and super().should_redirect_with_slash(request)


def _validated(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give a successful read an `ETag` out of its bytes, unless it has one; 304 for the caller who has that answer."""
    from common import conditional  # the floor's own; it needs the settings to be ready

    if (
        request.method not in {"GET", "HEAD"}
        or response.status_code != 200
        or response.streaming
        or response.has_header("ETag")
    ):
        return response
    etag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    return conditional.validated(request, response)


class ProblemMiddleware:
    """Turn what escapes a view that is not DRF's into the house's error format.

    An unreachable or overloaded database is a 503 with `Retry-After`, never a 500. Django's own error pages (with DEBUG
    on, its technical ones) are for people and their browsers: a program that asked the API gets a problem.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from common import limits, problems  # the floor's own; they need the settings to be ready

        try:
            self._refuse_huge_body(request)
            self._measure_chunked_body(request)
        except (
            RequestDataTooBig,
            ParseException,
            OSError,
        ) as error:  # too long, ill-formed, broken off
            return problems.bad_request(request, error)
        response = self.get_response(request)
        limits.tell(request, response)
        if response.status_code >= 400 and problems.is_foreign(request, response):
            return problems.instead_of(request, response)
        if request.path.startswith("/api/"):
            # What may be kept says so. Caches know that Authorization makes an answer private, but not X-Order-Token.
            response.headers.setdefault("Cache-Control", "no-store")
            return _validated(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        from common import problems

        if isinstance(exception, (OperationalError, InterfaceError)):
            log.warning("database unavailable: %s", exception)
            return problems.database_unavailable(request)
        if isinstance(exception, RequestDataTooBig):
            return problems.bad_request(request, exception)
        if isinstance(exception, Unavailable):  # out of the admin or one of our pages
            return problems.unavailable(request, exception)
        return None

    @staticmethod
    def _refuse_huge_body(request: HttpRequest) -> None:
        """Django's limit spares files: whoever posts a form to any page could fill the disk with them."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length[:20]) > MAX_REQUEST_BYTES:
            raise RequestDataTooBig

    @staticmethod
    def _measure_chunked_body(request: HttpRequest) -> None:
        """Django reads no body whose length the caller did not announce; read it here, up to the limit."""
        if "HTTP_TRANSFER_ENCODING" not in request.META or request.META.get("CONTENT_LENGTH"):
            return
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not request.META.get("wsgi.input_terminated"):
            return
        body = request.META["wsgi.input"].read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = BytesIO(body)


def public_url(path: str) -> str:
    """An absolute address of this shop. Its base is the setting, never the Host header."""
    return f"{settings.PUBLIC_URL}{path}"
