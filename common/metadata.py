"""What OPTIONS answers."""

from __future__ import annotations

from typing import Any

from rest_framework.metadata import BaseMetadata


class OptionsMetadata(BaseMetadata):
    """Which methods there are, and no more: for all else there is the OpenAPI document."""

    def determine_metadata(self, request: Any, view: Any) -> dict[str, list[str]]:
        return {"methods": view.allowed_methods}
