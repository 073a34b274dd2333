"""/api/customer-groups/"""

from __future__ import annotations

from django.urls import path

from account import group_views

urlpatterns = [
    path("", group_views.GroupListView.as_view(), name="customer-groups"),
    path("<int:group_id>/", group_views.GroupDetailView.as_view(), name="customer-group"),
    path(
        "<int:group_id>/customers/",
        group_views.GroupCustomerListView.as_view(),
        name="customer-group-customers",
    ),
    path(
        "<int:group_id>/customers/<uuid:public_id>/",
        group_views.GroupCustomerView.as_view(),
        name="customer-group-customer",
    ),
]
