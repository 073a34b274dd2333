"""/api/auth/phone/ and /api/auth/email/: what signs in to an account, beside its password."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from account import email_change, phone_codes, phone_identity, phone_throttles
from account.phone_codes import InvalidCode, PhoneSignInOff, Purpose, WrongCode
from account.phone_identity import AccountClosed, LastIdentity, PhoneTaken
from account.phone_serializers import (
    CODE_ON_ITS_WAY,
    CodeOnItsWaySerializer,
    NewEmailSerializer,
    OwnNumberSerializer,
    PhoneCodeSerializer,
    PhoneConfirmSerializer,
    PhoneLoginSerializer,
)
from account.second_factor import InvalidSecondFactor, SecondFactorRequired
from account.serializers import DetailSerializer, ProfileSerializer, SignedInSerializer
from account.session_views import current_session
from account.step_up import RecentProof
from account.views import LETTER_ON_ITS_WAY, AuthView, OpenAuthView, caller, device_of, signed_in
from common.schema import refuses


class PhoneCodeView(OpenAuthView):
    """Sign in by phone: ask for a code."""

    throttle_classes = phone_throttles.CODE

    @refuses(PhoneSignInOff)
    @extend_schema(
        operation_id="auth_phone_code",
        summary="Send a code to a phone number",
        description=(
            "Six digits by SMS, good once and for 10 minutes; a newer code voids the older. The answer is the same for every"
            " mobile number, known or not. Another code for the same number can be asked for after 60 seconds; 5 an hour."
            " Send a `verifier` of your own making (`crypto.randomUUID()`) here and with the code: then others' guesses"
            " do not count against this code."
        ),
        tags=["auth"],
        auth=[],
        request=PhoneCodeSerializer,
        responses={202: CodeOnItsWaySerializer},
    )
    def post(self, request: Request) -> Response:
        body = PhoneCodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        phone_codes.request(purpose=Purpose.SIGN_IN, **body.validated_data)
        return Response(CODE_ON_ITS_WAY, status=status.HTTP_202_ACCEPTED)


class PhoneLoginView(OpenAuthView):
    """Sign in by phone: give the code."""

    throttle_classes = phone_throttles.LOGIN

    @refuses(PhoneSignInOff, InvalidCode, AccountClosed, SecondFactorRequired, InvalidSecondFactor)
    @extend_schema(
        operation_id="auth_phone_login",
        summary="Sign in with a code",
        description=(
            "Opens a session for whoever has this number verified. A number that is nobody's opens an account without e-mail"
            " address and password; the names are for it. Five wrong codes, or ten minutes, and another code is needed."
        ),
        tags=["auth"],
        auth=[],
        request=PhoneLoginSerializer,
        responses={200: SignedInSerializer},
    )
    def post(self, request: Request) -> Response:
        body = PhoneLoginSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        presented = given.pop("device", "")
        session = phone_identity.sign_in(**given, device=device_of(request))
        return Response(signed_in(session, presented=presented))


class PhoneView(AuthView):
    """Give up the phone number."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = phone_throttles.REMOVE

    @refuses(LastIdentity)
    @extend_schema(
        operation_id="auth_phone_remove",
        summary="Remove your phone number",
        description=(
            "It signs in to nothing any more, until somebody verifies it. Needs a verified e-mail address, and a sign-in or"
            " password given in the last 15 minutes."
        ),
        tags=["auth"],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        phone_identity.give_up(user=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PhoneVerifyView(AuthView):
    """Verify a phone number: ask for a code."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = phone_throttles.VERIFY

    @refuses(PhoneSignInOff)
    @extend_schema(
        operation_id="auth_phone_verify",
        summary="Send a code to your own number",
        description=(
            "To verify the number of your profile, to add one, or to put another in place of the verified one. Needs a"
            " sign-in or password given in the last 15 minutes. Whose number it is now is told only after the right code."
        ),
        tags=["auth"],
        request=OwnNumberSerializer,
        responses={202: CodeOnItsWaySerializer},
    )
    def post(self, request: Request) -> Response:
        body = OwnNumberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        phone_identity.request_verification(user=caller(request), **body.validated_data)
        return Response(CODE_ON_ITS_WAY, status=status.HTTP_202_ACCEPTED)


class PhoneConfirmView(AuthView):
    """Verify a phone number: give the code."""

    permission_classes = [IsAuthenticated]
    throttle_classes = phone_throttles.CONFIRM

    @refuses(WrongCode, PhoneTaken)
    @extend_schema(
        operation_id="auth_phone_confirm",
        summary="Verify your number with the code",
        description=(
            "From now on the number signs in. When it replaces another one, every other session ends, and the old number is"
            " told by SMS. 409 `phone_taken`: another account has it."
        ),
        tags=["auth"],
        request=PhoneConfirmSerializer,
        responses={200: ProfileSerializer},
    )
    def post(self, request: Request) -> Response:
        body = PhoneConfirmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = phone_identity.verify(session=current_session(request), **body.validated_data)
        return Response(ProfileSerializer(user).data)


class EmailView(AuthView):
    """Add or change the e-mail address."""

    permission_classes = [IsAuthenticated, RecentProof]
    throttle_classes = phone_throttles.EMAIL

    @extend_schema(
        operation_id="auth_email_change",
        summary="Add or change your e-mail address",
        description=(
            "Sends a letter to the new address; nothing changes until its link is followed (`POST /api/auth/verify-email/`)."
            " Then the old address is told, its links die, and every session ends. Always 202, whether the address is known"
            " or not. Needs a sign-in or password given in the last 15 minutes."
        ),
        tags=["auth"],
        request=NewEmailSerializer,
        responses={202: DetailSerializer},
    )
    def post(self, request: Request) -> Response:
        body = NewEmailSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        email_change.request(user=caller(request), **body.validated_data)
        return Response({"detail": LETTER_ON_ITS_WAY}, status=status.HTTP_202_ACCEPTED)
