"""Addresses of the audit log."""

from django.urls import path

from audit.views import AuditListView

urlpatterns = [path("audit/", AuditListView.as_view(), name="audit")]
