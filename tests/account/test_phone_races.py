"""Codes under many hands at once. Each race has a control: without its protection it is lost."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from account import phone_codes, phone_identity
from account.models import PhoneCode, Session, User
from events.models import Letter

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+251911234567"
VERIFIER = "0b8a1c8e-3a5f-4d7e-9d0a-6f6a3f0f7c11"
LOGIN = "/api/auth/phone/login/"


def send_code(run_jobs, phone=PHONE, **body):
    APIClient().post("/api/auth/phone/code/", {"phone": phone, **body})
    run_jobs()
    text = Letter.objects.filter(recipient=phone).latest("pk").text
    return re.match(r"\d{6}", text)[0]


@pytest.fixture
def compared(monkeypatch):
    """The digests that were compared with a code's."""
    seen = []
    original = phone_codes.constant_time_compare

    def compare(stored, given):
        seen.append(given)
        return original(stored, given)

    monkeypatch.setattr(phone_codes, "constant_time_compare", compare)
    return seen


def guess(at_once, code, **body):
    def call(n):
        wrong = f"{(int(code) + n + 1) % 10**6:06d}"
        return APIClient().post(LOGIN, {"phone": PHONE, "code": wrong, **body}).status_code

    return Counter(at_once(50, call))


@pytest.mark.parametrize("body", [{}, {"verifier": VERIFIER}])
def test_of_fifty_parallel_guesses_five_are_compared(run_jobs, at_once, compared, body):
    code = send_code(run_jobs, **body)
    assert guess(at_once, code, **body) == {401: 50}
    assert len(compared) == 5
    assert PhoneCode.objects.get().attempts == 5
    answer = APIClient().post(LOGIN, {"phone": PHONE, "code": code, **body})
    assert answer.status_code == 401, "and the right one is void"


def test_control_a_count_that_looks_first_and_writes_later(
    run_jobs, at_once, compared, monkeypatch
):
    def look_then_write(row, *, own):
        if PhoneCode.objects.get(pk=row.pk).attempts >= phone_codes.ATTEMPTS:
            return False
        time.sleep(0.2)
        return bool(PhoneCode.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1))

    monkeypatch.setattr(phone_codes, "_count_try", look_then_write)
    code = send_code(run_jobs)
    guess(at_once, code)
    assert len(compared) > 5


def right_code(at_once, code):
    def call(n):
        return APIClient().post(LOGIN, {"phone": PHONE, "code": code}).status_code

    return Counter(at_once(20, call))


def test_one_of_twenty_uses_of_a_code_wins(run_jobs, at_once):
    code = send_code(run_jobs)
    assert right_code(at_once, code) == {200: 1, 401: 19}
    assert (User.objects.count(), Session.objects.count()) == (1, 1)


def test_control_a_code_that_is_not_spent(run_jobs, at_once, monkeypatch):
    monkeypatch.setattr(phone_codes, "spend", lambda row: True)
    code = send_code(run_jobs)
    assert right_code(at_once, code)[200] > 1


def test_two_codes_of_one_new_number_open_one_account(run_jobs, at_once):
    codes = [(send_code(run_jobs, verifier=v), v) for v in (VERIFIER, VERIFIER[::-1])]

    def call(n):
        code, verifier = codes[n]
        body = {"phone": PHONE, "code": code, "verifier": verifier}
        return APIClient().post(LOGIN, body).status_code

    seen = at_once(2, call)
    assert 200 in seen
    assert set(seen) <= {200, 401}, "whoever is first voids the other code"
    assert User.objects.count() == 1


def test_asking_twenty_times_at_once_sends_one_sms(at_once, settings):
    settings.RATE_LIMITS = True

    def call(n):
        return APIClient().post("/api/auth/phone/code/", {"phone": PHONE}).status_code

    assert Counter(at_once(20, call)) == {202: 1, 429: 19}
    assert PhoneCode.objects.count() == 1


def test_control_asking_without_the_lock(at_once, settings, monkeypatch):
    settings.RATE_LIMITS = True
    original = phone_codes._refuse_too_many

    def slow(phone, now, *, known):
        original(phone, now, known=known)
        time.sleep(0.3)

    monkeypatch.setattr(phone_codes, "_refuse_too_many", slow)
    monkeypatch.setattr(phone_codes, "_one_at_a_time", lambda: None)
    seen = Counter(
        at_once(
            8,
            lambda n: (
                APIClient()
                .post(
                    "/api/auth/phone/code/",
                    {"phone": PHONE, "verifier": f"a verifier of its own, no {n}"},
                )
                .status_code
            ),
        )
    )
    assert seen[202] > 1


def test_one_of_many_people_gets_a_number(person, run_jobs, at_once):
    """Several signed-in people prove the same number at the same moment."""
    people = [person(f"p{n}@buyers.shop") for n in range(6)]
    codes = []
    for user in people:
        phone_codes.request(phone=PHONE, purpose=phone_codes.Purpose.VERIFY, user=user)
        run_jobs()
        codes.append(re.match(r"\d{6}", Letter.objects.latest("pk").text)[0])
    sessions = [
        Session.objects.create(user=u, password_mark=u.password_mark(), expires_at=timezone.now())
        for u in people
    ]

    def call(n):
        try:
            phone_identity.verify(session=sessions[n], code=codes[n])
        except phone_identity.PhoneTaken:
            return "taken"
        return "mine"

    assert Counter(at_once(6, call)) == {"mine": 1, "taken": 5}
    assert User.objects.filter(phone=PHONE, phone_verified_at__isnull=False).count() == 1
