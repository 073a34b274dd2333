"""The pages."""

from __future__ import annotations

from django.urls import path

from storefront import account_pages, views

urlpatterns = [
    path("", views.home, name="home"),
    path("account/verify/", account_pages.verify, name="verify"),
    path("account/reset/", account_pages.reset, name="reset"),
]
