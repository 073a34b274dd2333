"""/api/auth/"""

from __future__ import annotations

from django.urls import include, path

from account import phone_views, session_views, views

urlpatterns = [
    path("register/", views.RegisterView.as_view()),
    path("verify-email/", views.VerifyEmailView.as_view()),
    path("verify-email/resend/", views.ResendVerificationView.as_view()),
    path("login/", views.LoginView.as_view()),
    path("refresh/", views.RefreshView.as_view()),
    path("logout/", views.LogoutView.as_view()),
    path("password/forgot/", views.ForgotPasswordView.as_view()),
    path("password/reset/", views.ResetPasswordView.as_view()),
    path("password/change/", views.ChangePasswordView.as_view()),
    path("phone/", phone_views.PhoneView.as_view()),
    path("phone/code/", phone_views.PhoneCodeView.as_view()),
    path("phone/login/", phone_views.PhoneLoginView.as_view()),
    path("phone/verify/", phone_views.PhoneVerifyView.as_view()),
    path("phone/verify/confirm/", phone_views.PhoneConfirmView.as_view()),
    path("email/", phone_views.EmailView.as_view()),
    path("sessions/", session_views.SessionListView.as_view()),
    path("sessions/<uuid:session_id>/", session_views.SessionView.as_view()),
    path("second-factor/", include("account.second_factor_urls")),
    path("reauthenticate/", session_views.ReauthenticateView.as_view()),
]
