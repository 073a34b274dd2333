"""Phone first: sign in with a code, verify a number, give it up, add an e-mail address."""

from __future__ import annotations

from unittest import mock

from django.utils import timezone

from account import email_change, phone_codes
from account.models import EmailToken, PhoneCode, User
from tests.contract.recorder import Recorder
from tests.contract.scenarios.keys import stale_token
from tests.contract.scenarios.second_factor import WRONG, code, set_up, standing_clock, unused

PHONE = "0912345678"
NUMBER = "+251912345678"
VERIFIER = "5f0c8a9e-6a0f-4f4f-9b0e-2d6c1f7e8a90"
DIGITS = 427_193  # what the dice show in every run
CODE = f"{DIGITS:06}"


def arrive() -> None:
    """The worker sends the code that was asked for last."""
    with mock.patch("account.phone_codes.secrets.randbelow", return_value=DIGITS):
        phone_codes.send(code_id=PhoneCode.objects.latest("pk").pk)


def send(phone: str, *, user: User | None = None) -> None:
    """A code to a number, as if it had been asked for."""
    purpose = phone_codes.Purpose.VERIFY if user else phone_codes.Purpose.SIGN_IN
    phone_codes.request(phone=phone, purpose=purpose, user=user)
    arrive()


def own(user: User, phone: str) -> None:
    """Give somebody a verified number."""
    user.phone, user.phone_verified_at = phone, timezone.now()
    user.save(update_fields=["phone", "phone_verified_at"])


def sign_in_by_phone(s: Recorder) -> None:
    """From a number to a session."""
    s.call(
        "auth_phone_code", "code", "Ask for a code; the verifier is a secret of your own making",
        body={"phone": PHONE, "verifier": VERIFIER}, status=202,
    )  # fmt: skip
    s.call(
        "auth_phone_code", "invalid", "Not a mobile number",
        body={"phone": "0115517700"}, status=400, code="invalid",
    )  # fmt: skip
    arrive()
    given = {"phone": PHONE, "code": CODE, "verifier": VERIFIER}
    s.call(
        "auth_phone_login", "wrong", "Not the code of the SMS",
        body={**given, "code": "000000"}, status=401, code="invalid_code",
    )  # fmt: skip
    s.call(
        "auth_phone_login", "invalid", "A code has six digits",
        body={**given, "code": "42"}, status=400, code="invalid",
    )  # fmt: skip
    names = {"first_name": "Meron", "last_name": "Alemu"}
    signed_in = s.call(
        "auth_phone_login", "new", "The code opens an account for a number that is nobody's",
        body={**given, **names}, status=200,
    )  # fmt: skip
    s.call(
        "auth_password_change", "first", "After a code no old password is needed: there is none",
        token=signed_in["access"], body={"new_password": "sheger-tej-meskel-27"}, status=200,
    )  # fmt: skip
    s.call(
        "auth_login", "by_phone", "A verified number and a password",
        body={"phone": PHONE, "password": "sheger-tej-meskel-27"}, status=200,
    )  # fmt: skip


def refused_by_phone(s: Recorder) -> None:
    """What a right code is not enough for."""
    own(s.world.dawit, NUMBER)
    User.objects.filter(pk=s.world.dawit.pk).update(is_active=False)
    send(NUMBER)
    s.call(
        "auth_phone_login", "closed", "The account of this number is closed",
        body={"phone": PHONE, "code": CODE}, status=403, code="account_closed",
    )  # fmt: skip
    owners = "+251922334455"
    own(s.world.owner, owners)
    with standing_clock():
        set_up(s.world.owner)
        send(owners)
        given = {"phone": owners, "code": CODE}
        s.call(
            "auth_phone_login", "second_factor_required", "The account has a second factor",
            body=given, status=401, code="second_factor_required",
        )  # fmt: skip
        s.call(
            "auth_phone_login", "invalid_second_factor", "Not what the app shows",
            body={**given, "otp": WRONG}, status=401, code="invalid_second_factor",
        )  # fmt: skip
        unused()
        s.call(
            "auth_phone_login", "second_factor", "The same code, with that of the app",
            body={**given, "otp": code()}, status=200,
        )  # fmt: skip


def without_sms(s: Recorder) -> None:
    """A shop that sends no SMS."""
    token = s.world.token(s.world.hana)
    s.settings.PRODUCTION, s.settings.SMS_URL = True, ""
    for operation, body in (
        ("auth_phone_code", {"phone": PHONE}),
        ("auth_phone_login", {"phone": PHONE, "code": CODE}),
    ):
        s.call(
            operation, "off", "This shop sends no SMS",
            body=body, status=404, code="phone_sign_in_off",
        )  # fmt: skip
    s.call(
        "auth_phone_verify", "off", "This shop sends no SMS",
        token=token, body={"phone": PHONE}, status=404, code="phone_sign_in_off",
    )  # fmt: skip
    s.settings.PRODUCTION = False


def own_number(s: Recorder) -> None:
    """Verify a number, keep it, give it up."""
    token = s.world.token(s.world.hana)
    stale = stale_token(s)
    s.call(
        "auth_phone_verify", "verify", "Ask for a code to a number of one's own",
        token=token, body={"phone": PHONE}, status=202, untold={"reauthentication_required"},
    )  # fmt: skip
    s.call(
        "auth_phone_verify", "invalid", "Not a telephone number",
        token=token, body={"phone": "none"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_phone_verify", "stale", "The last proof of identity is too old",
        token=stale, body={"phone": PHONE}, status=403, code="reauthentication_required",
    )  # fmt: skip
    arrive()
    s.call(
        "auth_phone_confirm", "wrong", "Not the code of the SMS",
        token=token, body={"code": "000000"}, status=400, code="invalid_code",
    )  # fmt: skip
    s.call(
        "auth_phone_confirm", "invalid", "The code is missing",
        token=token, body={}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_phone_confirm", "confirm", "Give the code: from now on the number signs in",
        token=token, body={"code": CODE}, status=200,
    )  # fmt: skip
    s.call(
        "auth_me_update", "phone_is_verified", "A verified number is not changed by the way",
        token=token, body={"phone": "0922334455"}, status=409, code="phone_is_verified",
    )  # fmt: skip
    send(NUMBER, user=s.world.dawit)
    s.call(
        "auth_phone_confirm", "phone_taken", "Another account has this number",
        token=s.world.token(s.world.dawit), body={"code": CODE}, status=409, code="phone_taken",
    )  # fmt: skip
    s.call(
        "auth_phone_remove", "stale", "The last proof of identity is too old",
        token=stale, status=403, code="reauthentication_required",
    )  # fmt: skip
    lonely = User.objects.create_user(phone="0933445566", phone_verified_at=timezone.now())
    s.call(
        "auth_phone_remove", "last_identity", "Nothing else signs in to this account",
        token=s.world.token(lonely), status=409, code="last_identity",
    )  # fmt: skip
    s.call(
        "auth_phone_remove", "remove", "Give the number up",
        token=token, status=204, untold={"reauthentication_required"},
    )  # fmt: skip


def another_address(s: Recorder) -> None:
    """Another e-mail address."""
    token = s.world.token(s.world.hana)
    s.call(
        "auth_email_change", "change", "A letter to the new address",
        token=token, body={"email": "hana@buyers.example"}, status=202,
        untold={"reauthentication_required"},
    )  # fmt: skip
    s.call(
        "auth_email_change", "invalid", "Not an e-mail address",
        token=token, body={"email": "hana"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_email_change", "stale", "The last proof of identity is too old",
        token=stale_token(s), body={"email": "hana@buyers.example"},
        status=403, code="reauthentication_required",
    )  # fmt: skip
    email_change.request(user=s.world.hana, email=s.world.dawit.email or "")
    link = "a-link-that-was-sent-before-dawit-registered"
    EmailToken.objects.filter(purpose="change", voided_at=None).update(
        digest=email_change._digest(link)
    )
    s.call(
        "auth_verify_email", "email_taken", "The new address belongs to another account by now",
        body={"token": link}, status=409, code="email_taken",
    )  # fmt: skip


STORIES = [sign_in_by_phone, refused_by_phone, without_sms, own_number, another_address]
