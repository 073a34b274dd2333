"""Registering and verifying: nobody learns who has an account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from account.models import EmailToken, User
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db
URL = "/api/auth/register/"
BODY = {"email": "abebe@buyers.shop", "password": PASSWORD}


def verify(api, token):
    return api.post("/api/auth/verify-email/", {"token": token})


def test_register_verify_login(api, letters, token_in, login, settings):
    """Field defects 7 and 9: registration had no serializer Meta and the letter had no link."""
    answer = api.post(URL, {**BODY, "first_name": "Abebe", "phone": "0911234567"})
    assert answer.status_code == 202
    assert answer["Cache-Control"] == "no-store"
    [letter] = letters("abebe@buyers.shop")
    token = token_in(letter)
    assert token in letter.text.splitlines(), "the bare token has a line of its own"
    assert f"{settings.PUBLIC_URL}/account/verify/?token={token}" in letter.text.splitlines()
    assert token in letter.html

    refused = api.post("/api/auth/login/", BODY)
    assert refused.status_code == 403
    assert refused.json()["code"] == "email_not_verified"
    assert verify(api, token).status_code == 200
    body = login()
    assert body["user"] == {
        "id": str(User.objects.get().public_id),
        "email": "abebe@buyers.shop",
        "email_verified_at": body["user"]["email_verified_at"],
        "phone": "+251911234567",
        "phone_verified_at": None,
        "first_name": "Abebe",
        "last_name": "",
        "is_staff": False,
        "roles": [],
        "permissions": [],
        "created_at": body["user"]["created_at"],
    }


def test_the_password_is_hashed(api):
    """Field defect 7: the password was stored in clear."""
    api.post(URL, BODY)
    stored = User.objects.get().password
    assert PASSWORD not in stored
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_letter_stores_no_token_in_the_account(api, letters, token_in):
    api.post(URL, BODY)
    token = token_in(letters()[0])
    row = EmailToken.objects.get()
    assert token not in str(vars(row))
    assert len(token) >= 43, "256 bits"


def test_not_verified_is_told_only_after_a_right_password(api):
    api.post(URL, BODY)
    answer = api.post("/api/auth/login/", {**BODY, "password": "something else entirely"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


def test_known_unverified_and_unknown_addresses_look_the_same(
    api, person, django_assert_num_queries, monkeypatch
):
    """Status, body, headers, password hashes and SQL statements: time is made of the last two."""
    from account import hashers

    hashes = []
    encode = hashers.SmallArgon2PasswordHasher.encode
    monkeypatch.setattr(
        hashers.SmallArgon2PasswordHasher,
        "encode",
        lambda self, *args: hashes.append(1) or encode(self, *args),
    )
    person("known@buyers.shop")
    person("waiting@buyers.shop", email_verified_at=None)
    hashes.clear()
    seen = []
    for name in ("known", "waiting", "unknown"):
        with django_assert_num_queries(7):
            answer = api.post(URL, {"email": f"{name}@buyers.shop", "password": PASSWORD})
        headers = {k: v for k, v in answer.headers.items() if k != "X-Request-ID"}
        seen.append((answer.status_code, answer.content, headers, len(hashes)))
        hashes.clear()
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][3] == 1


def test_the_owner_of_a_known_address_is_told(api, person, letters, login):
    user = person()
    api.post(
        URL,
        {"email": "Abebe@Buyers.shop", "password": "quite another sentence", "first_name": "Eve"},
    )
    [letter] = letters()
    assert "already" in letter.subject
    assert letter.recipient == "abebe@buyers.shop", "the stored address, not the typed one"
    assert "token" not in letter.text
    user.refresh_from_db()
    assert user.first_name == ""
    login()


def test_registering_again_replaces_the_password_and_voids_letters(api, letters, token_in, login):
    api.post(URL, BODY)
    first = token_in(letters()[0])
    api.post(URL, {**BODY, "password": "another long sentence"})
    assert verify(api, first).status_code == 400
    second = token_in(letters()[1])
    assert verify(api, second).status_code == 200
    login(password="another long sentence")
    assert api.post("/api/auth/login/", BODY).status_code == 401


def test_an_old_letter_is_void_before_the_new_one_is_written(api, letters, token_in):
    api.post(URL, BODY)
    first = token_in(letters()[0])
    api.post(URL, {**BODY, "password": "another long sentence"})
    assert verify(api, first).status_code == 400, "the job for the second letter has not run"


def test_a_job_that_runs_twice_writes_one_letter(api, letters, token_in):
    from account import correspondence

    api.post(URL, BODY)
    [letter] = letters()
    occasion = letter.dedupe_key.removeprefix("account:")
    correspondence.send_registration_letter(user_id=User.objects.get().pk, occasion=occasion)
    assert len(letters()) == 1
    assert verify(api, token_in(letter)).status_code == 200, "the first letter still works"


def test_a_disabled_person_is_not_revived(api, person, letters):
    user = person(email_verified_at=None, is_active=False)
    before = user.password
    assert api.post(URL, BODY).status_code == 202
    user.refresh_from_db()
    assert user.password == before
    assert letters() == []


def test_somebody_elses_phone_number_is_a_contact_and_no_more(api, person):
    """Neither a verified nor an unverified number of somebody else blocks or tells anything."""
    person("first@buyers.shop", phone="0911234567", phone_verified_at=timezone.now())
    answer = api.post(URL, {**BODY, "phone": "+251 911 23 45 67"})
    assert answer.status_code == 202
    user = User.objects.get(email="abebe@buyers.shop")
    assert (user.phone, user.phone_verified_at) == ("+251911234567", None)


def test_a_strangers_words_do_not_reach_the_mailbox(api, letters):
    api.post(URL, {**BODY, "first_name": "http://evil.example/"})
    [letter] = letters()
    assert "evil" not in letter.text + letter.html + letter.subject


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "no address", "invalid"),
        ("email", "", "blank"),
        ("email", None, "null"),
        ("email", ["a@b.et"], "invalid"),
        ("email", "a" * 250 + "@b.shop", "invalid"),
        ("email", "admın@buyers.shop", "local_part"),
        ("email", "a\0b@buyers.shop", "invalid"),
        ("email", "a@" + "ሀ" * 60 + ".et", "invalid"),
        ("email", "a@" + "\ufdfa" * 30 + ".et", "max_length"),
        ("password", "short", "password_too_short"),
        ("password", "password1234", "password_too_common"),
        ("password", "abebe@buyers.shop", "password_too_similar"),
        ("password", "x" * 129, "max_length"),
        ("password", "nul \0 in the middle", "null_characters_not_allowed"),
        ("password", None, "null"),
        ("password", 123456789012, None),
        ("phone", "12", "invalid_phone"),
        ("phone", "not a number", "invalid_phone"),
        ("first_name", "x" * 151, "max_length"),
        ("first_name", {"a": 1}, "invalid"),
        ("is_staff", True, "unknown_field"),
        ("is_superuser", True, "unknown_field"),
        ("email_verified_at", "2020-01-01T00:00:00Z", "unknown_field"),
        ("id", 1, "unknown_field"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(api, field, value, code):
    answer = api.post(URL, {**BODY, field: value})
    if code is None:
        assert answer.status_code in (202, 400)
        return
    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert (field, code) in {(e["field"], e["code"]) for e in problem["errors"]} or (
        field in {e["field"] for e in problem["errors"]} and code == "invalid"
    ), problem
    assert not User.objects.exists()


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(api, body):
    assert api.post(URL, body, format="json").status_code == 400


def test_a_password_of_128_characters_is_fine(api):
    assert api.post(URL, {**BODY, "password": "ab cd ef " * 14 + "xy"}).status_code == 202


def test_equal_looking_passwords_are_equal(api, letters, token_in, login):
    """NFKC: a full-width keyboard types the same password."""
    api.post(URL, {**BODY, "password": "ｓｅｖｅｎ goats on a hill"})
    verify(api, token_in(letters()[0]))
    login(password="seven goats on a hill")


@pytest.mark.parametrize(
    "spelling", ["ABEBE@buyers.shop", "abebe@BUYERS.shop", "  abebe@buyers.shop "]
)
def test_another_spelling_is_the_same_account(api, person, login, spelling):
    person("Abebe@Buyers.Shop")
    api.post(URL, {"email": spelling, "password": "another long sentence"})
    assert User.objects.count() == 1
    assert login(email=spelling)["user"]["email"] == "Abebe@Buyers.Shop", "kept as typed"


def test_links_lead_to_the_front_end_if_there_is_one(api, letters, settings):
    settings.FRONTEND_URL = "https://shop.example"
    api.post(URL, BODY)
    assert "https://shop.example/account/verify/?token=" in letters()[0].text


def test_the_host_header_is_never_believed(api, letters, settings):
    settings.ALLOWED_HOSTS = ["*"]
    api.post(URL, BODY, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in letters()[0].text


@pytest.mark.parametrize(
    "token", ["", "x", "\0", "ሀ" * 50, "a" * 201, "a" * 100_000, None, 5, ["x"]]
)
def test_a_bad_token_is_a_400_that_names_the_field(api, token):
    answer = verify(api, token)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "token"


def test_a_verification_token_works_once(api, letters, token_in):
    api.post(URL, BODY)
    token = token_in(letters()[0])
    assert [verify(api, token).status_code for _ in range(2)] == [200, 400]


def test_a_verification_token_ends_after_48_hours(api, letters, token_in):
    api.post(URL, BODY)
    token = token_in(letters()[0])
    assert EmailToken.objects.get().expires_at > timezone.now() + timedelta(hours=47)
    EmailToken.objects.update(expires_at=timezone.now())
    answer = verify(api, token)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")


def test_a_verification_token_sets_no_password(api, letters, token_in):
    api.post(URL, BODY)
    answer = api.post(
        "/api/auth/password/reset/",
        {"token": token_in(letters()[0]), "new_password": "another long sentence"},
    )
    assert answer.status_code == 400


def test_a_token_dies_with_its_address(api, letters, token_in):
    api.post(URL, BODY)
    token = token_in(letters()[0])
    user = User.objects.get()
    user.email = "other@buyers.shop"
    user.save()
    assert verify(api, token).status_code == 400


def test_resend_answers_all_alike_and_writes_to_those_who_wait(
    api, person, letters, token_in, django_assert_num_queries
):
    person("known@buyers.shop")
    person("waiting@buyers.shop", email_verified_at=None)
    answers = []
    for name in ("known", "waiting", "unknown"):
        with django_assert_num_queries(4):
            answers.append(
                api.post("/api/auth/verify-email/resend/", {"email": f"{name}@buyers.shop"})
            )
    assert {(a.status_code, a.content) for a in answers} == {(202, answers[0].content)}
    [letter] = letters()
    assert letter.recipient == "waiting@buyers.shop"
    api.post("/api/auth/verify-email/resend/", {"email": "Waiting@buyers.shop"})
    newer = letters()[1]
    assert verify(api, token_in(letter)).status_code == 400, "a newer letter voids older ones"
    assert verify(api, token_in(newer)).status_code == 200
