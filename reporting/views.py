"""The door of what operators watch."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from reporting.metrics import exposition


class WatchesShop(BasePermission):
    """Staff, and programs with an API key, whose role grants it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm("reporting.view_examination"))


class MetricsView(APIView):
    """Gauges for Prometheus; not JSON, and therefore described in docs/operations.md instead of the API's document."""

    permission_classes = [WatchesShop]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        answer = HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
        answer["Cache-Control"] = "private, no-store"
        return answer
