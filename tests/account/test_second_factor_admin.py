"""The second factor in the admin: asked for, set up, remembered for half a day."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from account import api_keys
from account.models import SecondFactor, User
from tests import factories
from tests.account.authenticator import PASSWORD, App, set_up

pytestmark = pytest.mark.django_db


# --- the admin --------------------------------------------------------------------------------


@pytest.fixture
def admin(client):
    """Signs in to the admin with the password."""

    def sign_in(user):
        answer = client.post(
            "/admin/login/?next=/admin/orders/order/",
            {"username": user.email, "password": PASSWORD},
        )
        assert answer.status_code == 302, answer.content
        return client

    return sign_in


PAGE = "/admin/second-factor/"


def test_the_admin_of_who_has_none(owner, admin):
    client = admin(owner)
    assert client.get("/admin/orders/order/").status_code == 200
    assert b"Set it up" in client.get(PAGE).content


def test_the_admin_asks_for_the_code(owner, admin):
    app, _codes = set_up(owner)
    client = admin(owner)
    for path in (
        "/admin/",
        "/admin/orders/order/",
        "/admin/account/user/",
        "/admin/password_change/",
    ):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith(PAGE), path
    assert client.post("/admin/account/user/add/", {}).status_code == 302
    page = client.get(f"{PAGE}?next=/admin/orders/order/")
    assert b"One more step" in page.content
    for step in ("renew", "remove", "begin", "confirm"):
        answer = client.post(PAGE, {"step": step, "otp": app.wrong(), "password": PASSWORD})
        assert answer.status_code == 400, step
    wrong = client.post(PAGE, {"step": "give", "otp": app.wrong()})
    assert wrong.status_code == 400
    assert client.get("/admin/").status_code == 302
    body = {"step": "give", "otp": app.code(), "next": "/admin/orders/order/"}
    answer = client.post(PAGE, body)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/orders/order/")
    assert client.get("/admin/orders/order/").status_code == 200
    again = client.post(PAGE, body)
    assert again.status_code == 400, "used up"
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        assert client.get("/admin/orders/order/").status_code == 302, "asked again next day"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/admin/", "//evil.example/admin/", "/api/orders/", "javascript:1"],
)
def test_the_admin_leads_nowhere_else(owner, admin, target):
    app, _ = set_up(owner)
    answer = admin(owner).post(PAGE, {"step": "give", "otp": app.code(), "next": target})
    assert answer["Location"] == "/admin/"


def test_signing_out_needs_no_code(owner, admin):
    set_up(owner)
    client = admin(owner)
    assert client.post("/admin/logout/").status_code == 200
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_the_page_is_for_staff(client, db):
    assert client.get(PAGE)["Location"].startswith("/admin/login/")
    client.force_login(factories.user())
    assert client.get(PAGE)["Location"].startswith("/admin/login/")


def test_setting_up_in_the_admin(owner, admin, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    client = admin(owner)
    assert client.get("/admin/")["Location"].startswith(PAGE)
    assert b"Whoever works in this shop needs" in client.get(PAGE).content
    wrong = client.post(PAGE, {"step": "begin", "password": "not mine"})
    assert (wrong.status_code, SecondFactor.objects.count()) == (400, 0)
    page = client.post(PAGE, {"step": "begin", "password": PASSWORD})
    assert page["Cache-Control"] == "no-store"
    text = page.content.decode()
    assert "<svg" in text
    assert "<script" not in text.replace('<script src="/static/', "")
    app = App(re.search(r"<code>([A-Z2-7 ]+)</code>", text)[1].replace(" ", ""))
    assert client.get("/admin/").status_code == 302, "begun is not done"
    assert client.post(PAGE, {"step": "confirm", "otp": app.wrong()}).status_code == 400
    done = client.post(PAGE, {"step": "confirm", "otp": app.code()})
    codes = re.findall(r"<code>([0-9A-Z-]{19})</code>", done.content.decode())
    assert len(codes) == 10
    assert client.get("/admin/").status_code == 200
    managed = client.get(PAGE).content.decode()
    assert "Recovery codes left: <strong>10</strong>" in managed
    assert 'value="remove"' not in managed
    settings.STAFF_SECOND_FACTOR = "optional"
    assert 'value="remove"' in client.get(PAGE).content.decode()
    renewed = client.post(PAGE, {"step": "renew", "otp": codes[0]}).content.decode()
    fresh = re.findall(r"<code>([0-9A-Z-]{19})</code>", renewed)
    assert not set(fresh) & set(codes)
    assert client.post(PAGE, {"step": "remove", "otp": fresh[0]}).status_code == 302
    assert not SecondFactor.objects.exists()
    assert client.get("/admin/").status_code == 200


def test_another_app_is_asked_for_everywhere(owner, admin):
    """A code of the former app, given in another browser, proves nothing about the new one."""
    app, _ = set_up(owner)
    client = admin(owner)
    client.post(PAGE, {"step": "give", "otp": app.code()})
    assert client.get("/admin/").status_code == 200
    SecondFactor.objects.all().delete()
    set_up(owner)
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("how", ["password", "disabled"])
def test_the_admins_session_ends_with_the_account(owner, admin, how):
    client = admin(owner)
    assert client.get("/admin/").status_code == 200
    if how == "password":
        owner.set_password("nine goats on seven hills")
        owner.save()
    else:
        User.objects.update(is_active=False)
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_no_page_shows_a_secret(owner, admin):
    app, codes = set_up(owner)
    client = admin(owner)
    client.post(PAGE, {"step": "give", "otp": app.code()})
    for path in (f"/admin/account/user/{owner.pk}/change/", "/admin/account/session/", PAGE):
        text = client.get(path).content.decode()
        assert codes[0] not in text
        assert app.key.hex() not in text
    assert client.get("/admin/account/secondfactor/").status_code == 404
    assert client.get("/admin/account/recoverycode/").status_code == 404


def test_keys_in_the_admin(owner, admin):
    issued = api_keys.create(name="ERP", scopes=["orders:read"], by=owner)
    client = admin(owner)
    page = client.get("/admin/account/apikey/").content.decode()
    assert "ERP" in page
    detail = client.get(f"/admin/account/apikey/{issued.key.pk}/change/").content.decode()
    assert issued.secret[:12] in detail
    assert issued.secret not in detail
    assert api_keys.digest(issued.secret) not in detail
    assert client.get("/admin/account/apikey/add/").status_code == 403
    done = client.post(
        "/admin/account/apikey/", {"action": "revoke", "_selected_action": [issued.key.pk]}
    )
    assert done.status_code == 302
    issued.key.refresh_from_db()
    assert issued.key.revoked_at is not None
