"""/api/auth/me/ and what is below it."""

from __future__ import annotations

from django.urls import path

from privacy import views

urlpatterns = [
    path("me/", views.PersonView.as_view()),
    path("me/export/", views.ExportView.as_view()),
    path("me/export/document/", views.ExportDocumentView.as_view()),
]
