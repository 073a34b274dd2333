"""What the audit log learns from each request: who calls, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit import context, injection
from common.http import client_address, current_request_id


class AuditMiddleware:
    """Opens the audit context of a request, so that whatever it writes is written with its author."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = context.valid_address(client_address(request))
        request_id = current_request_id()

        def discover() -> context.Identity:
            return context.identity_of(request, address=address, request_id=request_id)

        injection.install_here()
        with context.opened(discover):
            return self.get_response(request)
