"""What the OpenAPI document says beyond the serializers: headers, errors and examples."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class NexusAutoSchema(AutoSchema):
    """drf-spectacular's schema of one operation, with the house's habits."""


def add_problems_and_examples(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Give every operation its errors and recorded examples."""
    return result
