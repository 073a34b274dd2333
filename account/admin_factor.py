"""The second factor in the admin: remembered in Django's session, asked for and set up on one page, without scripts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe

from account import enrolment, second_factor, throttles
from account.models import SecondFactor, User
from account.passwords import WrongPassword
from account.pictures import qr_svg
from audit.context import valid_address
from common.errors import Refusal
from common.http import client_address

KEY = "second_factor"  # in Django's session
_CACHE = "_second_factor_given"


def is_given(request: HttpRequest) -> bool:
    """Whether the signed-in person owes no code: they gave one in the last 12 hours, or have no second factor and need none.

    Read once per request.
    """
    user = cast(User, request.user)
    cached: bool | None = getattr(request, _CACHE, None)
    if cached is None:
        factor = second_factor.of(user)
        if factor is None:
            cached = not second_factor.is_compulsory(user)
        else:
            cached = _was_given(request, factor)
        setattr(request, _CACHE, cached)
    return cached


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask for a code, or show what there is to do about the second factor. `step` names the button that was pressed."""
    step = request.POST.get("step", "") if request.method == "POST" else ""
    work = _STEPS.get(step)
    error = ""
    shown: dict[str, Any] = {}
    if work is not None:
        try:
            result = work(request)
        except Refusal as refusal:
            error, shown = refusal.detail, {"failed": step}
        else:
            if isinstance(result, HttpResponse):
                return result
            shown.update(result)
    user = cast(User, request.user)
    factor = second_factor.of(user)
    return TemplateResponse(
        request,
        "admin/second_factor.html",
        {
            **context,
            "title": "Second factor",
            "has_permission": is_given(request),
            "is_set_up": factor is not None,
            "owes_code": factor is not None and not is_given(request),
            "is_compulsory": second_factor.is_compulsory(user),
            "left": enrolment.codes_left(user) if factor else 0,
            "next": _next(request),
            "error": error,
            **shown,
        },
        status=400 if error else 200,
        headers={"Cache-Control": "no-store"},
    )


def _give(request: HttpRequest) -> HttpResponse:
    factor = second_factor.of(_person(request))
    if factor is None:
        raise enrolment.NoSecondFactor
    second_factor.verify(factor=factor, code=_code(request), address=_address(request))
    _remember(request)
    return HttpResponseRedirect(_next(request))


def _begin(request: HttpRequest) -> dict[str, Any]:
    user = _person(request)
    if second_factor.of(user) is None:
        throttles.spend_login(request, email=user.email or user.phone or "")
        if not user.check_password(request.POST.get("password", "")[:128]):
            raise WrongPassword
        throttles.log_in_succeeded(request)
    begun = enrolment.enrol(user=user, code=_code(request), address=_address(request))
    return _to_scan(begun.secret, begun.url)


def _confirm(request: HttpRequest) -> dict[str, Any]:
    codes = enrolment.confirm(
        user=_person(request), code=_code(request), session=None, address=_address(request)
    )
    _remember(request)
    return {"codes": codes}


def _renew(request: HttpRequest) -> dict[str, Any]:
    return {
        "codes": enrolment.renew_recovery_codes(
            user=_person(request), code=_code(request), address=_address(request)
        )
    }


def _remove(request: HttpRequest) -> HttpResponse:
    enrolment.remove(user=_person(request), code=_code(request), address=_address(request))
    request.session.pop(KEY, None)
    return HttpResponseRedirect(reverse("admin:second_factor"))


_STEPS: dict[str, Callable[[HttpRequest], HttpResponse | dict[str, Any]]] = {
    "give": _give, "begin": _begin, "confirm": _confirm, "renew": _renew, "remove": _remove,
}  # fmt: skip


def _to_scan(secret: str, url: str) -> dict[str, Any]:
    return {
        "picture": mark_safe(qr_svg(url)),  # noqa: S308 - drawn here, out of squares only
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "url": url,
    }


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _code(request: HttpRequest) -> str:
    return request.POST.get("otp", "")[:40]


def _address(request: HttpRequest) -> str | None:
    return valid_address(client_address(request))


def _remember(request: HttpRequest) -> None:
    factor = second_factor.of(_person(request))
    if factor is not None:
        request.session.cycle_key()
        request.session[KEY] = {"at": time.time(), "factor": _mark(factor)}
        setattr(request, _CACHE, True)


def _was_given(request: HttpRequest, factor: SecondFactor) -> bool:
    proof = request.session.get(KEY)
    return bool(
        isinstance(proof, dict)
        and proof.get("factor") == _mark(factor)
        and time.time() - proof.get("at", 0) < second_factor.FRESH.total_seconds()
    )


def _mark(factor: SecondFactor) -> str:
    """Another for another app: a code of the former one proves nothing about the new."""
    return f"{factor.pk} {factor.confirmed_at}"


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    index = reverse("admin:index")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=settings.HTTPS)
    return asked if safe and asked.startswith(index) else index
