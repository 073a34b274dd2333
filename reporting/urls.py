"""Addresses of what operators watch."""

from django.urls import path

from reporting.views import MetricsView

urlpatterns = [path("metrics/", MetricsView.as_view(), name="metrics")]
