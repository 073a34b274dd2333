"""/api/schema/, /api/docs and /api/redoc: the OpenAPI document and two readers for it, all from our own files."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.request import Request


@functools.cache
def _document() -> Any:
    """The same for everybody, for the life of this process."""
    generator: Any = SchemaGenerator
    return generator().get_schema(request=None, public=True)


@functools.cache
def _rendered(renderer: Any) -> bytes:
    """The document's bytes, by the class of the renderer. Writing it takes most of a second, so it is done once."""
    written: bytes = renderer().render(_document(), renderer_context={})
    return written


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, as YAML or (`?format=json`, or by `Accept`) JSON."""

    def _get_schema_response(self, request: Request) -> HttpResponse:
        renderer = request.accepted_renderer
        kind: Any = type(renderer)
        content = _rendered(kind)
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        response = HttpResponse(
            content,
            content_type=renderer.media_type,
            headers={
                "ETag": etag,
                "Cache-Control": "public, max-age=60",
                "Vary": "Accept",
                "Content-Disposition": f'inline; filename="nexus-openapi.{renderer.format.removeprefix("openapi-")}"',
            },
        )
        answer: Any = get_conditional_response(request._request, etag=etag, response=response)
        return answer or response


class _ReadsJSON:
    """The readers parse JSON many times faster than YAML."""

    def _get_schema_url(self, request: Request) -> str:
        return f"{reverse('schema')}?format=json"


class SwaggerView(_ReadsJSON, SpectacularSwaggerSplitView):
    """Swagger UI. Its start-up script is a file of its own, as the Content-Security-Policy wants."""


class RedocView(_ReadsJSON, SpectacularRedocView):
    """Redoc, started without an inline script and without fonts from elsewhere."""

    template_name = "ecommerce/redoc.html"
