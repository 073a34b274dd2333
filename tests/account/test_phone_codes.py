"""POST /api/auth/phone/code/ and phone/login/: codes, guesses, and who gets in."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

from account import housekeeping, phone_codes
from account.models import PhoneCode, Session, User
from events.models import Letter
from tests.account.conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)

VERIFIER = "0b8a1c8e-3a5f-4d7e-9d0a-6f6a3f0f7c11"


@pytest.fixture
def sms(run_jobs):
    """The codes sent to a number, oldest first."""

    def read(phone=PHONE):
        run_jobs()
        texts = Letter.objects.filter(channel="sms", recipient=phone).order_by("pk")
        return [
            m[0]
            for text in texts.values_list("text", flat=True)
            if (m := re.match(r"\d{6}\b", text))
        ]

    return read


def wrong(code):
    """Other codes than this one."""
    return (f"{(int(code) + n) % 10**6:06d}" for n in count(1))


# --- signing in ------------------------------------------------------------------------------------


def test_a_number_that_is_nobodys_opens_an_account(ask, sms, enter, me):
    answer = ask("0911 23 45 67")
    assert answer.status_code == 202
    assert answer.json()["expires_in"] == 600
    assert not User.objects.exists(), "asking opens nothing"
    [code] = sms()
    answer = enter(code, phone="0911234567", first_name="አበበ", last_name="Bikila")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert {"access", "refresh", "user"} <= body.keys()
    assert (body["user"]["email"], body["user"]["phone"]) == (None, PHONE)
    assert body["user"]["phone_verified_at"]
    assert body["user"]["first_name"] == "አበበ"
    assert me(body["access"]) == 200
    user = User.objects.get()
    assert not user.has_usable_password()
    assert Session.objects.get().by_code


def test_the_second_time_it_is_the_same_account(ask, sms, enter):
    ask()
    first = enter(sms()[-1]).json()["user"]["id"]
    ask()
    again = enter(sms()[-1], first_name="Other")
    assert again.json()["user"]["id"] == first
    assert again.json()["user"]["first_name"] == "", "the names are those of a new account only"


def test_the_sms(ask, sms, settings):
    settings.PUBLIC_URL = "https://shop.example"
    ask()
    [code] = sms()
    [letter] = Letter.objects.all()
    assert letter.text.endswith(f"\n@shop.example #{code}"), "browsers look for this line (WebOTP)"
    assert "Never share" in letter.text
    assert settings.SHOP_NAME in letter.text
    assert len(letter.text) <= 160
    letter.text.encode("ascii")  # all of GSM 03.38's basic set
    assert "_" not in letter.text
    assert letter.expires_at == PhoneCode.objects.get().expires_at


def test_only_a_keyed_digest_is_stored(ask, sms):
    from procrastinate.contrib.django.models import ProcrastinateJob

    ask(verifier=VERIFIER)
    [code] = sms()
    row = PhoneCode.objects.get()
    assert re.fullmatch(r"[0-9a-f]{64}", row.digest)
    plain = hashlib.sha256(f"{PHONE}|sign_in||{code}".encode()).hexdigest()
    assert row.digest not in (plain, hashlib.sha256(code.encode()).hexdigest())
    assert row.verifier == hashlib.sha256(VERIFIER.encode()).hexdigest()
    for job in ProcrastinateJob.objects.all():
        assert code not in str(job.args)
        assert PHONE not in str(job.args)


def test_a_code_works_once(ask, sms, enter):
    ask()
    [code] = sms()
    assert enter(code).status_code == 200
    answer = enter(code)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_code")


def test_spaces_do_not_matter(ask, sms, enter):
    ask()
    [code] = sms()
    assert enter(f"{code[:3]} {code[3:]}").status_code == 200


def test_a_code_is_good_for_one_number_and_purpose(ask, sms, enter, person, login, api):
    person()
    access = {"Authorization": f"Bearer {login()['access']}"}
    api.post("/api/auth/phone/verify/", {"phone": PHONE}, headers=access)
    [code] = sms()
    assert enter(code).status_code == 401, "a code to verify a number does not sign in"
    ask("0922334455")
    [other] = sms("+251922334455")
    assert enter(other).status_code == 401
    answer = api.post("/api/auth/phone/verify/confirm/", {"code": other}, headers=access)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_code")


def test_a_new_code_voids_the_older(ask, sms, enter):
    ask()
    ask()
    older, newer = sms()[0], sms()[-1]
    # The job of the older one finds it void and sends nothing, when it comes late enough.
    if older != newer:
        assert enter(older).status_code == 401
    assert enter(newer).status_code == 200


def test_an_older_code_that_was_sent_is_void(ask, sms, enter):
    ask()
    [older] = sms()
    ask()
    newer = sms()[-1]
    assert enter(older).status_code == (200 if older == newer else 401)
    assert enter(newer).status_code == 200


def test_after_ten_minutes_it_is_over(ask, sms, enter):
    ask()
    [code] = sms()
    PhoneCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert enter(code).status_code == 401


def test_a_code_that_waits_too_long_is_not_sent(ask, run_jobs, enter):
    from events.services import send_letter

    ask()
    run_jobs()
    Letter.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    send_letter(letter_id=Letter.objects.get().pk)
    letter = Letter.objects.get()
    assert (letter.sent_at, letter.text) == (None, "")
    assert letter.attempts == 0
    PhoneCode.objects.update(digest="", expires_at=timezone.now() - timedelta(seconds=1))
    phone_codes.send(code_id=PhoneCode.objects.get().pk)
    assert Letter.objects.count() == 1


def test_the_job_runs_twice_and_sends_once(ask, sms):
    ask()
    [code] = sms()
    phone_codes.send(code_id=PhoneCode.objects.get().pk)
    assert sms() == [code]


def test_codes_are_forgotten(ask, sms):
    ask()
    PhoneCode.objects.update(expires_at=timezone.now() - timedelta(days=1))
    housekeeping.prune()
    assert PhoneCode.objects.count() == 1, "the limits of a day still look at it"
    PhoneCode.objects.update(expires_at=timezone.now() - timedelta(days=3))
    housekeeping.prune()
    assert not PhoneCode.objects.exists()


# --- guessing --------------------------------------------------------------------------------------


def test_five_wrong_codes_and_the_right_one_is_void(ask, sms, enter):
    ask()
    [code] = sms()
    guesses = wrong(code)
    for _ in range(5):
        answer = enter(next(guesses))
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_code")
    assert enter(code).status_code == 401
    assert not User.objects.exists()


def test_the_fifth_try_still_counts(ask, sms, enter):
    ask()
    [code] = sms()
    guesses = wrong(code)
    for _ in range(4):
        enter(next(guesses))
    assert enter(code).status_code == 200


def test_strangers_use_up_tries_of_their_own(ask, sms, enter):
    """Whoever only knows the number cannot keep its owner from signing in."""
    ask(verifier=VERIFIER)
    [code] = sms()
    guesses = wrong(code)
    for n in range(8):
        assert enter(next(guesses), verifier=f"not the verifier, no {n}").status_code == 401
        assert enter(next(guesses)).status_code == 401
    row = PhoneCode.objects.get()
    assert (row.attempts, row.stranger_attempts) == (0, 5)
    assert enter(code).status_code == 401, "strangers may not even try the right one any more"
    assert enter(code, verifier=VERIFIER).status_code == 200


def test_control_without_a_verifier_a_stranger_uses_up_the_owners_tries(ask, sms, enter):
    ask()
    [code] = sms()
    guesses = wrong(code)
    for n in range(8):
        enter(next(guesses), verifier=f"not the verifier, no {n}")
    assert enter(code).status_code == 401


def test_a_stranger_who_asks_for_codes_does_not_void_the_owners(ask, sms, enter):
    ask(verifier=VERIFIER)
    [code] = sms()
    ask(verifier="a stranger's own verifier")
    ask()
    assert len(sms()) == 3
    assert enter(code, verifier=VERIFIER).status_code == 200
    assert not PhoneCode.objects.filter(used_at=None, voided_at=None).exists(), (
        "and theirs are void"
    )


def test_a_code_that_was_asked_for_elsewhere_works_without_a_verifier(ask, sms, enter):
    ask(verifier=VERIFIER)
    [code] = sms()
    assert enter(code).status_code == 200


def test_every_wrong_code_is_written_down_without_it(ask, sms, enter):
    from audit.models import AuditEntry

    ask()
    [code] = sms()
    guess = next(wrong(code))
    enter(guess)
    [entry] = AuditEntry.objects.filter(action="security.code_guessed")
    written = f"{entry.details} {entry.target_public_id} {entry.actor_name}"
    for secret in (guess, code, PHONE, PHONE[4:]):
        assert secret not in written
    assert entry.outcome == "refused"


# --- the same for everybody ---------------------------------------------------------------------------


def test_known_and_unknown_numbers_get_the_same_answer(ask, person, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    person("known@buyers.shop", phone=PHONE, phone_verified_at=timezone.now())
    person(
        "closed@buyers.shop",
        phone="+251911000001",
        phone_verified_at=timezone.now(),
        is_active=False,
    )
    seen = []
    for phone in (PHONE, "+251911000001", "+251922000000"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = ask(phone)
        headers = {
            k: v
            for k, v in answer.headers.items()
            if k not in ("X-Request-ID",) and not k.startswith("RateLimit")
        }
        statements = [re.sub(r"\d+|'[^']*'", "?", q["sql"]) for q in queries]
        seen.append((answer.status_code, answer.content, headers, statements))
    assert seen[0] == seen[1] == seen[2]
    assert not any("account_user" in statement for statement in seen[0][3]), "nobody is looked up"


def test_a_closed_account_is_told_only_to_who_reads_the_number(ask, sms, enter, person):
    person(phone=PHONE, phone_verified_at=timezone.now(), is_active=False)
    ask()
    [code] = sms()
    assert enter(next(wrong(code))).json()["code"] == "invalid_code"
    answer = enter(code)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_closed")
    assert not Session.objects.exists()
