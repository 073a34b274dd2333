"""/api/addresses/"""

from __future__ import annotations

from django.urls import path

from account import address_views

urlpatterns = [
    path("", address_views.AddressListView.as_view()),
    path("<uuid:public_id>/", address_views.AddressDetailView.as_view()),
]
