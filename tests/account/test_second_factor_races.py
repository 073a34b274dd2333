"""Many codes at once, and many guesses. Each race has a control: without its protection it is lost."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from django.utils import timezone

from account import enrolment, second_factor, sessions, vault
from account.models import RecoveryCode, SecondFactor, Session
from events.models import Letter
from tests.account.authenticator import App, actions, log_in, set_up

pytestmark = pytest.mark.django_db
N = 20


# --- races ------------------------------------------------------------------------------------


def log_ins_at_once(at_once, otp, count=N):
    def call(index):
        return log_in(otp=otp).status_code

    return Counter(at_once(count, call))


@pytest.mark.django_db(transaction=True)
def test_of_many_uses_of_one_code_one_wins(owner, at_once):
    app, _ = set_up(owner)
    assert log_ins_at_once(at_once, app.code()) == {200: 1, 401: N - 1}
    assert Session.objects.filter(second_factor_at__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_a_code_that_is_looked_at_first_and_used_up_later(owner, at_once, monkeypatch):
    """As the stock TOTP device does it: read `last_t`, compare, save."""
    app, _ = set_up(owner)

    def look_then_write(factor, code):
        secret, _ = vault.unseal(bytes(factor.secret), owner=str(factor.user.public_id))
        step = second_factor.matching_step(secret=secret, code=code)
        if step is None or step <= factor.last_step:
            return False
        time.sleep(0.5)
        factor.last_step = step
        factor.save()
        return True

    monkeypatch.setattr(second_factor, "_take_code", look_then_write)
    assert log_ins_at_once(at_once, app.code(), 6)[200] > 1


@pytest.mark.django_db(transaction=True)
def test_of_many_uses_of_one_recovery_code_one_wins(owner, at_once):
    _, codes = set_up(owner)
    assert log_ins_at_once(at_once, codes[3]) == {200: 1, 401: N - 1}
    assert RecoveryCode.objects.filter(used_at__isnull=True).count() == 9


@pytest.mark.django_db(transaction=True)
def test_control_recovery_codes_that_are_not_used_up(owner, at_once, monkeypatch):
    _, codes = set_up(owner)
    monkeypatch.setattr(
        second_factor,
        "_take_recovery_code",
        lambda factor, code: factor.recovery_codes.filter(
            digest=second_factor.recovery_digest(code)
        ).exists(),
    )
    assert log_ins_at_once(at_once, codes[3], 6)[200] > 1


@pytest.mark.django_db(transaction=True)
def test_confirmed_at_once_there_is_one_set_of_codes(owner, at_once):
    begun = enrolment.enrol(user=owner, code="", address=None)
    code = App(begun.secret).code()

    def call(index):
        try:
            return enrolment.confirm(user=owner, code=code, session=None, address=None)
        except (second_factor.WrongCode, enrolment.NoSecondFactor):
            return None

    sets = [codes for codes in at_once(8, call) if codes]
    assert len(sets) == 1
    assert RecoveryCode.objects.count() == 10
    assert log_in(otp=sets[0][0]).status_code == 200


# --- guessing ---------------------------------------------------------------------------------


def test_guessing_is_limited_and_told(owner, settings):
    settings.RATE_LIMITS = True
    app, _ = set_up(owner)
    factor = SecondFactor.objects.get()
    seen = Counter()
    for _ in range(14):
        try:
            second_factor.verify(factor=factor, code=app.wrong(), address="203.0.113.5")
        except second_factor.WrongCode:
            seen["wrong"] += 1
        except second_factor.TooManyRequests as refusal:
            seen["refused"] += 1
            seen["wait"] = max(seen["wait"], refusal.retry_after)
    assert 0 < seen.pop("wait") <= 310
    assert seen == {"wrong": 10, "refused": 4}
    letters = Letter.objects.filter(subject__contains="has your password")
    assert [letter.recipient for letter in letters] == [owner.email], "one letter a day"
    assert "security.second_factor_guessed" in actions()
    second_factor.verify(factor=factor, code=app.code(), address="203.0.113.6")  # elsewhere


def test_a_stranger_cannot_lock_the_owner_out(owner, settings):
    """Who has the password and guesses from everywhere is stopped; not the owner at a place where they were before."""
    app, codes = set_up(owner)
    home = sessions.Device(address="198.51.100.20")
    sessions.open_session(user=owner, device=home, second_factor_at=timezone.now())
    settings.RATE_LIMITS = True
    factor = SecondFactor.objects.get()
    refused = 0
    for number in range(60):
        try:
            second_factor.verify(factor=factor, code=app.wrong(), address=f"203.0.113.{number}")
        except second_factor.WrongCode:
            pass
        except second_factor.TooManyRequests:
            refused += 1
    assert refused >= 9
    with pytest.raises(second_factor.TooManyRequests):
        second_factor.verify(factor=factor, code=app.code(), address="203.0.113.99")
    second_factor.verify(factor=factor, code=app.code(), address=home.address)
    second_factor.verify(factor=factor, code=codes[0], address="203.0.113.99")  # not guessable


def test_of_ipv6_a_place_is_the_network(owner, settings):
    """One household has 2^64 addresses: they are one place to guess from, and one place where the owner was before."""
    app, _ = set_up(owner)
    home = sessions.Device(address="2001:db8:0:1::20")
    sessions.open_session(user=owner, device=home, second_factor_at=timezone.now())
    settings.RATE_LIMITS = True
    factor = SecondFactor.objects.get()
    seen = Counter()
    for number in range(12):
        try:
            second_factor.verify(factor=factor, code=app.wrong(), address=f"2001:db8:0:2::{number}")
        except second_factor.WrongCode:
            seen["wrong"] += 1
        except second_factor.TooManyRequests:
            seen["refused"] += 1
    assert seen == {"wrong": 10, "refused": 2}
    second_factor.PER_USER.forgive(str(owner.pk))
    for _ in range(50):
        second_factor.PER_USER.spend(str(owner.pk))
    second_factor.verify(factor=factor, code=app.code(), address="2001:db8:0:1::21")


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_under_parallel_guesses(owner, settings, at_once):
    settings.RATE_LIMITS = True
    app, _ = set_up(owner)
    factor = SecondFactor.objects.select_related("user").get()

    def call(index):
        try:
            second_factor.verify(factor=factor, code=app.wrong(), address="203.0.113.5")
        except second_factor.WrongCode:
            return "wrong"
        except second_factor.TooManyRequests:
            return "refused"

    assert Counter(at_once(N, call)) == {"wrong": 10, "refused": N - 10}
