"""Reads that are the same for everybody who is not staff: an ETag, 304 for who has it, how long others may keep it."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.response import Response
from rest_framework.views import APIView

from common.conditional import validated

SHARED_SECONDS = 10


def cache_control(*, private: bool) -> str:
    """How others may keep an answer: a browser asks again each time, a shared cache may answer for some seconds itself.

    What somebody saw who was signed in stays with them.
    """
    return "private, no-cache" if private else f"public, max-age=0, s-maxage={SHARED_SECONDS}"


class ConditionalReads(APIView):
    """For views whose GET answers are the same for everybody who is not staff."""

    conditional_reads = True  # for the OpenAPI document

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add validators to a successful read, once its bytes are known."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if (
            request.method in {"GET", "HEAD"}
            and final.status_code == 200
            and isinstance(final, Response)
        ):
            _set_cache_control(request, final)
            http_request: HttpRequest = request._request
            final.add_post_render_callback(lambda rendered: _validate(http_request, rendered))
        return final


def _set_cache_control(request: Any, response: HttpResponse) -> None:
    """A shared cache keeps what an anonymous caller saw, briefly; what a token saw stays with its bearer."""
    response["Cache-Control"] = cache_control(private="Authorization" in request.headers)
    patch_vary_headers(response, ["Authorization", "Accept"])


def _validate(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A weak ETag, unless what is shown can be changed and has its own (`common.conditional.tagged`)."""
    if response.status_code != 200 or response.has_header("ETag"):
        return response
    digest = hashlib.sha256(response.content).hexdigest()[:32]
    response["ETag"] = f'W/"{digest}"'
    return validated(request, response)
