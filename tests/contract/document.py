"""The OpenAPI document as the tests read it: operations by id, and whether an answer is as it says."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

METHODS = {"get", "put", "post", "delete", "patch"}


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    raw: dict[str, Any]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [resolve(parameter) for parameter in self.raw.get("parameters", [])]

    def names(self, place: str) -> set[str]:
        return {parameter["name"] for parameter in self.parameters if parameter["in"] == place}

    @property
    def responses(self) -> dict[int, dict[str, Any]]:
        return {int(status): resolve(answer) for status, answer in self.raw["responses"].items()}

    @property
    def request_media(self) -> dict[str, Any]:
        return self.raw.get("requestBody", {}).get("content", {})

    @property
    def codes(self) -> set[str]:
        """Every documented problem code."""
        found: set[str] = set()
        for status, response in self.responses.items():
            if status >= 400:
                schema = response["content"]["application/problem+json"]["schema"]
                found |= set(schema["allOf"][1]["properties"]["code"]["enum"])
        return found


@cache
def document() -> dict[str, Any]:
    """The document as the shop would serve it now."""
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def operations() -> dict[str, Operation]:
    found = {}
    for path, item in document()["paths"].items():
        for method, raw in item.items():
            if method in METHODS:
                found[raw["operationId"]] = Operation(raw["operationId"], method.upper(), path, raw)
    return found


def resolve(value: dict[str, Any]) -> dict[str, Any]:
    """What a local $ref points to, or the value itself."""
    while "$ref" in value:
        target: Any = document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


@cache
def _strict_components() -> dict[str, Any]:
    """The components, where an object has no fields but those named: an undocumented field is a mistake too."""
    components = copy.deepcopy(document()["components"])
    for name, schema in components["schemas"].items():
        if name != "Problem" and schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return components


def complaints(schema: dict[str, Any], value: Any, *, strict: bool = True) -> list[str]:
    """Where the value is not as the schema says."""
    components = _strict_components() if strict else document()["components"]
    validator = Draft202012Validator(
        {**schema, "components": components}, format_checker=FormatChecker()
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
