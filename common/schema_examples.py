"""The shared components of the OpenAPI document, and the examples in it.

Examples are recorded, not invented: `tests/contract` runs each of them against the shop and compares (`make examples`
records them anew). They are kept in `settings.API_EXAMPLES`, one JSON file per tag and `shared.json` for the errors that
every operation gives alike.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from drf_spectacular.renderers import SafeDumper  # type: ignore[attr-defined]

from common.conditional import PreconditionFailed
from common.idempotency import KeyReused
from common.problems import CONTENT_TYPE
from common.schema import (
    DATABASE_AWAY,
    FORBIDDEN,
    GUEST_TOKENS,
    INVALID_TOKEN,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_SIGNED_IN,
    SHARED,
    TOO_LARGE,
    TOO_MANY,
    UNSUPPORTED,
    problem_of,
    problem_response,
)

JSON = "application/json"
# YAML 1.1, which Python writes, takes 0911234567 for text; YAML 1.2, which browsers read, for a number. So it is quoted,
# as is 0911 23 45 67.
SafeDumper.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9][0-9 ]*$"), list("-+0123456789")
)
METHODS = {"get", "put", "post", "delete", "patch"}
SHARED_FILE = "shared.json"


def read_recorded() -> dict[str, list[dict[str, Any]]]:
    """Recorded calls by operation id, in the order in which they tell a story."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(Path(settings.API_EXAMPLES).glob("*.json")):
        if path.name != SHARED_FILE:
            for calls in json.loads(path.read_text()).values():
                for call in calls:
                    found.setdefault(call["operation"], []).append(call)
    return found


def read_shared() -> dict[str, dict[str, Any]]:
    """The recorded body of each error that operations give alike, by code."""
    path = Path(settings.API_EXAMPLES) / SHARED_FILE
    bodies: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
    return bodies


def add_problems_and_examples(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """drf-spectacular's last hook: add the shared components and every recorded example."""
    shared = read_shared()
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("securitySchemes", {}).update(GUESTS)
    components["headers"] = HEADERS
    components["parameters"] = PARAMETERS
    components["responses"] = {
        "NotModified": NOT_MODIFIED,
        **{name: _shared_response(codes, shared) for codes, name in SHARED.items()},
    }
    components["examples"] = {
        code: {"summary": body["title"], "value": body} for code, body in shared.items()
    }
    recorded = read_recorded()
    for item in result["paths"].values():
        for method, operation in item.items():
            if method in METHODS:
                _illustrate(operation, recorded.get(operation["operationId"], []), shared)
    return result


# --- one operation ----------------------------------------------------------------------------


def _illustrate(
    operation: dict[str, Any], calls: list[dict[str, Any]], shared: dict[str, dict[str, Any]]
) -> None:
    for call in calls:
        sent, got = call["request"], call["response"]
        if got["status"] < 400:
            _add_request(operation, call["name"], call["summary"], sent)
            _add_parameters(operation, sent)
        response = operation["responses"].get(str(got["status"]), {})
        media = response.get("content", {}).get(got.get("content_type"))
        if media is not None:
            _add(media, call["name"], call["summary"], got["body"])
    for response in operation["responses"].values():
        media = response.get("content", {}).get(CONTENT_TYPE)
        if media is not None:
            _add_shared(media, shared)


def _add_request(operation: dict[str, Any], name: str, summary: str, sent: dict[str, Any]) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get(sent.get("content_type", JSON))
    if media is not None and "body" in sent:
        _add(media, name, summary, sent["body"])


def _add_parameters(operation: dict[str, Any], sent: dict[str, Any]) -> None:
    """The values of the first successful call, so that "try it out" begins with something sensible."""
    for parameter in operation.get("parameters", []):
        values = sent.get(parameter.get("in", ""), {})
        if parameter.get("name") in values and "example" not in parameter:
            value = values[parameter["name"]]
            is_boolean = "boolean" in parameter.get("schema", {}).get("type", "")
            parameter["example"] = value == "true" if is_boolean else value


def _add_shared(media: dict[str, Any], shared: dict[str, dict[str, Any]]) -> None:
    """A general error that this operation has no example of its own for."""
    codes = media["schema"]["allOf"][1]["properties"]["code"]["enum"]
    shown = {example["value"]["code"] for example in media.get("examples", {}).values()}
    for code in codes:
        if code in shared and code not in shown:
            reference = {"$ref": f"#/components/examples/{code}"}
            media.setdefault("examples", {})[code] = reference


def _add(media: dict[str, Any], name: str, summary: str, value: Any) -> None:
    media.setdefault("examples", {})[name] = {"summary": summary, "value": value}


# --- shared components ------------------------------------------------------------------------

_GENERAL = {
    problem.code: problem
    for problem in (
        NOT_SIGNED_IN, INVALID_TOKEN, FORBIDDEN, NOT_FOUND, NOT_ACCEPTABLE, TOO_LARGE, UNSUPPORTED,
        TOO_MANY, DATABASE_AWAY, problem_of(KeyReused), problem_of(PreconditionFailed),
    )
}  # fmt: skip


def _shared_response(codes: frozenset[str], shared: dict[str, dict[str, Any]]) -> dict[str, Any]:
    problems = sorted((_GENERAL[code] for code in codes), key=lambda problem: problem.code)
    response = problem_response(problems[0].status, problems)
    _add_shared(response["content"][CONTENT_TYPE], shared)
    return response


_STANDS_FOR = {
    "orderToken": "A guest's `order_token`, from the answer to the checkout. It stands for the order's owner.",
    "cartToken": "A guest's `cart_token`, from the answer that started the cart. It stands for the cart's holder.",
}
GUESTS = {
    scheme: {"type": "apiKey", "in": "header", "name": header, "description": _STANDS_FOR[scheme]}
    for scheme, header in GUEST_TOKENS.items()
}

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Branch on `code`; show `detail` to people; quote `request_id` to support.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "`urn:nexus:problem:` and the code.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "code": {"type": "string", "description": "Stable; what programs branch on."},
        "request_id": {"type": "string", "description": "Also in the header `X-Request-ID`."},
        "errors": {
            "type": "array",
            "description": "What exactly, where there is more to say.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "additionalProperties": True,  # what helps to put it right: the variants, the actual total
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "A path into the body or query such as `items.0.quantity`; empty for all of it.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "available": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "With `out_of_stock`: how many pieces are left.",
                    },
                },
            },
        },
    },
}

HEADERS: dict[str, Any] = {
    "RequestID": {
        "description": "Names this call in our logs. A well-formed `X-Request-ID` of the request is kept.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"},
        "example": "01936b2f-4c1a-7d5e-9b3f-2a6c8e0d4f71",
    },
    "WWWAuthenticate": {
        "description": "How to sign in.",
        "required": True,
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "RetryAfter": {
        "description": "Seconds after which the same call may succeed.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
        "example": 5,
    },
    "RetryAfterSometimes": {
        "description": "Seconds; only where waiting helps.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 1,
    },
    "RateLimitLimit": {
        "description": "How many calls the limit that is closest to its end lets pass in its window.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 20,
    },
    "RateLimitRemaining": {
        "description": "How many more calls would pass now.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 19,
    },
    "RateLimitReset": {
        "description": "Seconds until more calls pass than now.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 60,
    },
    "RateLimitPolicy": {
        "description": "Every limit that this call counted towards: calls, and seconds of the sliding window.",
        "schema": {"type": "string"},
        "example": "20;w=60, 300;w=60",
    },
    "IdempotencyReplayed": {
        "description": "`true`: this is the stored answer of an earlier call with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    "ETag": {
        "description": (
            "Send it back as `If-None-Match`: an unchanged answer is then a 304 without a body. A strong one (without `W/`) "
            "can be sent as `If-Match` with a change."
        ),
        "required": True,
        "schema": {"type": "string", "pattern": '^(W/)?"[^"]*"$'},
        "example": 'W/"9c56cc51b374c3ba189210d5b6d4bf57"',
    },
    "CacheControl": {
        "description": "Public answers may be kept for seconds; those to a token's bearer are private or kept by nobody.",
        "required": True,
        "schema": {"type": "string"},
        "example": "public, max-age=0, s-maxage=10",
    },
}

NOT_MODIFIED = {
    "description": "Unchanged since the answer whose `ETag` you sent.",
    "headers": {
        name: {"$ref": f"#/components/headers/{component}"}
        for name, component in (
            ("X-Request-ID", "RequestID"),
            ("ETag", "ETag"),
            ("Cache-Control", "CacheControl"),
        )
    },
}

PARAMETERS: dict[str, Any] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes the call safe to repeat for 24 hours: the same key and body give the first answer again. Visible ASCII; "
            "without signing in it needs 128 random bits, such as a UUID."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "3f0b6c1e-8a52-4d17-9c4e-6b7f1d2a9e05",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "The `ETag` of what you read: when it has changed since, the answer is a 412 `precondition_failed`, and nothing "
            "is done. Several, or `*` for whatever is there, are possible."
        ),
        "schema": {"type": "string"},
        "example": '"v7.9c56cc51b374c3ba189210d5"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer you have.",
        "schema": {"type": "string"},
        "example": 'W/"9c56cc51b374c3ba189210d5b6d4bf57"',
    },
}
