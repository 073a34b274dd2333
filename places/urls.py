"""Addresses of places."""

from django.urls import path

from places import views

urlpatterns = [
    path("areas/", views.AreaListView.as_view()),
    path("areas/<slug:key>/", views.AreaView.as_view()),
    path("pickup-points/", views.PickupPointListView.as_view()),
    path("pickup-points/<slug:key>/", views.PickupPointView.as_view()),
]
