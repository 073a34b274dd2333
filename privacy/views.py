"""/api/auth/me/: the end of an account, and a copy of everything that is held on its owner."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from account import roles, sessions
from account.erasure import SuperuserStays
from account.hashers import TooManyHashes
from account.models import Session
from account.passwords import WrongPassword
from account.roles import LastOwner
from account.second_factor import SecondFactorMissing
from account.step_up import ReauthenticationRequired, RecentProof, SensitiveAction, SensitiveRead
from account.views import AuthView, ProfileView, caller, profile_state
from common.actors import Actor
from common.conditional import takes_if_match, unchanged
from common.errors import NotFound
from common.schema import refuses, takes_body
from privacy import services, throttles
from privacy.erasure import OpenOrders
from privacy.serializers import (
    ErasureAcceptedSerializer,
    ErasureRequestSerializer,
    ExportSerializer,
    NoBodySerializer,
)


class PersonView(ProfileView):
    """Who am I, and the end of that."""

    def get_throttles(self) -> list[BaseThrottle]:
        erases = self.request.method == "DELETE"
        return [limit() for limit in throttles.ERASE] if erases else super().get_throttles()

    @takes_if_match
    @takes_body
    @refuses(
        ReauthenticationRequired,
        SecondFactorMissing,
        WrongPassword,
        OpenOrders,
        LastOwner,
        SuperuserStays,
        TooManyHashes,
    )
    @extend_schema(
        operation_id="auth_me_erase",
        summary="Erase your account and your data",
        description=(
            "For good. At once every session ends and nobody can sign in any more; within minutes your profile, addresses,"
            " sessions, letters and everything else that names you is gone, and unpaid orders are cancelled. The books stay:"
            " what was sold, for how much and when, without you. A last letter tells you when it is done. Your e-mail"
            " address and number are free again.\n\n"
            "Needs no body while your password or a code was given in this session in the last 15 minutes. Later, send"
            " `password`, or use `POST /api/auth/reauthenticate/` first. Orders that are paid and not delivered do not stand"
            ' in the way, but can no longer be delivered: the shop is told. Send `open_orders: "refuse"` to be asked first.'
        ),
        tags=["auth"],
        request=ErasureRequestSerializer,
        responses={202: ErasureAcceptedSerializer},
    )
    def delete(self, request: Request) -> Response:
        body = ErasureRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        self._prove(request, body.validated_data)
        user = caller(request)
        # Not around the proof: a wrong password must stay counted.
        with unchanged(request, lambda: profile_state(roles.lock_for_edit(user=user))):
            erasure = services.request_erasure(
                user=user,
                by=Actor("customer", user.pk),
                refuse_open_orders=body.validated_data.get("open_orders") == "refuse",
            )
        return Response(ErasureAcceptedSerializer(erasure).data, status=status.HTTP_202_ACCEPTED)

    def _prove(self, request: Request, body: dict[str, Any]) -> None:
        """Whoever holds the device must also hold the password, or have shown it lately.

        Raises:
            WrongPassword, ReauthenticationRequired, SecondFactorMissing
        """
        if "password" in body:
            session = sessions.reauthenticate(
                session=cast(Session, request.auth), password=body["password"]
            )
            request.auth = session
        RecentProof().has_permission(request, self)
        SensitiveAction().has_permission(request, self)


class ExportView(AuthView):
    """A copy of one's data: ask for it, and see where it stands."""

    permission_classes = [IsAuthenticated]
    throttle_classes = throttles.EXPORT

    @extend_schema(
        operation_id="auth_me_export",
        summary="Ask for a copy of your data",
        description=(
            "Everything the shop holds on you, as one JSON document, made within minutes; a letter tells you when it is"
            " ready. While one is being made, that is the answer; an older one is replaced. It is deleted after seven days."
        ),
        tags=["auth"],
        request=NoBodySerializer,
        responses={202: ExportSerializer},
    )
    def post(self, request: Request) -> Response:
        NoBodySerializer(data=request.data).is_valid(raise_exception=True)
        export = services.request_export(user=caller(request))
        return Response(ExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)

    @refuses(NotFound)
    @extend_schema(
        operation_id="auth_me_export_state",
        summary="Where the copy of your data stands",
        description="404 when none was asked for, or its seven days are over.",
        tags=["auth"],
        responses={200: ExportSerializer},
    )
    def get(self, request: Request) -> Response:
        return Response(ExportSerializer(services.find_export(user=caller(request))).data)


class RecentRead(RecentProof):
    """A password or code was given lately, to read."""

    reads = True


class ExportDocumentView(AuthView):
    """The copy itself."""

    permission_classes = [IsAuthenticated, RecentRead, SensitiveRead]

    @refuses(NotFound)
    @extend_schema(
        operation_id="auth_me_export_document",
        summary="Fetch the copy of your data",
        description=(
            "The JSON document, as a file; docs/privacy.md describes it. Wants a password or code that was given in this"
            " session in the last 15 minutes. 404 until it is ready."
        ),
        tags=["auth"],
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> HttpResponse:
        document = services.read_export(user=caller(request))
        return HttpResponse(
            document,
            content_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
        )
