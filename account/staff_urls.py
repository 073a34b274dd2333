"""/api/staff/"""

from __future__ import annotations

from django.urls import path

from account import staff_views

urlpatterns = [
    path("", staff_views.StaffListView.as_view(), name="staff"),
    path("<uuid:public_id>/", staff_views.StaffDetailView.as_view(), name="staff-member"),
    path("<uuid:public_id>/roles/", staff_views.StaffRolesView.as_view(), name="staff-roles"),
]
