"""The second factor of staff: setting it up, signing in with it, what is refused without it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from account import enrolment, second_factor, sessions, tokens
from account.models import RecoveryCode, SecondFactor, Session, User
from audit.models import AuditEntry
from events.models import Letter
from tests import factories
from tests.account.authenticator import PASSWORD, App, actions, log_in, set_up

pytestmark = pytest.mark.django_db


def session_client(user: User, **fields) -> tuple[APIClient, Session]:
    session = sessions.open_session(user=user, device=sessions.Device(), **fields)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.pair(session)['access']}")
    return client, session


def told(answer):
    return answer.status_code, answer.json()["code"]


# --- setting up -------------------------------------------------------------------------------


def test_from_nothing_to_a_second_factor(owner):
    client, _session = session_client(owner)
    _, elsewhere = session_client(owner)
    state = client.get("/api/auth/second-factor/").json()
    assert (state["is_set_up"], state["is_compulsory"]) == (False, False)
    begun = client.post("/api/auth/second-factor/enrol/", {})
    assert begun.status_code == 201
    assert begun["Cache-Control"] == "no-store"
    body = begun.json()
    assert body["qr_svg"].startswith("<svg")
    assert f"secret={body['secret']}" in body["otpauth_url"]
    assert body["otpauth_url"].startswith("otpauth://totp/Nexus%3Aowner%40nexus.shop?")
    assert log_in().status_code == 200, "it does not count before it is confirmed"
    app = App(body["secret"])
    assert told(client.post("/api/auth/second-factor/confirm/", {"otp": app.wrong()})) == (
        400,
        "wrong_code",
    )
    done = client.post("/api/auth/second-factor/confirm/", {"otp": app.code()})
    assert done.status_code == 200
    codes = done.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", c) for c in codes)
    state = client.get("/api/auth/second-factor/").json()
    assert (state["is_set_up"], state["recovery_codes_left"]) == (True, 10)
    assert state["given_at"] is not None
    elsewhere.refresh_from_db()
    assert elsewhere.revoked_at is not None, "signed in with the password alone"
    assert "security.second_factor_enrolled" in actions()
    assert Letter.objects.filter(recipient=owner.email, subject__contains="is set up").exists()
    assert told(log_in()) == (401, "second_factor_required")
    assert told(log_in(otp=app.wrong())) == (401, "invalid_second_factor")
    assert told(log_in(otp=app.code())) == (401, "invalid_second_factor"), "used to confirm"
    assert log_in(otp=app.code(1)).status_code == 200


def test_nothing_is_told_before_the_right_password(owner):
    app, _ = set_up(owner)
    for otp in ("", app.code(), "000000"):
        assert told(log_in(password="not the password", otp=otp)) == (401, "invalid_credentials")
    assert log_in(otp=app.code()).status_code == 200, "and no code was used up"


@pytest.mark.parametrize("otp", ["12345", "1234567", "abc", "١٢٣٤٥٦", "0" * 40, " ", "\t"])
def test_what_is_no_code(owner, otp):
    set_up(owner)
    assert told(log_in(otp=otp)) in [
        (401, "invalid_second_factor"),
        (401, "second_factor_required"),
    ]


def test_spaces_do_not_matter(owner):
    app, codes = set_up(owner)
    assert log_in(otp=f" {app.code()[:3]} {app.code()[3:]} ").status_code == 200
    assert log_in(otp=codes[0].lower().replace("-", " ")).status_code == 200


def test_clocks_may_differ_by_half_a_minute(owner):
    for steps, status in ((-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)):
        SecondFactor.objects.all().delete()
        Session.objects.all().delete()
        app, _ = set_up(owner)
        assert log_in(otp=app.code(steps)).status_code == status, steps


def test_a_code_works_once_and_none_before_it(owner):
    app, _ = set_up(owner)
    code, older = app.code(), app.code(-1)
    assert log_in(otp=code).status_code == 200
    assert told(log_in(otp=code)) == (401, "invalid_second_factor")
    assert told(log_in(otp=older)) == (401, "invalid_second_factor")
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert log_in(otp=app.code()).status_code == 200


def test_customers_have_none(db):
    client, _ = session_client(factories.user())
    assert told(client.post("/api/auth/second-factor/enrol/", {})) == (403, "staff_only")
    assert APIClient().get("/api/auth/second-factor/").status_code == 401


def test_setting_up_wants_a_recent_password(owner):
    client, _session = session_client(owner)
    Session.objects.update(authenticated_at=timezone.now() - timedelta(minutes=16))
    for path in ("enrol", "confirm", "recovery-codes"):
        answer = client.post(f"/api/auth/second-factor/{path}/", {"otp": "123456"})
        assert told(answer) == (403, "reauthentication_required")
    answer = client.delete("/api/auth/second-factor/", {"otp": "123456"})
    assert told(answer) == (403, "reauthentication_required")
    assert client.get("/api/auth/second-factor/").status_code == 200


# --- recovery, replacing, removing ------------------------------------------------------------


def test_a_recovery_code_opens_once_and_is_told(owner):
    _, codes = set_up(owner)
    assert log_in(otp=codes[0]).status_code == 200
    assert told(log_in(otp=codes[0])) == (401, "invalid_second_factor")
    letter = Letter.objects.get(subject__contains="recovery code was used")
    assert "9 of them are left" in letter.text
    assert codes[0] not in letter.text
    assert "security.recovery_code_used" in actions()


def test_new_recovery_codes_void_the_old(owner):
    app, old = set_up(owner)
    client, _ = session_client(owner, second_factor_at=timezone.now())
    assert told(client.post("/api/auth/second-factor/recovery-codes/", {"otp": app.wrong()})) == (
        400,
        "wrong_code",
    )
    answer = client.post("/api/auth/second-factor/recovery-codes/", {"otp": app.code()})
    new = answer.json()["recovery_codes"]
    assert len(new) == 10
    assert log_in(otp=old[0]).status_code == 401
    assert log_in(otp=new[0]).status_code == 200
    assert Letter.objects.filter(subject__contains="New recovery codes").exists()


def test_moving_to_another_telephone(owner):
    app, codes = set_up(owner)
    client, _ = session_client(owner, second_factor_at=timezone.now())
    assert told(client.post("/api/auth/second-factor/enrol/", {})) == (409, "second_factor_exists")
    assert told(client.post("/api/auth/second-factor/enrol/", {"otp": app.wrong()})) == (
        400,
        "wrong_code",
    )
    begun = client.post("/api/auth/second-factor/enrol/", {"otp": app.code(-1)})
    new = App(begun.json()["secret"])
    assert log_in(otp=app.code()).status_code == 200, "the old one counts until then"
    assert client.post("/api/auth/second-factor/confirm/", {"otp": new.code()}).status_code == 200
    assert told(log_in(otp=app.code(1))) == (401, "invalid_second_factor")
    assert log_in(otp=new.code(1)).status_code == 200
    assert log_in(otp=codes[0]).status_code == 401


def test_removing(owner, settings):
    app, codes = set_up(owner)
    client, _ = session_client(owner, second_factor_at=timezone.now())

    def remove(otp):
        return client.delete("/api/auth/second-factor/", {"otp": otp})

    assert told(remove(app.wrong())) == (400, "wrong_code")
    settings.STAFF_SECOND_FACTOR = "required"
    assert told(remove(app.code())) == (403, "second_factor_compulsory")
    settings.STAFF_SECOND_FACTOR = "optional"
    assert remove(app.code()).status_code == 204
    assert log_in().status_code == 200
    assert told(remove(codes[0])) == (409, "no_second_factor")
    assert Letter.objects.filter(subject__contains="was removed").exists()
    assert "security.second_factor_removed" in actions()
    assert not RecoveryCode.objects.exists()


def test_an_operator_helps(owner, monkeypatch, capsys):
    set_up(owner)
    _, session = session_client(owner, second_factor_at=timezone.now())
    call_command("second_factor", "OWNER@nexus.shop")
    assert "10 recovery codes left" in capsys.readouterr().out
    monkeypatch.setattr("builtins.input", lambda _: "somebody@else.shop")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("second_factor", "owner@nexus.shop", "--disable")
    monkeypatch.undo()
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="--yes"):  # no terminal, nobody to ask
        call_command("second_factor", "owner@nexus.shop", "--disable")
    assert SecondFactor.objects.exists()
    monkeypatch.setattr("builtins.input", lambda _: "owner@nexus.shop")
    call_command("second_factor", "owner@nexus.shop", "--disable")
    assert not SecondFactor.objects.exists()
    session.refresh_from_db()
    assert session.revoked_at is not None
    entry = AuditEntry.objects.get(action="security.second_factor_removed")
    assert entry.actor_kind == "system"
    assert "An operator" in Letter.objects.get(subject__contains="was removed").text
    for email in ("owner@nexus.shop", "nobody@nexus.shop"):
        with pytest.raises(CommandError):
            call_command("second_factor", email, "--disable", "--yes")


# --- what is stored ---------------------------------------------------------------------------


def test_neither_secret_nor_codes_can_be_read_from_the_database(owner):
    begun = enrolment.enrol(user=owner, code="", address=None)
    app = App(begun.secret)
    codes = enrolment.confirm(user=owner, code=app.code(), session=None, address=None)
    stored = bytes(SecondFactor.objects.get().secret)
    assert app.key not in stored
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'json', 'jsonb')"
        )
        for table, column in cursor.fetchall():
            for text in (begun.secret, codes[0], codes[0].replace("-", ""), app.key.hex()):
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE strpos("{column}"::text, %s) > 0', [text]
                )
                assert cursor.fetchone() == (0,), (table, column)


def test_a_secret_belongs_to_its_owner(owner):
    app, _ = set_up(owner)
    other = factories.staff(email="other@nexus.shop")
    set_up(other)
    SecondFactor.objects.filter(user=other).update(
        secret=SecondFactor.objects.get(user=owner).secret
    )
    assert told(log_in("other@nexus.shop", otp=app.code())) == (401, "invalid_second_factor")


def test_a_change_of_the_secret_key(owner, settings):
    app, codes = set_up(owner)
    before = bytes(SecondFactor.objects.get().secret)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-of-more-than-32-characters"
    assert log_in(otp=app.code()).status_code == 200
    assert bytes(SecondFactor.objects.get().secret) != before, "sealed anew"
    settings.SECRET_KEY_FALLBACKS = []
    assert log_in(otp=app.code(1)).status_code == 200
    settings.SECRET_KEY = "a-third-secret-key-of-more-than-32-characters"
    assert told(log_in(otp=app.code(2))) == (401, "invalid_second_factor")
    assert log_in(otp=codes[0]).status_code == 200, "recovery codes do not depend on it"


# --- what it opens ----------------------------------------------------------------------------

NEW_KEY = {"name": "ERP", "scopes": ["orders:read"]}


def test_without_a_second_factor_nothing_changes(owner):
    client, _ = session_client(owner)
    assert client.post("/api/keys/", NEW_KEY).status_code == 201
    variant = factories.variant()
    assert (
        client.patch(f"/api/products/{variant.product_id}/", {"price": "9.00"}).status_code == 200
    )


def sensitive_calls(client, variant):
    """Each sensitive call of the API: its answers."""
    product = f"/api/products/{variant.product_id}/"
    staff = factories.user()
    return {
        "key": client.post("/api/keys/", NEW_KEY),
        "price": client.patch(product, {"price": "9.00"}),
        "compare-at price": client.patch(product, {"compare_at_price": "900.00"}),
        "variant's price": client.patch(f"{product}variants/{variant.pk}/", {"price": "9.00"}),
        "roles": client.post("/api/staff/", {"email": staff.email, "roles": ["support"]}),
        "replace": client.put(product, {"name": "Coffee", "price": "9.00"}),
    }


def test_sensitive_calls_want_a_code_of_today(owner):
    app, _ = set_up(owner)
    client, _session = session_client(owner, second_factor_at=timezone.now() - timedelta(hours=13))
    variant = factories.variant()
    for name, answer in sensitive_calls(client, variant).items():
        assert told(answer) == (403, "second_factor_required"), name
        assert "/api/auth/reauthenticate/" in answer.json()["detail"]
    assert client.patch(f"/api/products/{variant.product_id}/", {"name": "Tej"}).status_code == 200
    assert client.get("/api/orders/").status_code == 200
    assert told(client.post("/api/auth/reauthenticate/", {"otp": app.wrong()})) == (
        400,
        "wrong_code",
    )
    assert told(client.post("/api/auth/reauthenticate/", {})) == (400, "invalid")
    assert client.post("/api/auth/reauthenticate/", {"otp": app.code()}).status_code == 200
    for name, answer in sensitive_calls(client, variant).items():
        assert answer.status_code in {200, 201}, (name, answer.content)


def test_sessions_without_it_are_not_opened(owner):
    """Whatever way leads in, the one door asks."""
    set_up(owner)
    with pytest.raises(second_factor.SecondFactorRequired):
        sessions.open_session(user=owner, device=sessions.Device())


def test_a_changed_password_keeps_the_proof(owner):
    _app, _ = set_up(owner)
    given = timezone.now() - timedelta(hours=1)
    client, _ = session_client(owner, second_factor_at=given)
    answer = client.post(
        "/api/auth/password/change/",
        {"old_password": PASSWORD, "new_password": "nine goats on seven hills"},
    )
    assert answer.status_code == 200, answer.content
    assert Session.objects.get(revoked_at=None).second_factor_at == given


def test_demanded_of_staff(owner, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    access = log_in().json()["access"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    variant = factories.variant()
    for answer in (
        client.get("/api/orders/"),
        client.get("/api/keys/"),
        client.get("/api/products/?status=draft"),
        client.patch(f"/api/products/{variant.product_id}/", {"name": "Tej"}),
        client.get("/api/staff/"),
        *sensitive_calls(client, variant).values(),
    ):
        assert told(answer) == (403, "second_factor_required")
        assert "/api/auth/second-factor/enrol/" in answer.json()["detail"]
    assert client.get("/api/auth/me/").status_code == 200
    secret = client.post("/api/auth/second-factor/enrol/", {}).json()["secret"]
    code = App(secret).code()
    assert client.post("/api/auth/second-factor/confirm/", {"otp": code}).status_code == 200
    assert client.get("/api/orders/").status_code == 200
    assert client.post("/api/keys/", NEW_KEY).status_code == 201
    customer, _ = session_client(factories.user())
    assert customer.get("/api/orders/").status_code == 200
