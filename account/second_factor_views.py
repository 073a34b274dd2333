"""/api/auth/second-factor/: setting up an authenticator app, and giving it up."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from account import enrolment, second_factor, throttles
from account.models import SecondFactor, Session
from account.pictures import qr_svg
from account.second_factor import WrongCode
from account.serializers import OtpField
from account.step_up import RecentProof
from account.views import AuthView, caller, device_of
from common.schema import refuses, takes_body
from common.serializers import StrictSerializer

TAGS = ["auth"]


class SecondFactorSerializer(serializers.Serializer[Any]):
    """Whether there is a second factor, and what is left of its recovery codes."""

    is_set_up = serializers.BooleanField(read_only=True)
    is_compulsory = serializers.BooleanField(
        read_only=True,
        help_text="The shop demands one of its staff; without it nothing else opens.",
    )
    confirmed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_used_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="The last code of the app."
    )
    recovery_codes_left = serializers.IntegerField(read_only=True)
    given_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When it was last given in this session. Sensitive calls want it within 12 hours.",
    )


class EnrolSerializer(StrictSerializer):
    """A code of the present second factor, when it is to be replaced."""

    otp = OtpField(required=False, allow_blank=True)


class EnrolmentSerializer(serializers.Serializer[Any]):
    """What an authenticator app needs, this one time."""

    secret = serializers.CharField(read_only=True, help_text="To type: base 32.")
    otpauth_url = serializers.CharField(read_only=True, help_text="To open on the telephone.")
    qr_svg = serializers.CharField(read_only=True, help_text="To scan: the same as an SVG picture.")


class CodeSerializer(StrictSerializer):
    """A code of the authenticator app, or a recovery code."""

    otp = OtpField()


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Ten codes for the day on which the telephone is lost. Each works once; they are not shown again."""

    recovery_codes = serializers.ListField(child=serializers.CharField(), read_only=True)


def session_of(request: Request) -> Session:
    """The session of the call, behind IsAuthenticated: no API key opens these doors."""
    return cast(Session, request.auth)


class SecondFactorView(AuthView):
    """The second factor."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = throttles.CHANGE_PASSWORD

    @extend_schema(
        operation_id="auth_second_factor",
        summary="Your second factor",
        description="Whether an authenticator app is set up, and how many recovery codes are left.",
        tags=TAGS,
        responses={200: SecondFactorSerializer},
    )
    def get(self, request: Request) -> Response:
        return Response(SecondFactorSerializer(_state(request)).data)

    @refuses(enrolment.NoSecondFactor, enrolment.SecondFactorCompulsory, WrongCode)
    @extend_schema(
        operation_id="auth_second_factor_remove",
        summary="Remove your second factor",
        description=(
            "Needs a code of the app, or a recovery code, in the body. Where the shop demands one of its staff, it can"
            " only be replaced (403 `second_factor_compulsory`)."
        ),
        tags=TAGS,
        request=CodeSerializer,
        responses={204: None},
    )
    @takes_body
    def delete(self, request: Request) -> Response:
        enrolment.remove(
            user=caller(request), code=_code(request), address=device_of(request).address
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class EnrolView(AuthView):
    """Set up, first step."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = throttles.CHANGE_PASSWORD

    @refuses(enrolment.NotForCustomers, enrolment.SecondFactorExists, WrongCode)
    @extend_schema(
        operation_id="auth_second_factor_enrol",
        summary="Begin to set up an authenticator app",
        description=(
            "For staff. Shows a new secret, once: let the app scan `qr_svg`, or type `secret`. It counts after"
            " `POST .../confirm/` with the app's first code. To replace an app, send a code of the present one (or a"
            " recovery code) as `otp`; it works on until the new one is confirmed."
        ),
        tags=TAGS,
        request=EnrolSerializer,
        responses={201: EnrolmentSerializer},
    )
    def post(self, request: Request) -> Response:
        body = EnrolSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        begun = enrolment.enrol(
            user=caller(request),
            code=body.validated_data.get("otp", ""),
            address=device_of(request).address,
        )
        shown = {"secret": begun.secret, "otpauth_url": begun.url, "qr_svg": qr_svg(begun.url)}
        return Response(shown, status=status.HTTP_201_CREATED)


class ConfirmView(AuthView):
    """Set up, second step."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = throttles.CHANGE_PASSWORD

    @refuses(enrolment.NoSecondFactor, WrongCode)
    @extend_schema(
        operation_id="auth_second_factor_confirm",
        summary="Finish setting up an authenticator app",
        description=(
            "Send the app's first code. From now on logging in takes one; every other session ends. The answer holds ten"
            " recovery codes, once: older ones are void."
        ),
        tags=TAGS,
        request=CodeSerializer,
        responses={200: RecoveryCodesSerializer},
    )
    def post(self, request: Request) -> Response:
        codes = enrolment.confirm(
            user=caller(request),
            code=_code(request),
            session=session_of(request),
            address=device_of(request).address,
        )
        return Response({"recovery_codes": codes})


class RecoveryCodesView(AuthView):
    """New recovery codes."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = throttles.CHANGE_PASSWORD

    @refuses(enrolment.NoSecondFactor, WrongCode)
    @extend_schema(
        operation_id="auth_second_factor_recovery_codes",
        summary="Make new recovery codes",
        description="Ten new ones, shown once; the old ones are void. Needs a code of the app, or a last recovery code.",
        tags=TAGS,
        request=CodeSerializer,
        responses={200: RecoveryCodesSerializer},
    )
    def post(self, request: Request) -> Response:
        codes = enrolment.renew_recovery_codes(
            user=caller(request), code=_code(request), address=device_of(request).address
        )
        return Response({"recovery_codes": codes})


def _code(request: Request) -> str:
    body = CodeSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return str(body.validated_data["otp"])


def _state(request: Request) -> dict[str, Any]:
    user = caller(request)
    factor: SecondFactor | None = second_factor.of(user)
    return {
        "is_set_up": factor is not None,
        "is_compulsory": second_factor.is_compulsory(user),
        "confirmed_at": factor and factor.confirmed_at,
        "last_used_at": factor and factor.last_used_at,
        "recovery_codes_left": enrolment.codes_left(user),
        "given_at": session_of(request).second_factor_at,
    }
