"""The admin, for those who have something to do there."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from account.backends import works_here


class ShopAdminSite(admin.AdminSite):
    """Django's admin, closed to staff without a role: `is_staff` alone opens nothing."""

    def has_permission(self, request: HttpRequest) -> bool:
        return works_here(request.user)
