"""Where a person is signed in, and the keys with which others check access tokens."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from account import enrolment, sessions, signing_keys, throttles
from account.enrolment import NoSecondFactor
from account.hashers import TooManyHashes
from account.models import Session
from account.passwords import WrongPassword
from account.second_factor import WrongCode
from account.session_serializers import (
    EndSessionsSerializer,
    ReauthenticatedSerializer,
    ReauthenticationSerializer,
    SessionSerializer,
)
from account.views import AuthView, caller, device_of
from common.problems import problem
from common.schema import refuses


def current_session(request: Request) -> Session:
    """The session of the call, behind IsAuthenticated: only access tokens open these doors."""
    return cast(Session, request.auth)


class SessionListView(AuthView, generics.ListAPIView[Session]):
    """Sessions."""

    permission_classes = [IsAuthenticated]
    serializer_class = SessionSerializer
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = Session.objects.none()

    def get_queryset(self) -> QuerySet[Session]:
        return sessions.live_of(caller(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "current": self.request.auth}

    @extend_schema(
        operation_id="auth_sessions_list",
        summary="Where you are signed in",
        description=(
            "Every session that still stands, newest first. `current` marks the one of this call. `last_used_at` is exact to"
            " the minute; `address` is that of the log-in or the last refresh."
        ),
        tags=["auth"],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="auth_sessions_end",
        summary="Sign out everywhere else",
        description=(
            "Ends every session but this one, at once, access tokens included. With `?all=true` this one as well: everything"
            " that was issued to you is void then."
        ),
        tags=["auth"],
        parameters=[EndSessionsSerializer],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        asked = request.query_params
        query = EndSessionsSerializer(data={"all": asked["all"]} if "all" in asked else {})
        query.is_valid(raise_exception=True)
        if query.validated_data["all"]:
            sessions.end_sessions(user=caller(request), reason=Session.RevokeReason.OWNER)
        else:
            sessions.end_others(session=current_session(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(AuthView):
    """One session."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="auth_sessions_end_one",
        summary="Sign out one device",
        description="Ends one session of yours at once, access tokens included; it may be the one of this call.",
        tags=["auth"],
        responses={204: None},
    )
    def delete(self, request: Request, session_id: UUID) -> Response:
        sessions.end_one(user=caller(request), session_id=session_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReauthenticateView(AuthView):
    """Give the password again."""

    permission_classes = [IsAuthenticated]
    throttle_classes = throttles.CHANGE_PASSWORD

    @refuses(WrongPassword, WrongCode, NoSecondFactor, TooManyHashes)
    @extend_schema(
        operation_id="auth_reauthenticate",
        summary="Give the password again, or a second factor",
        description=(
            "Sensitive calls want a session in which the password was given in the last 15 minutes. A log-in counts; later,"
            " this call renews it. The tokens stay as they are. Tries count together with those of changing the password."
            " With `otp`, a code of the authenticator app or a recovery code, it renews the second factor, which some calls"
            " want within 12 hours. Give either or both."
        ),
        tags=["auth"],
        request=ReauthenticationSerializer,
        responses={200: ReauthenticatedSerializer},
    )
    def post(self, request: Request) -> Response:
        body = ReauthenticationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        session, given = current_session(request), body.validated_data
        if "password" in given:
            session = sessions.reauthenticate(session=session, password=given["password"])
        if "otp" in given:
            address = device_of(request).address
            session = enrolment.step_up(session=session, code=given["otp"], address=address)
        return Response(ReauthenticatedSerializer(session).data)


def key_set(request: HttpRequest) -> HttpResponse:
    """`/.well-known/jwks.json`: the public keys of access tokens, when JWT_ALGORITHM has such keys."""
    if request.method not in {"GET", "HEAD"}:
        refusal = problem(405, "method_not_allowed", "This can only be read.")
        refusal["Allow"] = "GET, HEAD"
        return refusal
    if settings.JWT_ALGORITHM != "EdDSA":
        return problem(404, "not_found", "Access tokens are not signed with public keys here.")
    answer = JsonResponse({"keys": signing_keys.published()})
    answer["Content-Type"] = "application/jwk-set+json"
    answer["Cache-Control"] = "public, max-age=300"
    return answer
