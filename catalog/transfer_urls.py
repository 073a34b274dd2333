"""Addresses of imports and exports, mounted at /api/."""

from __future__ import annotations

from django.urls import path

from catalog import transfer_views as views

urlpatterns = [
    path("imports/", views.ImportListView.as_view(), name="imports"),
    path("imports/<uuid:public_id>/", views.ImportView.as_view(), name="import"),
    path("exports/", views.ExportListView.as_view(), name="exports"),
    path("exports/<uuid:public_id>/", views.ExportView.as_view(), name="export"),
    path("exports/<uuid:public_id>/file/", views.ExportFileView.as_view(), name="export-file"),
]
