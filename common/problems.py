"""Errors as RFC 9457 `application/problem+json`, for everything that can go wrong.

`code` is the stable name a front end may branch on; docs/errors.md lists all of them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template import loader
from rest_framework import exceptions
from rest_framework.views import set_rollback

from common.errors import Kind, Refusal, Unavailable
from common.http import current_request_id
from common.json import dumps

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
STATUS = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.KEY_REUSED: 422,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
TITLES = {
    400: "Invalid request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict with the present state",
    412: "Changed since it was read",
    413: "Request too large",
    415: "Unsupported media type",
    422: "Idempotency key reused",
    429: "Too many requests",
    500: "Internal error",
    503: "Temporarily unavailable",
}
CODES = {
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    retry_after: int | None = None,
) -> HttpResponse:
    """An error answer. `retry_after` in seconds; 429 and 503 always carry one."""
    body: dict[str, Any] = {
        "type": f"urn:nexus:problem:{code}",
        "title": title or TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": current_request_id(),
    }
    if errors:
        body["errors"] = list(errors)
    response = HttpResponse(dumps(body), status=status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    if retry_after is None and status in {429, 503}:
        retry_after = 5
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def database_unavailable(request: HttpRequest | None = None) -> HttpResponse:
    """The database is away, restarting, full or waited too long for a lock."""
    detail = "The database cannot answer now. Try again."
    if request is not None and _is_page(request):
        response = _page(503, detail)
        response["Retry-After"] = "2"
        return response
    return problem(503, "database_unavailable", detail, retry_after=2)


def unavailable(request: HttpRequest, refusal: Unavailable) -> HttpResponse:
    """A verb behind a page cannot answer now."""
    if not _is_page(request):
        return problem(503, refusal.code, refusal.detail, retry_after=refusal.retry_after)
    response = _page(503, refusal.detail)
    response["Retry-After"] = str(refusal.retry_after or 5)
    return response


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's handler: every exception becomes a problem; what nobody foresaw is logged and a 500."""
    set_rollback()
    if isinstance(exc, (exceptions.NotAuthenticated, exceptions.PermissionDenied)):
        exc = _without_right_to_nothing(exc, context)
    response = _respond(exc)
    if response is None:
        log.error("unhandled error in %s", type(context["view"]).__name__, exc_info=exc)
        response = problem(500, "internal_error", "Something went wrong on our side.")
    return response


def _without_right_to_nothing(
    exc: exceptions.APIException, context: Mapping[str, Any]
) -> exceptions.APIException:
    """DRF asks for rights before it looks whether the method exists. Nobody is to sign in for a method that is not there."""
    method = context["request"].method
    if method in context["view"].allowed_methods:
        return exc
    return exceptions.MethodNotAllowed(method)


def _respond(exc: Exception) -> HttpResponse | None:
    if isinstance(exc, Refusal):
        return problem(
            STATUS[exc.kind],
            exc.code,
            exc.detail,
            title=exc.title,
            errors=exc.errors,
            retry_after=exc.retry_after,
        )
    if isinstance(exc, exceptions.ValidationError):
        return _validation(exc)
    if isinstance(exc, exceptions.APIException):
        return _api_exception(exc)
    if isinstance(exc, Http404):
        return problem(404, "not_found", "There is nothing here, or it is not yours.")
    if isinstance(exc, PermissionDenied):
        return problem(403, "permission_denied", "You may not do this.")
    if isinstance(exc, RequestDataTooBig):
        return problem(413, "body_too_large", "The request body is too large.")
    if isinstance(exc, SuspiciousOperation):  # too many form fields, an impossible file name
        return problem(400, "malformed", "The request cannot be understood.")
    if isinstance(exc, Error):
        return _database(exc)
    return None


def _validation(exc: exceptions.ValidationError) -> HttpResponse:
    errors = list(flatten(exc.detail))
    codes = {error["code"] for error in errors}
    code = "unknown_field" if codes == {"unknown_field"} else "invalid"
    first = errors[0] if errors else {"field": "", "detail": "The request is invalid."}
    detail = f"{first['field']}: {first['detail']}" if first["field"] else str(first["detail"])
    return problem(400, code, detail, errors=errors)


def _api_exception(exc: exceptions.APIException) -> HttpResponse:
    status = exc.status_code
    code = str(getattr(exc.detail, "code", "") or exc.default_code)
    if isinstance(exc, exceptions.ParseError):
        code = "malformed" if code == "parse_error" else code
    elif isinstance(exc, exceptions.AuthenticationFailed):
        code = "not_authenticated" if code == "authentication_failed" else code
    elif status in CODES and code in {"not_allowed", "throttled", "error"}:
        code = CODES[status]
    wait = getattr(exc, "wait", None)
    response = problem(status, code, str(exc.detail), retry_after=int(wait) if wait else None)
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response  # DRF's finalize_response adds Allow


def _database(exc: Error) -> HttpResponse | None:
    """A constraint had the last word, the input cannot be stored, or the server is away."""
    if isinstance(exc, IntegrityError):
        constraint = getattr(getattr(exc.__cause__, "diag", None), "constraint_name", "") or ""
        return problem(
            409,
            "conflict",
            "This contradicts what is stored already"
            + (f" ({constraint})." if constraint else "."),
        )
    if isinstance(exc, DataError):
        return problem(400, "invalid", "A value is out of range or contains a forbidden character.")
    if isinstance(exc, (OperationalError, InterfaceError)):
        log.warning("database unavailable: %s", exc)
        return database_unavailable()
    return None


def flatten(detail: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """DRF's nested error detail as a flat list of `{"field": "items.0.quantity", "code", "detail"}`."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from flatten(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list) and any(isinstance(item, (Mapping, list)) for item in detail):
        for index, value in enumerate(detail):
            if value:
                yield from flatten(value, f"{path}.{index}" if path else str(index))
    elif isinstance(detail, list):
        for item in detail:
            yield from flatten(item, path)
    else:
        yield {"field": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


# --- What Django raises before or outside a view ----------------------------------------------

PAGES = ("/admin/", "/pay/", "/account/")


def _is_page(request: HttpRequest) -> bool:
    return request.path.startswith(PAGES)


def _page(status: int, detail: str) -> HttpResponse:
    page = loader.render_to_string(
        "error.html", {"status": status, "title": TITLES[status], "detail": detail}
    )
    return HttpResponse(page, status=status)


def _answer(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    if _is_page(request):
        return _page(status, detail)
    return problem(status, CODES.get(status, "malformed"), detail)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: a forbidden host, a malformed header, too large a body and the like."""
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 413, "The request body is too large.")
    return _answer(request, 400, "The request cannot be understood.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return _answer(request, 403, "You may not do this.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return _answer(request, 404, "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: Django has logged the exception, and calls this while handling it."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return database_unavailable(request)
    if _is_page(request):
        return HttpResponse("Something went wrong on our side.", status=500)
    return problem(500, "internal_error", "Something went wrong on our side.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form was posted without the token of its page."""
    return _answer(request, 403, "This form has expired. Open the page again.")


def is_foreign(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether an error answer is one of Django's pages, though the caller is a program."""
    return response.get("Content-Type", "").startswith("text/html") and not _is_page(request)


def instead_of(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The problem that says what a foreign error page says."""
    status = response.status_code
    if status >= 500:
        return problem(status, "internal_error", "Something went wrong on our side.")
    if status == 404:
        return not_found(request)
    answer = _answer(request, status, f"{response.reason_phrase}.")
    if "Allow" in response:
        answer["Allow"] = response["Allow"]
    return answer
