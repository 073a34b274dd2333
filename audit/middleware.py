"""What the audit log learns from each request: who calls, and what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse

from audit import context, injection, services
from audit.models import ActorKind, Outcome
from common.http import client_address, current_request_id

log = logging.getLogger(__name__)

READS = {"GET", "HEAD", "OPTIONS"}
# Doors whose actions have names of their own. Any other is called after its side of the house and its method.
NAMED = {
    ("POST", "admin/login/"): "security.admin_signed_in",
    ("POST", "admin/logout/"): "security.admin_signed_out",
    ("GET", "admin/audit/auditentry/export/"): "audit.exported",
}
# A signed-in front end calls it every few minutes; what goes wrong there is recorded there.
QUIET = {"api/auth/refresh/"}
SHOWN = 120


class AuditMiddleware:
    """Opens the audit context of a request, and writes one entry for each action of staff or an API key.

    An action is what is not a read, a download, and whatever was refused with a 403. Customers leave entries by what they
    change; of their 403s, and there are few honest ones, the first of each kind in a while is kept. Nobody who is not signed
    in writes here, so nobody can flood the log from outside.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = context.valid_address(client_address(request))
        request_id = current_request_id()

        def discover() -> context.Identity:
            return context.identity_of(request, address=address, request_id=request_id)

        injection.install_here()
        with context.opened(discover) as ambient:
            response = self.get_response(request)
            try:
                services.write_deferred(ambient)
                _conclude(request, response, ambient.identity())
            except Error:
                # The work is done and committed, and its caller is told so. This line is all that is left of the entry.
                log.exception(
                    "audit entry lost: %s %s %s", request.method, _route(request), response.status_code
                )  # fmt: skip
        return response


def _conclude(request: HttpRequest, response: HttpResponse, caller: context.Identity) -> None:
    route = _route(request)
    if not route or caller.kind in {ActorKind.GUEST, ActorKind.GATEWAY}:
        return
    if _is_refused(response, route):
        services.record_refusal(route=route, details=_details(request, response, route))
    elif caller.kind in {ActorKind.STAFF, ActorKind.KEY} and _is_action(request, response, route):
        services.record(
            action=_action(request, route),
            target=_target(request),
            outcome=_outcome(request, response),
            details=_details(request, response, route),
        )


def _is_refused(response: HttpResponse, route: str) -> bool:
    """A 403; or the admin's way of saying it to whoever is signed in: a way back to its log-in page."""
    turned_away = (
        response.status_code == 302
        and route.startswith("admin/")
        and "/login/?next=" in response.get("Location", "")
    )
    return response.status_code == 403 or turned_away


def _is_action(request: HttpRequest, response: HttpResponse, route: str) -> bool:
    if request.method in READS:
        return response.get("Content-Disposition", "").startswith("attachment")
    return route not in QUIET


def _route(request: HttpRequest) -> str:
    """The pattern of the address: it has no values in it."""
    match = request.resolver_match
    return str(match.route) if match is not None else ""


def _action(request: HttpRequest, route: str) -> str:
    method = str(request.method)
    if named := NAMED.get((method, route)):
        return named
    verb = "download" if method in READS else method.lower()
    return f"{'admin' if route.startswith('admin/') else 'api'}.{verb}"


def _target(request: HttpRequest) -> str:
    match = request.resolver_match
    values = [str(value) for value in match.kwargs.values()] if match is not None else []
    return f":{values[-1][:SHOWN]}" if values else ""


def _outcome(request: HttpRequest, response: HttpResponse) -> str:
    if response.status_code >= 500:
        return Outcome.FAILED
    if response.status_code >= 400:
        return Outcome.REFUSED
    # The admin answers a form that it did not take with the form.
    page = response.get("Content-Type", "").startswith("text/html")
    if request.method not in READS and response.status_code == 200 and page:
        return Outcome.RETURNED
    return Outcome.DONE


def _details(request: HttpRequest, response: HttpResponse, route: str) -> dict[str, Any]:
    details: dict[str, Any] = {
        "route": route[:SHOWN],
        "method": request.method,
        "status": response.status_code,
    }
    if response.get("Idempotency-Replayed"):
        details["replayed"] = True
    if route.startswith("admin/") and request.method == "POST" and response.status_code < 400:
        # The name of an admin action, which is ours if the admin carried it out, and how many rows were ticked.
        name = request.POST.get("action", "")
        if name.isidentifier():
            details["admin_action"] = name[:SHOWN]
            details["selected"] = len(request.POST.getlist("_selected_action"))
    return details
