"""Two who change one person at the same moment: the order of the locks, and what is looked at under them.

Each test has lost its race before the lock or the look was where it is now; the rival acts at a named point.
"""

from __future__ import annotations

import threading
import time

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from account import email_change, enrolment, phone_codes, phone_identity, services, sessions
from account.models import EmailToken, PhoneCode, Session, User
from account.phone_codes import Purpose
from tests import factories
from tests.account.authenticator import App
from tests.account.conftest import PASSWORD, PHONE

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_PHONE = "+251922334455"
NEW = "eleven camels at the well"


@pytest.fixture
def rival():
    """Runs a function on a connection of its own; `join` gives what it returned or raises what it raised."""
    started = []

    class Rival(threading.Thread):
        def __init__(self, work):
            super().__init__(daemon=True)
            self.work, self.result, self.error = work, None, None
            started.append(self)
            self.start()

        def run(self):
            try:
                self.result = self.work()
            except Exception as error:
                self.error = error
            finally:
                connection.close()

        def done(self):
            self.join(30)
            assert not self.is_alive()
            if self.error:
                raise self.error
            return self.result

    yield Rival
    for thread in started:
        thread.join(30)


def wait_for_a_waiting_backend():
    """Until somebody stands before a lock."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("nobody waits")


def code_for(phone, purpose, user=None, code="123456"):
    """A code that was sent."""
    row = PhoneCode.objects.create(
        phone=phone, purpose=purpose, user=user, expires_at=timezone.now() + phone_codes.LIFETIME
    )
    PhoneCode.objects.filter(pk=row.pk).update(digest=phone_codes._digest(row, code))
    return code


def with_number(person, email, phone):
    return person(email, phone=phone, phone_verified_at=timezone.now())


def session_of(user):
    return Session.objects.create(
        user=user, password_mark=user.password_mark(), expires_at=timezone.now()
    )


def test_a_code_is_used_while_its_number_is_given_up(person, rival):
    """Both lock the account first. Once the code was first here: a deadlock, and one of the two got a 500."""
    user = with_number(person, "abebe@buyers.shop", PHONE)
    code = code_for(PHONE, Purpose.SIGN_IN)
    with transaction.atomic():
        services.lock_user(user.pk)
        signing_in = rival(
            lambda: phone_identity.sign_in(phone=PHONE, code=code, device=sessions.Device())
        )
        wait_for_a_waiting_backend()
        phone_identity.give_up(user=user)
    with pytest.raises(phone_codes.InvalidCode):
        signing_in.done()
    assert User.objects.get().phone is None, "and no account was opened for a code that is void"


def test_two_who_prove_each_others_number(person, monkeypatch, at_once):
    """They lock both accounts in one order, and are told; once they waited for each other."""
    people = [
        with_number(person, "a@buyers.shop", PHONE),
        with_number(person, "b@buyers.shop", OTHER_PHONE),
    ]
    wanted = [OTHER_PHONE, PHONE]
    codes = [code_for(wanted[n], Purpose.VERIFY, people[n]) for n in range(2)]
    spend = phone_codes.spend
    monkeypatch.setattr(phone_codes, "spend", lambda row: (spend(row), time.sleep(0.7))[0])

    def call(n):
        with pytest.raises(phone_identity.PhoneTaken):
            phone_identity.verify(session=session_of(people[n]), code=codes[n], phone=wanted[n])
        return "told"

    assert at_once(2, call) == ["told", "told"]


def test_two_who_take_each_others_unproved_address(person, monkeypatch, at_once):
    proved = timezone.now()
    people = [
        person(f"{name}@buyers.shop", email_verified_at=None, phone=phone, phone_verified_at=proved)
        for name, phone in (("a", PHONE), ("b", OTHER_PHONE))
    ]
    wanted = [people[1].email, people[0].email]
    for n, user in enumerate(people):
        EmailToken.objects.create(
            user=user, purpose=EmailToken.Purpose.CHANGE, digest=email_change._digest(f"token {n}"),
            email=wanted[n], email_key=wanted[n], expires_at=timezone.now() + phone_codes.LIFETIME,
        )  # fmt: skip
    room = email_change._make_room
    monkeypatch.setattr(
        email_change, "_make_room", lambda key, besides: (time.sleep(0.7), room(key, besides))
    )
    at_once(2, lambda n: email_change.accept(token=f"token {n}"))
    found = User.objects.order_by("pk").values_list("email", "email_verified_at")
    assert {email for email, at in found if at} <= set(wanted)
    assert any(at for _, at in found)


def test_a_hash_that_is_made_anew_does_not_bring_the_old_password_back(person, rival, monkeypatch):
    """A log-in finds an old kind of hash, and while it makes the new one, the owner sets another password."""
    user = person()
    old = make_password(PASSWORD, hasher="pbkdf2_sha256")
    User.objects.update(password=old)
    found = User.objects.get()
    User.objects.filter(pk=user.pk).update(password=make_password(NEW))
    assert not found.check_password(PASSWORD)
    stored = User.objects.get()
    assert stored.check_password(NEW)
    assert not stored.check_password(PASSWORD)


def test_of_two_log_ins_that_make_a_hash_anew_both_stand(person, at_once):
    person()
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))

    def sign_in(n):
        return sessions.sign_in(
            email="abebe@buyers.shop", password=PASSWORD, device=sessions.Device()
        )

    opened = at_once(2, sign_in)
    for session in opened:
        assert sessions.find_live(session_id=session.public_id, version=0)


def test_a_log_in_while_a_second_factor_is_confirmed(rival, monkeypatch):
    """Looked at under the lock: either the log-in is refused, or the confirmation ends its session."""
    owner = factories.staff(email="owner@nexus.shop")
    begun = enrolment.enrol(user=owner, code="", address=None)
    step, original = threading.Event(), enrolment._end_sessions_without

    def end_then_wait(user, session):
        original(user, session)
        step.set()
        wait_for_a_waiting_backend()

    monkeypatch.setattr(enrolment, "_end_sessions_without", end_then_wait)
    confirming = rival(
        lambda: enrolment.confirm(
            user=owner, code=App(begun.secret).code(), session=None, address=None
        )
    )
    assert step.wait(20)
    with pytest.raises(sessions.second_factor.SecondFactorRequired):
        sessions.open_session(user=owner, device=sessions.Device())
    confirming.done()
    assert not sessions.live_of(owner).exists()


def test_an_address_that_goes_while_somebody_registers_it(person, rival):
    """An unconfirmed registration gives way to whoever proved the address; the other registration once got a 500."""
    waiting = person("hana@buyers.shop", email_verified_at=None)
    prover = person("old@buyers.shop")
    with transaction.atomic():
        services.lock_user(waiting.pk)
        registering = rival(
            lambda: services.register(email="hana@buyers.shop", password=NEW, first_name="Thief")
        )
        wait_for_a_waiting_backend()
        email_change._make_room("hana@buyers.shop", prover)
        prover.email = "hana@buyers.shop"
        prover.save()
    registering.done()
    found = User.objects.get()
    assert (found.pk, found.first_name) == (prover.pk, "")
