"""Where the links of our letters lead while no front end is configured.

A page only looks at its token; the button's POST uses it. Mail scanners that follow links therefore use nothing up.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from account import email_change, email_tokens, services, throttles
from account.email_tokens import InvalidEmailToken, Purpose, State
from account.hashers import normalise_password
from account.letters import RESET_PATH, VERIFY_PATH
from account.passwords import WeakPassword
from common.limits import TooManyRequests
from common.problems import TITLES

DONE = "done"
MAX_TOKEN = 200  # characters, as the API
MAX_PASSWORD = 128  # characters, as the API


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Confirm an e-mail address."""
    token = _token(request)
    if request.method != "POST":
        return _page(request, "verify", token)
    try:
        throttles.spend_link(request)
        email_change.accept(token=token)
    except TooManyRequests as refusal:
        return _too_many(request, refusal)
    except (InvalidEmailToken, email_change.EmailTaken):
        return _page(request, "verify", token)
    return _page(request, "verify", "", outcome=DONE)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Set a new password."""
    token = _token(request)
    if request.method != "POST":
        return _page(request, "reset", token)
    password = normalise_password(request.POST.get("new_password", ""))
    if complaint := _complaint(password, normalise_password(request.POST.get("again", ""))):
        return _page(request, "reset", token, errors=[complaint])
    try:
        throttles.spend_link(request)
        services.reset_password(token=token, new_password=password)
    except TooManyRequests as refusal:
        return _too_many(request, refusal)
    except InvalidEmailToken:
        return _page(request, "reset", token)
    except WeakPassword as weak:
        return _page(request, "reset", token, errors=[error["detail"] for error in weak.errors])
    return _page(request, "reset", "", outcome=DONE)


def _token(request: HttpRequest) -> str:
    given = request.POST if request.method == "POST" else request.GET
    return given.get("token", "").strip()[: MAX_TOKEN + 1]


def _complaint(password: str, again: str) -> str:
    if len(password) > MAX_PASSWORD or "\0" in password:
        return f"A password has at most {MAX_PASSWORD} characters."
    if password != again:
        return "The two passwords are not the same."
    return ""


def _page(
    request: HttpRequest, name: str, token: str, *, outcome: str = "", errors: Any = ()
) -> HttpResponse:
    purpose, path = {"verify": (Purpose.VERIFY, VERIFY_PATH), "reset": (Purpose.RESET, RESET_PATH)}[
        name
    ]
    outcome = outcome or email_tokens.state(token=token, purpose=purpose).value
    fine = outcome in {DONE, State.GOOD.value} and not errors
    context = {
        "token": token, "outcome": outcome, "errors": errors, "action": path,
        "shortest": settings.PASSWORD_MIN_LENGTH, "longest": MAX_PASSWORD,
    }  # fmt: skip
    return render(request, f"storefront/{name}.html", context, status=200 if fine else 400)


def _too_many(request: HttpRequest, refusal: TooManyRequests) -> HttpResponse:
    context = {"status": 429, "title": TITLES[429], "detail": refusal.detail}
    response = render(request, "error.html", context, status=429)
    response["Retry-After"] = str(refusal.retry_after)
    return response
