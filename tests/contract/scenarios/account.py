"""Accounts: from registering to a new password."""

from __future__ import annotations

from django.db import transaction

from account import email_tokens, sessions, tokens
from account.email_tokens import Purpose
from account.models import User
from tests.contract.recorder import Recorder
from tests.contract.world import PASSWORD

NEW_PASSWORD = "sheger-tej-meskel-27"


def letter_token(user: User, purpose: Purpose) -> str:
    """What stands in the letter's link."""
    with transaction.atomic():
        return email_tokens.issue(user=user, purpose=purpose)


def register(s: Recorder) -> None:
    """Register and verify the address."""
    person = {
        "email": "meron.alemu@example.com",
        "password": PASSWORD,
        "first_name": "Meron",
        "last_name": "Alemu",
        "phone": "0912345678",
    }
    s.call("auth_register", "register", "Register an account", body=person, status=202)
    s.call(
        "auth_register", "smallest", "E-mail and password are enough",
        body={"email": "yonas@example.com", "password": PASSWORD}, status=202,
    )  # fmt: skip
    s.call(
        "auth_register", "weak_password", "The password is too easy",
        body={"email": "yonas@example.com", "password": "password"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_register", "invalid", "Not an e-mail address, not a telephone number",
        body={"email": "yonas", "password": PASSWORD, "phone": "call me"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_resend_verification", "resend", "The letter was lost",
        body={"email": person["email"]}, status=202,
    )  # fmt: skip
    s.call(
        "auth_resend_verification", "invalid", "Not an e-mail address",
        body={"email": "meron"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_login", "not_verified", "The right password, but the address is not verified yet",
        body={"email": person["email"], "password": PASSWORD}, status=403, code="email_not_verified",
    )  # fmt: skip
    token = letter_token(User.objects.get(email=person["email"]), Purpose.VERIFY)
    s.call("auth_verify_email", "verify", "Verify the address", body={"token": token}, status=200)
    s.call(
        "auth_verify_email", "used", "The link was used already",
        body={"token": token}, status=400, code="invalid_token",
    )  # fmt: skip
    s.call(
        "auth_verify_email", "invalid", "The token is missing",
        body={}, status=400, code="invalid",
    )  # fmt: skip


def sign_in(s: Recorder) -> None:
    """Log in, refresh, log out."""
    credentials = {"email": "hana.tesfaye@example.com", "password": PASSWORD}
    signed_in = s.call("auth_login", "login", "Log in", body=credentials, status=200)
    s.call(
        "auth_login", "wrong", "Unknown address or wrong password",
        body={**credentials, "password": "not-my-password"}, status=401, code="invalid_credentials",
    )  # fmt: skip
    s.call(
        "auth_login", "invalid", "The password is missing",
        body={"email": credentials["email"]}, status=400, code="invalid",
    )  # fmt: skip
    refresh = {"refresh": signed_in["refresh"]}
    pair = s.call("auth_refresh", "refresh", "Trade it for a new pair", body=refresh, status=200)
    s.call(
        "auth_logout", "logout", "Log out", body={"refresh": pair["refresh"]}, status=204,
    )  # fmt: skip
    s.call(
        "auth_refresh", "ended", "The session has ended",
        body={"refresh": pair["refresh"]}, status=401, code="invalid_refresh_token",
    )  # fmt: skip
    s.call("auth_refresh", "invalid", "The token is missing", body={}, status=400, code="invalid")
    s.call(
        "auth_logout", "not_ours", "Not one of our tokens",
        body={"refresh": "not.a.token"}, status=401, code="invalid_refresh_token",
    )  # fmt: skip
    s.call("auth_logout", "invalid", "The token is missing", body={}, status=400, code="invalid")


def forgotten_password(s: Recorder) -> None:
    """A new password by letter."""
    s.call(
        "auth_password_forgot", "forgot", "Ask for the letter",
        body={"email": "hana.tesfaye@example.com"}, status=202,
    )  # fmt: skip
    s.call(
        "auth_password_forgot", "invalid", "Not an e-mail address",
        body={"email": "hana"}, status=400, code="invalid",
    )  # fmt: skip
    token = letter_token(s.world.hana, Purpose.RESET)
    s.call(
        "auth_password_reset", "weak_password", "Too easy; the token stays good",
        body={"token": token, "new_password": "hanatesfaye"}, status=400, code="invalid",
    )  # fmt: skip
    new = {"token": token, "new_password": NEW_PASSWORD}
    s.call("auth_password_reset", "reset", "Set the new password", body=new, status=200)
    s.call(
        "auth_password_reset", "used", "The link was used already",
        body=new, status=400, code="invalid_token",
    )  # fmt: skip


def profile(s: Recorder) -> None:
    """Read and change one's own data."""
    token = s.world.token(s.world.hana)
    s.call("auth_me", "me", "Who am I", token=token, status=200)
    s.call(
        "auth_me_update", "change", "Change name and telephone",
        token=token, body={"first_name": "Hanna", "phone": "0922334455"}, status=200,
    )  # fmt: skip
    s.call(
        "auth_me_update", "invalid", "Not a telephone number",
        token=token, body={"phone": "none"}, status=400, code="invalid",
    )  # fmt: skip
    change = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    s.call(
        "auth_password_change", "wrong_password", "The present password is wrong",
        token=token, body={**change, "old_password": "not-my-password"},
        status=400, code="wrong_password",
    )  # fmt: skip
    s.call(
        "auth_password_change", "weak_password", "The new one is too easy",
        token=token, body={**change, "new_password": "12345678"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_password_change", "change", "Change the password; go on with the new tokens",
        token=token, body=change, status=200,
    )  # fmt: skip


def closed_session(s: Recorder) -> None:
    """What an access token is worth once its session has ended."""
    session = sessions.open_session(user=s.world.hana, device=sessions.Device())
    access = tokens.pair(session)["access"]
    sessions.sign_out(session_id=session.public_id)
    s.call(
        "auth_me", "session_ended", "The session of this token has ended",
        token=access, status=401, code="invalid_token",
    )  # fmt: skip


STORIES = [register, sign_in, forgotten_password, profile, closed_session]
