"""Log-ins under /api/auth/ that merge a guest's cart."""

from __future__ import annotations

from django.urls import path

from cart import login_views

urlpatterns = [
    path("login/", login_views.CartLoginView.as_view()),
    path("phone/login/", login_views.CartPhoneLoginView.as_view()),
]
