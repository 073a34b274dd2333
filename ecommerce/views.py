"""The one view that belongs to no app."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@extend_schema(exclude=True)
class DevelopmentView(APIView):
    """Where the Chapa simulator of this development shop listens. The route does not exist in production."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response(
            {"simulator_url": settings.SIMULATOR_URL, "simulator_token": settings.SIMULATOR_TOKEN}
        )
