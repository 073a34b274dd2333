"""Every door that writes, found in the URL resolver, with what the OpenAPI document says about its body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

WRITING = ("POST", "PUT", "PATCH", "DELETE")
# Django's admin is the shop's own back office: tests/account and tests/audit try its rights. Pages are tried beside us.
ELSEWHERE = ("/admin/",)


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    path: str  # with {names}
    operation: str
    body: dict[str, Any] | None  # the JSON schema of the request, or none
    media: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)


def writable_routes() -> list[Route]:
    """By the URL resolver, so that a door that the document forgot is tried as well."""
    from tests.contract.document import operations

    documented = {(op.method, op.path): op for op in operations().values()}
    found = []
    for path, callback in _walk(get_resolver().url_patterns, "/"):
        if path.startswith(ELSEWHERE):
            continue
        for method in _methods(callback):
            op = documented.get((method, path))
            media = next(iter(op.request_media), "") if op else "application/json"
            schema = op.request_media[media].get("schema") if op and media else None
            found.append(Route(method, path, op.id if op else "", schema, media))
    return sorted(found, key=str)


def _walk(patterns: list[Any], prefix: str) -> Any:
    for pattern in patterns:
        route = str(pattern.pattern)
        text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        text = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", text).replace("/?", "").strip("^$")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, prefix + text)
        elif isinstance(pattern, URLPattern):
            yield prefix + text, pattern.callback


def _methods(callback: Any) -> list[str]:
    if actions := getattr(callback, "actions", None):
        return [method.upper() for method in actions if method.upper() in WRITING]
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if view is None:
        return ["POST"] if "require_http_methods" in repr(callback) else []
    return [method for method in WRITING if hasattr(view, method.lower())]


def row_for(route: Route, name: str, world: Any) -> Any:
    """A value for a path parameter: the world's row of the model that the path is about."""
    for key in ((route.path, name), (route.path.split("/{")[0], name), name):
        if key in world.paths:
            return world.paths[key]
    wanted = name.removesuffix("_id").replace("_", "")
    if wanted in {"public", "key", "pk", ""}:
        wanted = route.path.split("/{")[0].rstrip("/").rpartition("/")[2].replace("-", "")
    for model in apps.get_models():
        if model.__name__.lower() in {wanted, wanted.removesuffix("s"), wanted.removesuffix("es")}:
            row = model._base_manager.order_by("-pk").first()
            assert row is not None, (
                f"{route}: tests/security/filled_shop.py has no {model.__name__}"
            )
            return getattr(row, "public_id", row.pk)
    raise AssertionError(
        f"{route}: say in tests/security/filled_shop.py what {{{name}}} stands for"
    )


def sample(schema: dict[str, Any] | None, values: dict[str, Any], name: str = "") -> Any:
    """A value that fits the schema; `values` says what names mean in this shop."""
    from tests.contract.document import resolve

    if name in values:
        return values[name]
    schema = resolve(schema or {})
    for parts in ("allOf", "anyOf", "oneOf"):
        if parts in schema:
            return sample(schema[parts][0], values, name)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return {
            key: sample(part, values, key)
            for key, part in schema.get("properties", {}).items()
            if not resolve(part).get("readOnly")
            and (key in schema.get("required", []) or key in values)
        }
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        return [sample(schema.get("items"), values, name.removesuffix("s"))]
    return {
        "integer": 1, "number": 1, "boolean": True, "null": None,
    }.get(str(kind), {"uuid": "01936b2f-0000-7000-8000-000000000000", "date-time": "2027-01-01T00:00:00Z",
                      "email": "somebody@example.com"}.get(schema.get("format", ""), "some text"))  # fmt: skip


def writable_names(schema: dict[str, Any] | None, path: tuple[Any, ...] = ()) -> set[str]:
    """The names that the document lets a caller write at that place of the body; all, where any is allowed."""
    from tests.contract.document import resolve

    schema = resolve(schema or {})
    names: set[str] = set()
    for parts in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(parts, []):
            names |= writable_names(part, path)
    if not path:
        for name, part in schema.get("properties", {}).items():
            if not resolve(part).get("readOnly"):
                names.add(name)
        if schema.get("additionalProperties"):
            names.add("*")
    elif isinstance(path[0], int):
        names |= writable_names(schema.get("items"), path[1:])
    elif path[0] in schema.get("properties", {}):
        names |= writable_names(schema["properties"][path[0]], path[1:])
    return names
