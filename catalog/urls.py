"""Addresses of the catalogue, mounted at /api/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
