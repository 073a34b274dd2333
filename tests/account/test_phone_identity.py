"""Whose number it is: verifying, replacing and giving up one's own, and everybody who would like to have it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from account.models import PhoneCode, Session, User
from common.phones import normalise_phone
from events.models import Letter
from tests.account.authenticator import set_up
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+251911234567"
OTHER = "+251922334455"


@pytest.fixture
def code_to(run_jobs):
    """The newest code that was sent to a number."""

    def read(phone=PHONE):
        run_jobs()
        return re.match(
            r"\d{6}",
            Letter.objects.filter(recipient=phone, text__regex=r"^\d{6}").latest("pk").text,
        )[0]

    return read


@pytest.fixture
def by_phone(api, code_to):
    """Signs in with a code; gives the body of the answer."""

    def enter(phone=PHONE, status=200, **body):
        assert api.post("/api/auth/phone/code/", {"phone": phone}).status_code == 202
        code = code_to(phone)
        answer = api.post("/api/auth/phone/login/", {"phone": phone, "code": code, **body})
        assert answer.status_code == status, answer.content
        return answer.json()

    return enter


@pytest.fixture
def call(api):
    """Calls something below /api/auth/ with an access token."""

    def send(method, path, access, body=None):
        return getattr(api, method)(
            f"/api/auth/{path}", body, headers={"Authorization": f"Bearer {access}"}
        )

    return send


@pytest.fixture
def verify(call, code_to):
    """Proves a number for the owner of an access token."""

    def prove(access, phone=PHONE):
        assert call("post", "phone/verify/", access, {"phone": phone}).status_code == 202
        phone = normalise_phone(phone)
        return call("post", "phone/verify/confirm/", access, {"code": code_to(phone)})

    return prove


def sms_to(phone):
    return [
        letter.text
        for letter in Letter.objects.filter(recipient=phone)
        if not letter.text[:1].isdigit()
    ]


# --- one's own number ----------------------------------------------------------------------------------


def test_a_number_is_added_to_an_account(person, login, verify, by_phone, letters):
    user = person()
    answer = verify(login()["access"], "0911234567")
    assert answer.status_code == 200, answer.content
    assert answer.json()["phone"] == PHONE
    assert answer.json()["phone_verified_at"]
    assert by_phone()["user"]["id"] == str(user.public_id), "now it signs in to the same account"
    assert any("phone number" in letter.subject for letter in letters("abebe@buyers.shop"))


def test_the_number_may_be_named_again(person, login, call, code_to):
    person()
    access = login()["access"]
    call("post", "phone/verify/", access, {"phone": PHONE})
    code = code_to()
    wrong = call("post", "phone/verify/confirm/", access, {"code": code, "phone": OTHER})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_code")
    assert (
        call("post", "phone/verify/confirm/", access, {"code": code, "phone": PHONE}).status_code
        == 200
    )


def test_replacing_a_number_ends_other_sessions_and_tells_the_old_one(
    by_phone, verify, me, code_to, api
):
    first = by_phone()
    here = by_phone()["access"]
    api.post("/api/auth/phone/code/", {"phone": PHONE})
    waiting = code_to(PHONE)
    assert verify(here, OTHER).status_code == 200
    assert (me(first["access"]), me(here)) == (401, 200)
    assert "no longer that of your account" in sms_to(PHONE)[0]
    late = api.post("/api/auth/phone/login/", {"phone": PHONE, "code": waiting})
    assert late.status_code == 401, "what was sent to the old number is void"
    assert by_phone(OTHER)["user"]["id"] == first["user"]["id"]
    assert by_phone(PHONE)["user"]["id"] != first["user"]["id"], "the old number begins anew"


def test_verifying_wants_a_fresh_proof(person, login, call):
    person()
    access = login()["access"]
    Session.objects.update(authenticated_at=timezone.now() - timedelta(minutes=16))
    for method, path, body in (
        ("post", "phone/verify/", {"phone": PHONE}),
        ("delete", "phone/", None),
        ("post", "email/", {"email": "new@buyers.shop"}),
    ):
        answer = call(method, path, access, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required"), (
            path
        )
    assert not PhoneCode.objects.exists()
    assert call("post", "reauthenticate/", access, {"password": PASSWORD}).status_code == 200
    assert call("post", "phone/verify/", access, {"phone": PHONE}).status_code == 202


def test_a_code_of_somebody_else_verifies_nothing(person, login, call, code_to):
    person()
    person("other@buyers.shop")
    mine, theirs = login()["access"], login("other@buyers.shop")["access"]
    call("post", "phone/verify/", theirs, {"phone": PHONE})
    code = code_to()
    for body in ({"code": code}, {"code": code, "phone": PHONE}):
        assert call("post", "phone/verify/confirm/", mine, body).status_code == 400
    assert not User.objects.filter(phone_verified_at__isnull=False).exists()


def test_giving_a_number_up(person, login, verify, call, by_phone):
    user = person()
    access = login()["access"]
    verify(access)
    assert call("delete", "phone/", access).status_code == 204
    user.refresh_from_db()
    assert (user.phone, user.phone_verified_at) == (None, None)
    assert "no longer that of your account" in sms_to(PHONE)[0]
    assert by_phone()["user"]["id"] != str(user.public_id)


def test_the_last_identity_stays(by_phone, call):
    answer = call("delete", "phone/", by_phone()["access"])
    assert (answer.status_code, answer.json()["code"]) == (409, "last_identity")
    assert User.objects.get().phone_verified_at is not None


@pytest.mark.parametrize("path", ["phone/verify/", "phone/verify/confirm/", "email/"])
def test_strangers_have_no_number_to_verify(api, path):
    assert api.post(f"/api/auth/{path}", {"phone": PHONE, "code": "123456"}).status_code == 401


# --- other people's numbers ------------------------------------------------------------------------------


def test_a_number_of_another_account_is_told_only_after_a_right_code(
    person, login, verify, by_phone, call, code_to
):
    owner = by_phone()["user"]["id"]
    person()
    access = login()["access"]
    assert call("post", "phone/verify/", access, {"phone": PHONE}).status_code == 202
    code = code_to()
    guess = f"{(int(code) + 1) % 10**6:06d}"
    assert (
        call("post", "phone/verify/confirm/", access, {"code": guess}).json()["code"]
        == "invalid_code"
    )
    answer = call("post", "phone/verify/confirm/", access, {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_taken")
    assert call("post", "phone/verify/confirm/", access, {"code": code}).status_code == 400, (
        "it is used up"
    )
    assert by_phone()["user"]["id"] == owner, (
        "whoever reads the number still signs in to its account"
    )


def test_an_unverified_number_blocks_and_leaks_nothing(person, by_phone, api):
    """Pre-hijacking: somebody types my number into their profile, and waits for me."""
    squatter = person(phone=PHONE)
    body = by_phone()
    assert body["user"]["id"] != str(squatter.public_id), "I do not land in their account"
    assert body["user"]["email"] is None
    squatter.refresh_from_db()
    assert (squatter.phone, squatter.phone_verified_at) == (PHONE, None)
    # Nor does a password open mine by my number.
    answer = api.post("/api/auth/login/", {"phone": PHONE, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


def test_a_registration_does_not_take_over_a_proved_number(by_phone, api, person):
    """Staff gave the account an address that is not verified yet; a stranger registers that address."""
    body = by_phone()
    User.objects.filter(public_id=body["user"]["id"]).update(
        email="new@buyers.shop", email_key="new@buyers.shop"
    )
    api.post("/api/auth/register/", {"email": "new@buyers.shop", "password": "goats of a stranger"})
    answer = api.post("/api/auth/login/", {"phone": PHONE, "password": "goats of a stranger"})
    assert answer.status_code == 401
    assert not User.objects.get().has_usable_password()


def test_a_number_that_was_not_used_for_a_year_begins_anew(by_phone, me, letters):
    """Operators give abandoned numbers to new people, who must not see the former owner's orders."""
    old = by_phone(first_name="Former")
    User.objects.update(
        email="former@buyers.shop", email_key="former@buyers.shop", email_verified_at=timezone.now()
    )
    then = timezone.now() - timedelta(days=366)
    User.objects.update(last_login=then, phone_verified_at=then)
    Session.objects.update(last_used_at=then)
    new = by_phone()
    assert new["user"]["id"] != old["user"]["id"]
    assert new["user"]["first_name"] == ""
    former = User.objects.get(public_id=old["user"]["id"])
    assert (former.phone, former.phone_verified_at) == (PHONE, None), "a contact, no identity"
    assert any("phone number" in letter.subject for letter in letters("former@buyers.shop"))


@pytest.mark.parametrize("used", ["last_login", "phone_verified_at", "session"])
def test_a_number_that_was_used_within_a_year_does_not(by_phone, used):
    old = by_phone()
    then = timezone.now() - timedelta(days=366)
    User.objects.update(last_login=then, phone_verified_at=then)
    Session.objects.update(last_used_at=then)
    lately = timezone.now() - timedelta(days=364)
    if used == "session":
        Session.objects.update(last_used_at=lately)
    else:
        User.objects.update(**{used: lately})
    assert by_phone()["user"]["id"] == old["user"]["id"]


def test_an_account_prepared_by_staff_is_waiting(by_phone):
    made = User.objects.create_user(phone=PHONE, first_name="Tigist")
    body = by_phone()
    assert (body["user"]["id"], body["user"]["first_name"]) == (str(made.public_id), "Tigist")


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "a@buyers.shop"},
        {"password": PASSWORD},
        {"is_active": False},
        {"is_staff": True},
        {"is_superuser": True},
        {"last_login": timezone.now()},
    ],
)
def test_no_other_account_is_waiting(by_phone, fields):
    """Whoever could have been in there before, or could do more than a customer, is not handed over."""
    made = User.objects.create_user(phone=PHONE, **fields)
    assert by_phone()["user"]["id"] != str(made.public_id)


# --- passwords ------------------------------------------------------------------------------------------


def test_a_verified_number_and_a_password_sign_in(person, api):
    person(phone=PHONE, phone_verified_at=timezone.now(), email_verified_at=None)
    for phone in ("0911234567", PHONE, "+251 911 23 45 67"):
        answer = api.post("/api/auth/login/", {"phone": phone, "password": PASSWORD})
        assert answer.status_code == 200, answer.content
    assert api.post("/api/auth/login/", {"phone": PHONE, "password": "wrong"}).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"email": "abebe@buyers.shop", "phone": PHONE}, {"phone": "none"}, {"email": None}]
)
def test_either_an_address_or_a_number(api, body):
    answer = api.post("/api/auth/login/", {**body, "password": PASSWORD})
    assert answer.status_code == 400


def test_people_without_a_password_set_one(by_phone, call, api, me):
    access = by_phone()["access"]
    answer = call("post", "password/change/", access, {"new_password": "goats that nobody knew"})
    assert answer.status_code == 200, answer.content
    assert me(access) == 401, "as any change of the password it ends what was before"
    told = sms_to(PHONE)[-1]
    assert "password was changed" in told
    assert "sign in by SMS" in told, "nothing that takes an e-mail address"
    body = {"phone": PHONE, "password": "goats that nobody knew"}
    assert api.post("/api/auth/login/", body).status_code == 200


def test_a_forgotten_password_is_replaced_after_a_code(person, by_phone, call, api):
    person(phone=PHONE, phone_verified_at=timezone.now())
    answer = call(
        "post", "password/change/", by_phone()["access"], {"new_password": "goats that nobody knew"}
    )
    assert answer.status_code == 200
    assert (
        api.post(
            "/api/auth/login/", {"email": "abebe@buyers.shop", "password": PASSWORD}
        ).status_code
        == 401
    )


def test_the_old_password_is_wanted_of_everybody_else(person, login, by_phone, call):
    person()
    body = {"new_password": "goats that nobody knew"}
    answer = call("post", "password/change/", login()["access"], body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "required")
    access = by_phone()["access"]
    Session.objects.update(authenticated_at=timezone.now() - timedelta(minutes=16))
    assert call("post", "password/change/", access, body).status_code == 400
    access = by_phone()["access"]
    wrong = call("post", "password/change/", access, {**body, "old_password": "not mine at all"})
    assert wrong.json()["code"] == "wrong_password", "a wrong one is not better than none"


# --- second factor and devices ----------------------------------------------------------------------------


def test_a_code_does_not_replace_the_second_factor(person, api, code_to):
    user = person(phone=PHONE, phone_verified_at=timezone.now(), is_staff=True, is_superuser=True)
    app, _ = set_up(user)
    api.post("/api/auth/phone/code/", {"phone": PHONE})
    body = {"phone": PHONE, "code": code_to()}
    answer = api.post("/api/auth/phone/login/", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
    answer = api.post("/api/auth/phone/login/", {**body, "otp": app.wrong()})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_second_factor")
    answer = api.post("/api/auth/phone/login/", {**body, "otp": app.code()})
    assert answer.status_code == 200, "the same code goes with the second factor"
    assert Session.objects.latest("pk").second_factor_at is not None


def test_a_known_device_gets_codes_although_strangers_used_them_up(by_phone, api, settings):
    device = by_phone()["device"]
    PhoneCode.objects.all().delete()
    settings.RATE_LIMITS = True
    settings.SMS_URL = "console:?per_hour=1"
    ask = lambda **body: api.post("/api/auth/phone/code/", {"phone": PHONE, **body}).status_code  # noqa: E731
    assert (ask(), ask()) == (202, 429)
    assert ask(device=device) == 202
    assert ask(device=device) == 429, "its own limits hold as well"
    assert ask(device="forged") == 429
    answer = api.post("/api/auth/phone/code/", {"phone": OTHER, "device": device})
    assert answer.status_code == 429, "known for its own number only"


# --- the profile -------------------------------------------------------------------------------------------


def test_me_shows_the_number_and_since_when(by_phone, call):
    body = call("get", "me/", by_phone()["access"]).json()
    assert body["phone"] == PHONE
    assert body["phone_verified_at"].endswith("Z")
    assert (body["email"], body["email_verified_at"]) == (None, None)
