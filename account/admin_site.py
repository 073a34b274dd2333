"""The admin, for those who have something to do there, and have proved who they are."""

from __future__ import annotations

from functools import update_wrapper
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from account import admin_factor, known_devices
from account.backends import works_here

View = Any  # a view function; the stubs keep its type to themselves


class ShopAdminSite(admin.AdminSite):
    """Django's admin, closed to staff without a role, and to whoever owes a code of their second factor."""

    def has_permission(self, request: HttpRequest) -> bool:
        return works_here(request.user) and admin_factor.is_given(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A browser that has signed in is known from then on: strangers' guesses do not lock it out."""
        answer: HttpResponse = super().login(request, extra_context)
        user: Any = request.user
        if request.method == "POST" and user.is_authenticated:
            presented = request.COOKIES.get(known_devices.COOKIE, "")
            answer.set_cookie(
                known_devices.COOKIE,
                known_devices.issue(user, presented=presented),
                max_age=known_devices.GOOD_FOR,
                path=reverse("admin:login"),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Strict",
            )
        return answer

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Staff who owe a code are asked for it; they may only sign out instead."""
        guarded: View = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not works_here(request.user) or admin_factor.is_given(request):
                return guarded(request, *args, **kwargs)
            if request.path == reverse("admin:logout"):
                return self.logout(request)
            where = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{where}")

        return update_wrapper(inner, view)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        door = path("second-factor/", self.second_factor, name="second_factor")
        return [door, *super().get_urls()]

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """The page on which staff give, set up, replace or remove their second factor."""
        if not works_here(request.user):
            return HttpResponseRedirect(reverse("admin:login"))
        return admin_factor.page(request, self.each_context(request))
