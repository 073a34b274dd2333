"""/api/keys/: the shop's keys for other programs. People only, and of these the owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from account import api_keys
from account.key_serializers import (
    ApiKeySerializer,
    IssuedKeySerializer,
    NewKeySerializer,
    RotationSerializer,
    shown,
)
from account.models import ApiKey
from account.step_up import RecentProof, SensitiveAction
from account.views import AuthView, caller
from common.errors import NotFound
from common.schema import refuses
from common.serializers import StrictSerializer


class ManagesKeys(BasePermission):
    """Only who may see, make and end keys: the owner."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        verb = "view" if request.method in {"GET", "HEAD"} else "add"
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm(f"account.{verb}_apikey"))


DOOR = [ManagesKeys, RecentProof, SensitiveAction]


def _keys() -> QuerySet[ApiKey]:
    return ApiKey.objects.select_related("created_by").prefetch_related("secrets")


def _find(public_id: UUID) -> ApiKey:
    key = _keys().filter(public_id=public_id).first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


@extend_schema_view(
    get=extend_schema(
        operation_id="keys_list",
        summary="List API keys",
        description="All keys of the shop, the newest first, revoked ones too. Secrets are not shown.",
        tags=["keys"],
    )
)
class KeyListView(AuthView, generics.ListAPIView[ApiKey]):
    """The shop's keys."""

    permission_classes = DOOR
    serializer_class = ApiKeySerializer
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        return _keys()

    @refuses(api_keys.ScopeNotAllowed, api_keys.ExpiryInThePast)
    @extend_schema(
        operation_id="keys_create",
        summary="Make an API key",
        description=(
            "The answer holds the `secret`, once: it is not stored. Send it as `Authorization: Bearer nxk_…`. The key does"
            " what its scopes say and no more; none may go beyond what you may do yourself. Not repeatable with an"
            " `Idempotency-Key`: if the answer was lost, revoke the key and make another."
        ),
        tags=["keys"],
        request=NewKeySerializer,
        responses={201: IssuedKeySerializer},
    )
    def post(self, request: Request) -> Response:
        body = NewKeySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wished = {"expires_at": timezone.now() + api_keys.LIFETIME, **body.validated_data}
        issued = api_keys.create(by=caller(request), **wished)
        return Response(shown(issued.key, issued.secret), status=status.HTTP_201_CREATED)


class KeyView(AuthView):
    """One key."""

    permission_classes = DOOR

    @extend_schema(
        operation_id="keys_retrieve",
        summary="Show an API key",
        description="When and from where it was last used, exact to a minute. The secret is not shown.",
        tags=["keys"],
        responses={200: ApiKeySerializer},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(shown(_find(public_id)))


class RotateKeyView(AuthView):
    """A new secret."""

    permission_classes = DOOR

    @refuses(api_keys.KeyHasEnded)
    @extend_schema(
        operation_id="keys_rotate",
        summary="Give an API key a new secret",
        description=(
            "The answer holds the new `secret`, once. The present one works on for `overlap_hours` (24 unless you say"
            " otherwise), so that the program can be changed over; one that is older still ends now."
        ),
        tags=["keys"],
        request=RotationSerializer,
        responses={200: IssuedKeySerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        body = RotationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        overlap = timedelta(hours=body.validated_data["overlap_hours"])
        issued = api_keys.rotate(key_id=public_id, by=caller(request), overlap=overlap)
        return Response(shown(issued.key, issued.secret))


class RevokeKeyView(AuthView):
    """The end of a key."""

    permission_classes = DOOR

    @extend_schema(
        operation_id="keys_revoke",
        summary="Revoke an API key",
        description="It counts at the key's next call. Harmless when repeated. The key stays in the list.",
        tags=["keys"],
        request=None,
        responses={200: ApiKeySerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        StrictSerializer(data=request.data).is_valid(raise_exception=True)  # no field is known
        return Response(shown(api_keys.revoke(key_id=public_id, by=caller(request))))
