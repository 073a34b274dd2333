"""Addresses of delivery."""

from django.urls import path

from pricing import delivery_views as views

urlpatterns = [
    path("options/", views.DeliveryOptionsView.as_view()),
    path("methods/", views.DeliveryMethodListView.as_view()),
    path("methods/<slug:key>/", views.DeliveryMethodView.as_view()),
    path("methods/<slug:key>/fees/", views.DeliveryFeesView.as_view()),
    path("methods/<slug:key>/windows/", views.DeliveryWindowsView.as_view()),
]
