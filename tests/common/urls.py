"""A small site of the floor alone: what every app's views go through, without any app."""

from __future__ import annotations

import time

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common import health
from common.errors import Conflict, Kind, NotFound, Refusal, Unavailable, invalid_field
from common.http import current_request_id
from common.idempotency import idempotent
from common.models import RateCounter
from common.serializers import StrictSerializer

handler400 = "common.problems.bad_request"
handler403 = "common.problems.forbidden"
handler404 = "common.problems.not_found"
handler500 = "common.problems.server_error"


class Sold(Conflict):
    code = "sold"
    title = "It is sold"


class Forbidden(Refusal):
    kind = Kind.FORBIDDEN
    code = "closed_shop"


REFUSALS = {
    "conflict": lambda: Sold("Somebody was faster."),
    "not_found": lambda: NotFound(),
    "forbidden": lambda: Forbidden(),
    "unavailable": lambda: Unavailable(retry_after=7),
    "invalid": lambda: invalid_field("items.0.quantity", "too_many", "No more than 99."),
}


class ThingSerializer(StrictSerializer):
    key = serializers.CharField(max_length=64)
    counts = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)
    shown = serializers.CharField(read_only=True)


class OpenView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]


class EchoView(OpenView):
    def get(self, request: Request) -> Response:
        return Response({"id": current_request_id()})

    def post(self, request: Request) -> Response:
        serializer = ThingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data)


class ClosedView(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({})


class RefusingView(OpenView):
    def get(self, request: Request, name: str) -> Response:
        raise REFUSALS[name]()


def insert(key: str, slot: int = 1) -> RateCounter:
    return RateCounter.objects.create(key=key, slot=slot, count=1, expires_at=timezone.now())


def fall_over() -> None:
    """What PostgreSQL does to its clients when it is restarted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


FAULTS = {
    "bug": lambda: {}["nothing"],
    "integrity": lambda: (insert("twice"), insert("twice")),
    "nul": lambda: insert("a\0b"),
    "overflow": lambda: insert("big", slot=2**70),
    "database": fall_over,
}


class FaultyView(OpenView):
    def get(self, request: Request, name: str) -> Response:
        with transaction.atomic():
            FAULTS[name]()
        return Response({})


def faulty_plain(request: HttpRequest, name: str) -> HttpResponse:
    FAULTS[name]()
    return HttpResponse("never")


class CreateView(APIView):
    """Does one thing, and counts how often it was asked to."""

    permission_classes = [AllowAny]
    calls: list[str] = []
    pause = 0.0
    before = staticmethod(lambda: None)
    status = 201

    @idempotent()
    def post(self, request: Request) -> Response:
        self.calls.append(request.data["key"])
        type(self).before()
        time.sleep(self.pause)
        thing = insert(request.data["key"], slot=len(self.calls))
        return Response({"id": thing.pk, "key": thing.key}, status=self.status)


class RevealingView(APIView):
    permission_classes = [AllowAny]

    @idempotent(reveal=lambda body: body.replace(b"?token?", b"very-secret"))
    def post(self, request: Request) -> Response:
        return Response({"token": "?token?"}, status=201)


class CounterSerializer(serializers.ModelSerializer):
    class Meta:
        model = RateCounter
        fields = ["id", "key", "slot", "count"]


class CounterList(ListAPIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = CounterSerializer
    orderings = {"count": "count", "-count": "-count", "made": "expires_at", "-made": "-expires_at"}
    default_ordering = "count"

    def get_queryset(self):
        found = RateCounter.objects.all()
        if keys := self.request.query_params.getlist("key"):
            found = found.filter(key__in=keys)
        return found


urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("api/echo/", EchoView.as_view()),
    path("api/closed/", ClosedView.as_view()),
    path("api/refuse/<str:name>/", RefusingView.as_view()),
    path("api/faulty/<str:name>/", FaultyView.as_view()),
    path("api/plain/<str:name>/", faulty_plain),
    path("account/plain/<str:name>/", faulty_plain),
    path("api/things/", CreateView.as_view()),
    path("api/revealed/", RevealingView.as_view()),
    path("api/counters/", CounterList.as_view()),
    path("api/others/", CounterList.as_view()),
]
