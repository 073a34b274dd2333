"""A floor: a view of Django REST framework that does nothing, under the shop's server and settings of Django."""

# ruff: noqa: I001
from __future__ import annotations

from ecommerce.wsgi import application as _ready  # noqa: F401 (it makes Django ready)

from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings
from django.urls import re_path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class EmptyView(APIView):
    """Parses nothing, asks nothing, answers {}."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def get(self, request: Request) -> Response:
        return Response({})

    post = get


urlpatterns = [re_path("", EmptyView.as_view())]
override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]).enable()
application = WSGIHandler()
application.load_middleware()
