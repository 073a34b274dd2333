"""/api/auth/: what people do with their accounts."""

from __future__ import annotations

import ipaddress
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from account import email_change, known_devices, rotation, services, sessions, throttles, tokens
from account.email_tokens import InvalidEmailToken
from account.hashers import TooManyHashes
from account.models import Session, User
from account.passwords import WrongPassword
from account.second_factor import InvalidSecondFactor, SecondFactorRequired
from account.serializers import (
    DetailSerializer,
    EmailSerializer,
    EmailTokenSerializer,
    LoginSerializer,
    NewPasswordSerializer,
    PasswordChangeSerializer,
    PasswordSetSerializer,
    ProfileSerializer,
    RefreshSerializer,
    RegistrationSerializer,
    SignedInSerializer,
    TokenPairSerializer,
)
from common.conditional import honours_if_match, state_of, tagged
from common.http import client_address
from common.schema import refuses

LETTER_ON_ITS_WAY = "If this address can have a letter from us, it is on its way."


class AuthView(APIView):
    """Answers that hold secrets are kept by no cache; a 401 says how to sign in."""

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        if answer.status_code == status.HTTP_401_UNAUTHORIZED:
            answer.headers.setdefault("WWW-Authenticate", "Bearer")
        return answer


class OpenAuthView(AuthView):
    """For people who are not signed in; a stale token in their header does not matter."""

    authentication_classes = []
    permission_classes = [AllowAny]


class RegisterView(OpenAuthView):
    """Register."""

    throttle_classes = throttles.REGISTER

    @refuses(TooManyHashes)
    @extend_schema(
        operation_id="auth_register",
        summary="Register an account",
        description=(
            "Always 202: whether the address is known is told only in the letter to its owner. The account opens when the"
            " link in the letter is followed. Registering an address that still waits replaces its password and voids"
            " earlier letters."
        ),
        tags=["auth"],
        auth=[],
        request=RegistrationSerializer,
        responses={202: DetailSerializer},
    )
    def post(self, request: Request) -> Response:
        body = RegistrationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.register(**body.validated_data)
        return Response({"detail": LETTER_ON_ITS_WAY}, status=status.HTTP_202_ACCEPTED)


class VerifyEmailView(OpenAuthView):
    """Verify."""

    throttle_classes = throttles.LINK

    @refuses(InvalidEmailToken, email_change.EmailTaken)
    @extend_schema(
        operation_id="auth_verify_email",
        summary="Verify an e-mail address",
        description=(
            "Give the token of the verification letter. It works once, for 48 hours, until a newer letter. The token of a"
            " letter to a new address (`POST /api/auth/email/`) makes that address the account's."
        ),
        tags=["auth"],
        auth=[],
        request=EmailTokenSerializer,
        responses={200: DetailSerializer},
    )
    def post(self, request: Request) -> Response:
        body = EmailTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        email_change.accept(token=body.validated_data["token"])
        return Response({"detail": "The address is verified. You can sign in now."})


class ResendVerificationView(OpenAuthView):
    """Verify, another letter."""

    throttle_classes = throttles.RESEND

    @extend_schema(
        operation_id="auth_resend_verification",
        summary="Send the verification letter again",
        description="Always 202. If the address waits for verification, a new letter is sent and earlier ones are void.",
        tags=["auth"],
        auth=[],
        request=EmailSerializer,
        responses={202: DetailSerializer},
    )
    def post(self, request: Request) -> Response:
        body = EmailSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.request_verification(email=body.validated_data["email"])
        return Response({"detail": LETTER_ON_ITS_WAY}, status=status.HTTP_202_ACCEPTED)


class LoginView(OpenAuthView):
    """Log in."""

    throttle_classes = throttles.LOGIN

    @refuses(
        sessions.InvalidCredentials,
        sessions.EmailNotVerified,
        SecondFactorRequired,
        InvalidSecondFactor,
        TooManyHashes,
    )
    @extend_schema(
        operation_id="auth_login",
        summary="Log in",
        description=(
            "Opens a session: an access token for 10 minutes and a refresh token. Give the `email`, or a verified `phone`."
            " An unknown one and a wrong password get the same 401 `invalid_credentials`; a right password before"
            " verification gets 403 `email_not_verified`. After a right password, an account with a second factor asks for"
            " the code of the authenticator app, or a recovery code, as `otp`: 401 `second_factor_required`; 401"
            " `invalid_second_factor` when it is wrong. Keep the `device` string of the answer and send it back with later"
            " log-ins: then nobody who guesses at your password elsewhere keeps you out."
        ),
        tags=["auth"],
        auth=[],
        request=LoginSerializer,
        responses={200: SignedInSerializer},
    )
    def post(self, request: Request) -> Response:
        body = LoginSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        presented = given.pop("device", "")
        session = sessions.sign_in(**given, device=device_of(request))
        throttles.log_in_succeeded(request)
        return Response(signed_in(session, presented=presented))


class RefreshView(OpenAuthView):
    """Refresh."""

    throttle_classes = throttles.REFRESH

    @refuses(sessions.InvalidRefreshToken, rotation.RefreshSuperseded)
    @extend_schema(
        operation_id="auth_refresh",
        summary="Trade a refresh token for a new pair",
        description=(
            "A refresh token works once. Of simultaneous uses one wins; for 5 seconds the others get 401"
            " `refresh_superseded` with `Retry-After`, and the session lives on. If nothing was seen of the winner's answer"
            " by then, it was lost on its way: for 5 more seconds one repetition of the call gets the same new token. Any"
            " later use of a used token means that two parties hold it, and ends the session: send one refresh at a time"
            " and keep the newest token."
        ),
        tags=["auth"],
        auth=[],
        request=RefreshSerializer,
        responses={200: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        claims = refresh_claims(request)
        session = rotation.refresh(
            session_id=claims.session_id,
            refresh_id=claims.token_id,
            version=claims.version,
            address=device_of(request).address,
        )
        return Response(tokens.pair(session))


class LogoutView(OpenAuthView):
    """Log out."""

    throttle_classes = throttles.REFRESH

    @refuses(sessions.InvalidRefreshToken)
    @extend_schema(
        operation_id="auth_logout",
        summary="Log out",
        description="Ends the session of this refresh token at once, access tokens included. Harmless when repeated.",
        tags=["auth"],
        auth=[],
        request=RefreshSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        sessions.sign_out(session_id=refresh_claims(request).session_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ForgotPasswordView(OpenAuthView):
    """Forgotten password."""

    throttle_classes = throttles.FORGOT

    @extend_schema(
        operation_id="auth_password_forgot",
        summary="Ask for a new password",
        description="Always 202. If the address has an account, a letter with a link for one hour is sent to it.",
        tags=["auth"],
        auth=[],
        request=EmailSerializer,
        responses={202: DetailSerializer},
    )
    def post(self, request: Request) -> Response:
        body = EmailSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.request_password_reset(email=body.validated_data["email"])
        return Response({"detail": LETTER_ON_ITS_WAY}, status=status.HTTP_202_ACCEPTED)


class ResetPasswordView(OpenAuthView):
    """Forgotten password, second step."""

    throttle_classes = throttles.LINK

    @refuses(InvalidEmailToken, TooManyHashes)
    @extend_schema(
        operation_id="auth_password_reset",
        summary="Set a new password with a letter's token",
        description="The token works once and for one hour. Every session ends, and the address counts as verified.",
        tags=["auth"],
        auth=[],
        request=NewPasswordSerializer,
        responses={200: PasswordSetSerializer},
    )
    def post(self, request: Request) -> Response:
        body = NewPasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.reset_password(**body.validated_data)
        return Response(
            {
                "detail": "The password is set. You can sign in now.",
                "device": known_devices.issue(user),
            }
        )


class ChangePasswordView(AuthView):
    """Change the password."""

    permission_classes = [IsAuthenticated]
    throttle_classes = throttles.CHANGE_PASSWORD

    @refuses(WrongPassword, TooManyHashes)
    @extend_schema(
        operation_id="auth_password_change",
        summary="Change the password",
        description=(
            "Needs the present password, unless this session was opened with a phone code in the last 15 minutes. Every"
            " session ends, this one too: go on with the token pair in the answer."
        ),
        tags=["auth"],
        request=PasswordChangeSerializer,
        responses={200: SignedInSerializer},
    )
    def post(self, request: Request) -> Response:
        body = PasswordChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        session = services.change_password(
            user=caller(request),
            device=device_of(request),
            second_factor_at=cast(Session, request.auth).second_factor_at,
            session=cast(Session, request.auth),
            **{"old_password": None, **body.validated_data},
        )
        return Response(signed_in(session))


def _hold_profile(view: APIView) -> str:
    return profile_state(services.lock_user(caller(view.request).pk))


class ProfileView(AuthView):
    """Who am I."""

    permission_classes = [IsAuthenticated]

    def get_throttles(self) -> list[BaseThrottle]:
        changes = self.request.method == "PATCH"
        return [throttle() for throttle in throttles.CHANGE_PHONE] if changes else []

    @extend_schema(
        operation_id="auth_me",
        summary="Your profile",
        description="The signed-in user.",
        tags=["auth"],
        responses={200: ProfileSerializer},
    )
    def get(self, request: Request) -> Response:
        return shown_profile(request, caller(request))

    @refuses(services.PhoneIsVerified)
    @extend_schema(
        operation_id="auth_me_update",
        summary="Change your profile",
        description=(
            "Names and contact number. Everything else is ignored here: another e-mail address is set with"
            " `POST /api/auth/email/`, and a number that is verified changed with `POST /api/auth/phone/verify/` or removed"
            " with `DELETE /api/auth/phone/`."
        ),
        tags=["auth"],
        request=ProfileSerializer,
        responses={200: ProfileSerializer},
    )
    @honours_if_match(_hold_profile)
    def patch(self, request: Request) -> Response:
        body = ProfileSerializer(request.user, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        user = services.update_profile(user=caller(request), changes=body.validated_data)
        return shown_profile(request, user)


def profile_state(user: User) -> str:
    """What a change of the profile replaces."""
    return state_of(ProfileSerializer(user).data)


def shown_profile(request: Request, user: User) -> Response:
    """The profile, with the ETag that a change of it may name."""
    return tagged(request, Response(ProfileSerializer(user).data), profile_state(user))


def caller(request: Request) -> User:
    """The signed-in user, behind IsAuthenticated."""
    return cast(User, request.user)


def device_of(request: Request) -> sessions.Device:
    """What the request says about its device, in the bounds of the session's columns."""
    agent = request.headers.get("User-Agent", "").replace("\0", "")[:200]
    try:
        address = str(ipaddress.ip_address(client_address(request)))
    except ValueError:
        address = None
    told = request.data.get("device") if isinstance(request.data, dict) else None
    known = known_devices.read(told) if isinstance(told, str) else None
    return sessions.Device(agent, address, known_to=known.user_id if known else None)


def refresh_claims(request: Request) -> tokens.Claims:
    """The claims of the refresh token in the body.

    Raises:
        InvalidRefreshToken
    """
    body = RefreshSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    try:
        return tokens.read(body.validated_data["refresh"], tokens.REFRESH)
    except tokens.InvalidToken:
        raise sessions.InvalidRefreshToken("Sign in again.") from None


def signed_in(session: Session, *, presented: str = "") -> dict[str, Any]:
    """The body that tells a front end it is signed in.

    Args:
        presented: the `device` string that came with the log-in; a good one goes on as the same device.
    """
    return {
        **tokens.pair(session),
        "user": ProfileSerializer(session.user).data,
        "device": known_devices.issue(session.user, presented=presented),
    }
