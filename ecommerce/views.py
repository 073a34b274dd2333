"""The views that belong to no app."""

from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.static import serve
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

LONGEST_NAME = 255  # bytes; what file systems refuse to look for


@extend_schema(exclude=True)
class DevelopmentView(APIView):
    """Where the Chapa simulator of this development shop listens. The route does not exist in production."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response(
            {"simulator_url": settings.SIMULATOR_URL, "simulator_token": settings.SIMULATOR_TOKEN}
        )


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """An uploaded file of this machine. Names are never used twice, so browsers and the edge may keep it for ever."""
    storage: Any = default_storage
    if not isinstance(
        storage, FileSystemStorage
    ):  # its files are elsewhere; a folder of ours is not theirs
        raise Http404
    if len(path.encode()) > LONGEST_NAME:
        raise Http404
    try:
        response = serve(request, path, document_root=str(storage.location))
    except (
        SuspiciousFileOperation
    ):  # outside of the folder: no file of ours, and no reason for a traceback in the log
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response
