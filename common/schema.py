"""What the OpenAPI document says of one operation beyond its serializers: who may call it, its headers and its errors.

Nothing of this is written by hand in a view. Who may call is found out by asking the view's own permission classes; the
general errors follow from what the operation takes (a body, a query, a path, a key); only what its verb refuses is named,
with `@refuses`. Examples are added by `common.schema_examples` from recorded calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.settings import api_settings

from common.conditional import HONOURS_IF_MATCH, PreconditionFailed
from common.errors import Refusal
from common.idempotency import HONOURS_KEY, InvalidKey, KeyInUse, KeyReused
from common.limits import GeneralThrottle
from common.pagination import InvalidCursor, PageTooDeep
from common.problems import CONTENT_TYPE, STATUS, TITLES

# What stands for a guest, by the name of its security scheme.
GUEST_TOKENS = {"orderToken": "X-Order-Token", "cartToken": "X-Cart-Token"}
REFUSALS = "refusals_in_schema"
TAKES_BODY = "takes_a_body"
Decorated = TypeVar("Decorated")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error an operation can give."""

    status: int
    code: str
    meaning: str


def problem_of(refusal: type[Refusal]) -> Problem:
    """A refusal as the caller meets it; the first paragraph of its docstring says what it means."""
    text = (refusal.__doc__ or refusal.title).strip().partition("\n\n")[0]
    return Problem(STATUS[refusal.kind], refusal.code, " ".join(text.split()))


MALFORMED = Problem(400, "malformed", "The body is not valid JSON, or nested too deep.")
LENIENT = frozenset({"translations"})  # parameters that mean no when they make no sense
INVALID = Problem(400, "invalid", "Something that was sent breaks a rule; `errors` names it.")
UNKNOWN_FIELD = Problem(400, "unknown_field", "The body has a field that does not exist.")
NOT_SIGNED_IN = Problem(401, "not_authenticated", "Neither signed in nor otherwise entitled.")
INVALID_TOKEN = Problem(401, "invalid_token", "The access token is not valid (any more).")
FORBIDDEN = Problem(403, "permission_denied", "Signed in, but not allowed to do this.")
NOT_FOUND = Problem(404, "not_found", "It is not there, or it is somebody else's.")
NOT_ACCEPTABLE = Problem(406, "not_acceptable", "`Accept` excludes `application/json`.")
TOO_LARGE = Problem(413, "body_too_large", "The body is too large.")
UNSUPPORTED = Problem(415, "unsupported_media_type", "The body's `Content-Type` is not taken here.")
TOO_MANY = Problem(429, "too_many_requests", "Too many calls; wait for `Retry-After` seconds.")
DATABASE_AWAY = Problem(503, "database_unavailable", "The database cannot answer now; try again.")

# Answers that many operations share, by the codes they can hold; the document has each once.
SHARED: dict[frozenset[str], str] = {
    frozenset({"not_authenticated", "invalid_token"}): "NotSignedIn",
    frozenset({"invalid_token"}): "InvalidToken",
    frozenset({"permission_denied"}): "Forbidden",
    frozenset({"not_found"}): "NotFound",
    frozenset({"not_acceptable"}): "NotAcceptable",
    frozenset({"precondition_failed"}): "PreconditionFailed",
    frozenset({"body_too_large"}): "BodyTooLarge",
    frozenset({"unsupported_media_type"}): "UnsupportedMediaType",
    frozenset({"idempotency_key_reused"}): "IdempotencyKeyReused",
    frozenset({"too_many_requests"}): "TooManyRequests",
    frozenset({"database_unavailable"}): "DatabaseUnavailable",
}


def refuses(*refusals: type[Refusal] | Problem) -> Callable[[Decorated], Decorated]:
    """Name what the verb behind a view's method refuses, so that the document shows it.

    `tests/contract` demands a recorded example of each, and that no other code is ever recorded.
    """

    def decorate(method: Decorated) -> Decorated:
        found = [item if isinstance(item, Problem) else problem_of(item) for item in refusals]
        setattr(method, REFUSALS, found)
        return method

    return decorate


def takes_body(method: Decorated) -> Decorated:
    """Say that a view's DELETE may be sent with the body that `extend_schema` names."""
    setattr(method, TAKES_BODY, True)
    return method


class NexusAutoSchema(AutoSchema):
    """drf-spectacular's schema of one operation, with the house's habits."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        operation.setdefault("security", [])
        if self._honours_key():
            operation.setdefault("parameters", []).append(_ref("parameters", "IdempotencyKey"))
        if self._honours_if_match():
            operation.setdefault("parameters", []).append(_ref("parameters", "IfMatch"))
        self._add_success_headers(operation)
        for status, problems in sorted(self._problems(operation).items()):
            operation["responses"][str(status)] = response_to(status, problems)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    # --- what is sent -------------------------------------------------------------------------

    def _get_request_body(self, direction: str = "request") -> Any:
        """Also of a DELETE that says it takes one; drf-spectacular thinks that none does."""
        if self.method != "DELETE" or not hasattr(self._handler(), TAKES_BODY):
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"

    # --- who may call -------------------------------------------------------------------------

    def get_auth(self) -> list[dict[str, list[str]]]:
        schemes = [scheme for scheme in super().get_auth() if scheme]
        if not schemes:
            return []
        anybody = self._allows(AnonymousUser())
        if anybody:
            return [*schemes, {}]
        guests = (
            scheme
            for scheme, header in GUEST_TOKENS.items()
            if self._allows(AnonymousUser(), header=header)
        )
        return [*schemes, *({scheme: []} for scheme in guests)]

    def _allows(self, user: Any, *, header: str = "") -> bool:
        """What the view's own permission classes say to such a caller."""
        plain = HttpRequest()
        plain.method = self.method
        if header:
            plain.META[f"HTTP_{header.upper().replace('-', '_')}"] = "any"
        request = Request(plain)
        request.user = user
        return all(
            permission.has_permission(request, self.view)
            for permission in self.view.get_permissions()
        )

    # --- headers ------------------------------------------------------------------------------

    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    def _honours_key(self) -> bool:
        return bool(getattr(self._handler(), HONOURS_KEY, False))

    def _honours_if_match(self) -> bool:
        return hasattr(self._handler(), HONOURS_IF_MATCH)

    def _reads_conditionally(self) -> bool:
        """Reads carry validators. A GET that everybody may call is one only when its view says so: the callback is none."""
        private = AllowAny not in getattr(self.view, "permission_classes", [AllowAny])
        return self.method == "GET" and bool(getattr(self.view, "conditional_reads", private))

    def _is_limited(self) -> bool:
        found = [one for one in self.view.get_throttles() if isinstance(one, GeneralThrottle)]
        return any(one.limits_method(self.method) for one in found)

    def _add_success_headers(self, operation: dict[str, Any]) -> None:
        conditional = self._reads_conditionally()
        limited = self._is_limited()
        # Changes answer with the new state's ETag; an answer that is kept for a key is repeated without.
        for status, response in operation["responses"].items():
            headers = response.setdefault("headers", {})
            headers["X-Request-ID"] = _ref("headers", "RequestID")
            if limited:
                headers.update(_limit_headers())
            if self._honours_key():
                headers["Idempotency-Replayed"] = _ref("headers", "IdempotencyReplayed")
            if self._honours_if_match() and status == "200" and not self._honours_key():
                headers["ETag"] = _ref("headers", "ETag")
            if conditional:
                headers["ETag"] = _ref("headers", "ETag")
                headers["Cache-Control"] = _ref("headers", "CacheControl")
        if conditional:
            operation.setdefault("parameters", []).append(_ref("parameters", "IfNoneMatch"))
            operation["responses"]["304"] = _ref("responses", "NotModified")

    # --- errors -------------------------------------------------------------------------------

    def _problems(self, operation: dict[str, Any]) -> dict[int, list[Problem]]:
        handler = self._handler()
        named = [*getattr(handler, REFUSALS, []), *getattr(type(self.view), REFUSALS, [])]
        by_status: dict[int, list[Problem]] = {}
        for problem in [*named, *self._general(operation)]:
            known = by_status.setdefault(problem.status, [])
            if problem.code not in {other.code for other in known}:
                known.append(problem)
        return by_status

    def _general(self, operation: dict[str, Any]) -> Iterable[Problem]:
        usual: Any = api_settings.DEFAULT_CONTENT_NEGOTIATION_CLASS
        negotiates = self.view.content_negotiation_class is usual
        parameters = operation.get("parameters", [])
        takes_body = self.method in {"POST", "PUT", "PATCH"} or "requestBody" in operation
        if takes_body and negotiates:
            media = operation.get("requestBody", {}).get("content", {"application/json": {}})
            yield from [INVALID, TOO_LARGE, UNSUPPORTED]
            if "application/json" in media:
                yield MALFORMED
            if "requestBody" in operation:
                yield UNKNOWN_FIELD
        query = {p["name"] for p in parameters if p.get("in") == "query"}
        if query - LENIENT and negotiates:
            yield INVALID
        if "cursor" in query:
            yield problem_of(InvalidCursor)
            yield problem_of(PageTooDeep)
        if self._honours_key():
            yield from map(problem_of, (InvalidKey, KeyInUse))
            if "requestBody" in operation:
                yield problem_of(KeyReused)
        if self._honours_if_match():
            yield problem_of(PreconditionFailed)
        if operation["security"]:
            yield INVALID_TOKEN
            if {} not in operation["security"]:
                yield NOT_SIGNED_IN
            if not self._allows(_NOBODY):
                yield FORBIDDEN
            demands: list[Any] = list(self.view.get_permissions())
            for demand in demands:  # a recent proof of who it is
                if getattr(demand, "concerns", lambda *_: False)(self.method, self.view):
                    yield from map(problem_of, demand.refusals)
        if "{" in self.path:
            yield NOT_FOUND
        if negotiates:
            yield NOT_ACCEPTABLE
        if self._is_limited():
            yield TOO_MANY
        yield DATABASE_AWAY


# Signed in, and no more than that.
_NOBODY: Any = SimpleNamespace(
    pk=0, is_authenticated=True, is_staff=False, is_superuser=False,
    has_perm=lambda *_: False, has_perms=lambda *_: False,
)  # fmt: skip


def response_to(status: int, problems: Iterable[Problem]) -> dict[str, Any]:
    """The Response Object of an error status: shared by reference, or this operation's own."""
    problems = sorted(problems, key=lambda problem: problem.code)
    name = SHARED.get(frozenset(problem.code for problem in problems))
    return _ref("responses", name) if name else problem_response(status, problems)


def problem_response(status: int, problems: Iterable[Problem]) -> dict[str, Any]:
    """A Response Object that names the codes and what they mean."""
    problems = list(problems)
    headers = {"X-Request-ID": _ref("headers", "RequestID")}
    if status == 401:
        headers["WWW-Authenticate"] = _ref("headers", "WWWAuthenticate")
    if status == 429:
        headers.update(_limit_headers())
    if status in {429, 503}:
        headers["Retry-After"] = _ref("headers", "RetryAfter")
    elif status == 409:
        headers["Retry-After"] = _ref("headers", "RetryAfterSometimes")
    codes = [problem.code for problem in problems]
    meanings = "\n".join(f"* `{problem.code}`: {problem.meaning}" for problem in problems)
    return {
        "description": f"{TITLES[status]}.\n\n{meanings}",
        "headers": headers,
        "content": {
            CONTENT_TYPE: {
                "schema": {
                    "allOf": [
                        _ref("schemas", "Problem"),
                        {
                            "type": "object",
                            "properties": {
                                "status": {"const": status},
                                "code": {"type": "string", "enum": codes},
                            },
                        },
                    ]
                }
            }
        },
    }


def _limit_headers() -> dict[str, Any]:
    names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
    return {name: _ref("headers", name.replace("-", "")) for name in names}


def _ref(kind: str, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{kind}/{name}"}
