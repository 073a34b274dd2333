"""/api/auth/second-factor/"""

from __future__ import annotations

from django.urls import path

from account import second_factor_views as views

urlpatterns = [
    path("", views.SecondFactorView.as_view()),
    path("enrol/", views.EnrolView.as_view()),
    path("confirm/", views.ConfirmView.as_view()),
    path("recovery-codes/", views.RecoveryCodesView.as_view()),
]
