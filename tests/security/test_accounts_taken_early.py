"""Whoever names an address before its owner does keeps nothing of the account (account pre-hijacking)."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from account import phone_codes, services
from account.models import EmailToken, PhoneCode, Session, User
from events.models import Letter
from tests.account.conftest import at_once as at_once
from tests.payments.conftest import clear_jobs

VICTIM = "meron@buyers.shop"
THEIRS, OWN = "the stranger's own words", "seven goats on a hill"
PHONE = "+251911234567"


@pytest.fixture(autouse=True)
def _no_jobs_left(db):
    """Jobs are in a table of their own, which no flush empties."""
    clear_jobs()
    yield
    clear_jobs()


def register(api, password, **more):
    answer = api.post("/api/auth/register/", {"email": VICTIM, "password": password, **more})
    assert answer.status_code == 202
    return answer


def tokens_in_letters():
    texts = Letter.objects.filter(recipient=VICTIM).order_by("pk").values_list("text", flat=True)
    return [
        found for text in texts for found in re.findall(r"\?token=([\w-]+)$", text, re.MULTILINE)
    ]


def sign_in(api, password, email=VICTIM):
    return api.post("/api/auth/login/", {"email": email, "password": password})


@pytest.fixture
def taken_early(api, db, run_jobs):
    """A stranger registers somebody's address, with their own password, name and number, and asks for every letter."""
    register(api, THEIRS, first_name="Eve", phone=PHONE)
    run_jobs()
    api.post("/api/auth/password/forgot/", {"email": VICTIM})
    api.post("/api/auth/verify-email/resend/", {"email": VICTIM})
    run_jobs()
    return tokens_in_letters()


def test_the_owner_registers_and_the_stranger_has_nothing(api, taken_early, run_jobs, settings):
    assert sign_in(api, THEIRS).status_code == 403, (
        "nobody is signed in before the mailbox has answered"
    )
    assert not Session.objects.exists()
    register(api, OWN, first_name="Meron")
    run_jobs()
    verification = [token for token in tokens_in_letters() if token not in taken_early]
    for old in taken_early:  # the links that the stranger's letters brought
        assert api.post("/api/auth/verify-email/", {"token": old}).status_code == 400
    assert api.post("/api/auth/verify-email/", {"token": verification[-1]}).status_code == 200

    user = User.objects.get()
    assert (user.first_name, user.phone, user.phone_verified_at) == ("Meron", None, None)
    assert sign_in(api, THEIRS).status_code == 401
    assert sign_in(api, OWN).status_code == 200
    assert Session.objects.filter(revoked_at=None).count() == 1
    # A link to set a password may still lie in the owner's own mailbox; there and nowhere else.
    live = EmailToken.objects.filter(used_at=None, voided_at=None, expires_at__gt=timezone.now())
    assert set(live.values_list("purpose", flat=True)) <= {"reset"}
    assert set(live.values_list("email_key", flat=True)) <= {VICTIM}


def test_the_owner_asks_for_a_password_instead(api, taken_early, run_jobs):
    api.post("/api/auth/password/forgot/", {"email": VICTIM})
    run_jobs()
    reset = tokens_in_letters()[-1]
    body = {"token": reset, "new_password": OWN}
    assert api.post("/api/auth/password/reset/", body).status_code == 200
    assert sign_in(api, THEIRS).status_code == 401
    assert sign_in(api, OWN).status_code == 200
    for old in taken_early:
        assert api.post("/api/auth/verify-email/", {"token": old}).status_code == 400
        assert api.post("/api/auth/password/reset/", {**body, "token": old}).status_code == 400
    user = User.objects.get()
    assert (user.first_name, user.phone) == ("", None), "theirs, not the owner's"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "proved", [{"email_verified_at": timezone.now()}, {"phone_verified_at": timezone.now()}, {}]
)
def test_a_reset_forgets_nothing_that_is_the_owners(api, run_jobs, proved):
    """Whoever has proved an address or a number, and whomever the shop entered without a password."""
    user = User(email=VICTIM, first_name="Meron", phone=PHONE, **proved)
    user.set_password(OWN) if proved else user.set_unusable_password()
    user.save()
    services.request_password_reset(email=VICTIM)
    run_jobs()
    services.reset_password(token=tokens_in_letters()[-1], new_password=f"{OWN} again")
    user.refresh_from_db()
    assert (user.first_name, user.phone) == ("Meron", PHONE)


def code_for(phone, purpose=PhoneCode.Purpose.SIGN_IN, user=None, code="246810"):
    row = PhoneCode.objects.create(
        phone=phone, purpose=purpose, user=user, expires_at=timezone.now() + phone_codes.LIFETIME
    )
    row.digest = phone_codes._digest(row, code)
    row.save()
    return code


@pytest.mark.django_db(transaction=True)
def test_the_strangers_number_opens_another_account(api, taken_early, run_jobs):
    """They put their own number beside your address, and prove it later."""
    register(api, OWN)
    run_jobs()
    api.post("/api/auth/verify-email/", {"token": tokens_in_letters()[-1]})
    answer = api.post("/api/auth/phone/login/", {"phone": PHONE, "code": code_for(PHONE)})
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] is None
    assert User.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("owner_is_first", [False, True])
def test_an_address_that_a_phone_account_only_claims_stays_free(api, run_jobs, owner_is_first):
    """A stranger signs in by phone and names your address as theirs: nothing happens until you answer the letter."""
    answer = api.post("/api/auth/phone/login/", {"phone": PHONE, "code": code_for(PHONE)})
    stranger = {"Authorization": f"Bearer {answer.json()['access']}"}
    claim = {"email": VICTIM}
    if owner_is_first:
        register(api, OWN)
    api.post("/api/auth/email/", claim, headers=stranger)
    me = api.get("/api/auth/me/", headers=stranger).json()
    assert me["email"] is None
    register(api, OWN)
    run_jobs()
    user = User.objects.get(email=VICTIM)
    assert user.phone is None
    links = tokens_in_letters()
    assert api.post("/api/auth/verify-email/", {"token": links[-1]}).status_code == 200
    assert sign_in(api, OWN).status_code == 200
    assert User.objects.get(email=VICTIM).phone is None
    # The link of the stranger's claim, if the owner follows it by mistake, takes nothing away.
    for link in links[:-1]:
        api.post("/api/auth/verify-email/", {"token": link})
    assert User.objects.get(email=VICTIM).phone is None
    assert sign_in(api, OWN).status_code == 200


# --- One address, many at once --------------------------------------------------------------------

SPELLINGS = [
    "meron@buyers.shop",
    "Meron@buyers.shop",
    "MERON@BUYERS.SHOP",
    "meron@ＢＵＹＥＲＳ.shop",
    "meron@Buyers.Shop",
]


@pytest.mark.django_db(transaction=True)
def test_twenty_registrations_of_one_address_are_one_person(at_once):
    """In every spelling that means the same; the key is NFKC and case folded."""

    def call(n):
        body = {"email": SPELLINGS[n % 5], "password": f"goat number {n} of many"}
        return APIClient().post("/api/auth/register/", body).status_code

    assert Counter(at_once(20, call)) == {202: 20}
    [user] = User.objects.all()
    assert user.email_key == VICTIM
    assert unicodedata.is_normalized("NFKC", user.email_key)


@pytest.mark.django_db(transaction=True)
def test_control_look_first_and_write_later(at_once, monkeypatch):
    """Without the constraint, a registration that looks whether the address is free makes one person of each spelling."""

    def look_then_write(*, email, password, **_):
        if not User.objects.with_email(email).exists():
            time.sleep(0.3)
            User.objects.create(email=email)

    monkeypatch.setattr(services, "register", look_then_write)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE account_user DROP CONSTRAINT one_user_per_email")
        try:

            def call(n):
                body = {"email": SPELLINGS[n % 5], "password": f"goat number {n} of many"}
                return APIClient().post("/api/auth/register/", body).status_code

            at_once(20, call)
            assert User.objects.filter(email_key=VICTIM).count() > 1
        finally:
            User.objects.all().delete()
            cursor.execute(
                "ALTER TABLE account_user ADD CONSTRAINT one_user_per_email UNIQUE (email_key)"
            )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email",
    ["admın@buyers.shop", "ａdmin@buyers.shop", "аdmin@buyers.shop", "admin\u200b@buyers.shop"],
)
def test_a_look_alike_is_no_address(api, email):
    """Dotless, full-width, Cyrillic, with an invisible character: before the @ only ASCII is taken."""
    body = {"email": email, "password": OWN}
    assert api.post("/api/auth/register/", body).status_code == 400
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email",
    [
        "meron@buyers.shop\u200b", "meron@buy\u00aders.shop", "meron@buyers.shop\u3002",
        '"meron"@buyers.shop', '"me\\ron"@buyers.shop',
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["register", "password/forgot", "verify-email/resend"])
def test_a_second_spelling_of_a_mailbox_is_no_address(api, email, path):
    """Mail servers drop what is invisible, and quotes: each spelling would be another account, and get its own letters."""
    body = {"email": email} | ({"password": OWN} if path == "register" else {})
    assert api.post(f"/api/auth/{path}/", body).status_code == 400
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email",
    ["meron@bücher.shop", "meron@xn--bcher-kva.shop", "meron@ገበያ.shop", "me.ron+1@buyers.shop"],
)
def test_domains_in_ones_own_letters_are_addresses(api, email):
    body = {"email": email, "password": OWN}
    assert api.post("/api/auth/register/", body).status_code == 202
    assert User.objects.with_email(email).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("n", [0, 1])
def test_a_domain_in_letters_and_as_browsers_write_it_is_one_mailbox(api, n):
    two = ["meron@bücher.shop", "meron@xn--bcher-kva.shop"]
    for email in (two[n], two[1 - n], "Meron@BÜCHER.shop"):
        assert api.post("/api/auth/register/", {"email": email, "password": OWN}).status_code == 202
    [user] = User.objects.all()
    assert user.email_key == user.email.lower() == two[1], "stored as a mail server wants it"


@pytest.mark.django_db
def test_letters_go_to_the_stored_address_never_to_the_typed_one(api, run_jobs):
    """`ß` and `ss` fold to one key: the letter must not go to whoever owns the other domain."""
    User.objects.create_user("meron@strasse.example", OWN, email_verified_at=timezone.now())
    for path in ("password/forgot", "verify-email/resend"):
        api.post(f"/api/auth/{path}/", {"email": "meron@straße.example"})
    api.post("/api/auth/register/", {"email": "meron@straße.example", "password": OWN})
    run_jobs()
    assert set(Letter.objects.values_list("recipient", flat=True)) == {"meron@strasse.example"}
