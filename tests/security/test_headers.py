"""What callers write into headers: no link is steered by it, no other origin gets in, no page is framed."""

from __future__ import annotations

import re
import sys

import pytest
from django.apps import apps
from django.test import Client

from events.models import Letter
from tests.contract.world import PASSWORD
from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa
from tests.security import filled_shop, routes, snapshot
from tests.security.test_mass_assignment import CALLERS, Attack

pytestmark = pytest.mark.django_db
EVIL = "evil.example"
STEERING = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "6666",
    "X-Forwarded-For": "203.0.113.66",
    "X-Host": EVIL,
    "X-Original-URL": f"https://{EVIL}/",
    "X-Rewrite-URL": f"https://{EVIL}/",
    "Forwarded": f"host={EVIL};proto=gopher",
    "Referer": f"https://{EVIL}/",
}


@pytest.fixture
def place(settings, monkeypatch):
    settings.CHAPA_SECRET_KEY, settings.CHAPA_WEBHOOK_SECRET = SECRET_KEY, WEBHOOK_SECRET
    settings.CHAPA_BASE_URL, settings.CHAPA_MODE = "https://api.chapa.co/v1", "test"
    settings.PUBLIC_URL = "https://shop.example"
    fake = FakeChapa()
    monkeypatch.setattr("payments.gateways.chapa.client", fake.client)
    for name, module in list(sys.modules.items()):
        mine = name.partition(".")[0] in {config.label for config in apps.get_app_configs()}
        if mine and hasattr(module, "refuse_transaction"):
            monkeypatch.setattr(module, "refuse_transaction", lambda: None)
    filled = filled_shop.fill()
    filled.gateway = fake
    return filled


@pytest.mark.parametrize("hops", [0, 1])
def test_no_header_steers_a_link(place, settings, run_jobs, hops):
    """Every door that writes is called with lying headers, by everybody; then every letter and every row is read."""
    settings.ALLOWED_HOSTS = ["*"]  # the most careless setting: only PUBLIC_URL may count
    settings.TRUSTED_PROXY_HOPS = hops
    # The last to go are the doors behind which there is nothing left to write about.
    doors = sorted(
        routes.writable_routes(), key=lambda r: (r.method == "DELETE", "logout" in r.path, r.path)
    )
    sent = 0
    for route in doors:
        for caller in CALLERS:
            try:
                attack = Attack(route, caller, place)
            except (
                AssertionError,
                AttributeError,
                LookupError,
                apps.get_model("account", "Address").DoesNotExist,
            ):
                continue  # an earlier call has removed what this one is about
            attack.extra = STEERING
            answer = attack.send(attack.body)
            assert EVIL.encode() not in answer.content, str(route)
            assert EVIL not in str(answer.headers), str(route)
            sent += answer.status_code < 400
    assert sent >= 25
    for app in ("account.", "orders.", "payments.", "privacy."):
        run_jobs(app)
    letters = list(Letter.objects.all())
    assert len(letters) >= 5
    links = [
        link
        for letter in letters
        for link in re.findall(r"https?://[^\s\"<]+", letter.text + letter.html)
    ]
    assert any("?token=" in link for link in links)
    assert {link for link in links if not link.startswith("https://shop.example/")} == set()
    found = snapshot.holding(snapshot.take(), (EVIL, "gopher", ":6666"))
    assert found == []
    assert place.gateway.requests
    for request in place.gateway.requests:
        assert EVIL.encode() not in request.content + str(request.headers).encode()


def test_control_a_link_built_from_the_request_would_be_found(
    place, settings, run_jobs, monkeypatch
):
    """The classic mistake, in the one place where links begin."""
    settings.ALLOWED_HOSTS = ["*"]
    host = {}
    from account import letters

    monkeypatch.setattr(letters, "public_url", lambda path: f"https://{host['value']}{path}")
    host["value"] = EVIL
    Client().post(
        "/api/auth/password/forgot/", {"email": place.people.hana.email},
        content_type="application/json", headers=STEERING,
    )  # fmt: skip
    run_jobs("account.")
    assert snapshot.holding(snapshot.take(), (EVIL,)) != []


def test_a_foreign_host_is_refused(settings):
    """Without the careless setting the request does not get as far."""
    settings.ALLOWED_HOSTS = ["shop.example"]
    body = {"email": "abebe@buyers.shop"}
    for headers, status in (
        ({"Host": EVIL}, 400),
        ({"Host": "shop.example", "X-Forwarded-Host": EVIL}, 202),
    ):
        answer = Client().post(
            "/api/auth/password/forgot/", body, content_type="application/json", headers=headers
        )
        assert answer.status_code == status


# --- Other origins -----------------------------------------------------------------------------


@pytest.fixture
def origins(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    return settings


@pytest.mark.parametrize(
    "origin",
    [f"https://{EVIL}", "null", "https://front.example.evil.example", "http://front.example"],
)
@pytest.mark.parametrize(
    "path",
    ["/api/products/", "/api/auth/me/", "/api/auth/login/", "/admin/login/", "/account/reset/"],
)
def test_other_origins_are_told_nothing(origins, origin, path):
    for method, headers in (
        ("get", {}),
        ("post", {}),
        ("options", {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}),
    ):  # fmt: skip
        answer = getattr(Client(), method)(
            path, headers={"Origin": origin, "Cookie": "sessionid=x", **headers}
        )
        assert not [
            name for name in answer.headers if name.lower().startswith("access-control-allow")
        ]


def test_the_front_end_gets_in_without_credentials(origins):
    front = {"Origin": "https://front.example"}
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = Client().options("/api/auth/login/", headers={**front, **ask})
    assert answer["Access-Control-Allow-Origin"] == "https://front.example"
    assert "authorization" in answer["Access-Control-Allow-Headers"]
    assert not answer.has_header("Access-Control-Allow-Credentials"), "bearer tokens, never cookies"
    assert "origin" in answer["Vary"].lower()
    page = Client().get("/admin/login/", headers=front)
    assert not page.has_header("Access-Control-Allow-Origin"), (
        "cookies rule there: no other origin reads it"
    )


def test_a_cookie_opens_no_door_of_the_api(place):
    """Therefore the API needs no CSRF token."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(place.people.owner, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/api/auth/me/").status_code == 401
    for route in routes.writable_routes():
        if route.path.startswith("/api/"):
            attack = Attack(route, "owner", place)
            with_cookie = _post(browser, route, attack)
            without = _post(Client(), route, attack)
            assert with_cookie.status_code == without.status_code, str(route)
            if with_cookie.status_code == 401:
                assert with_cookie.json()["code"] == without.json()["code"]


def _post(client, route, attack):
    send = getattr(client, route.method.lower())
    return send(attack.url, {"no": "such field"}, content_type="application/json")


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/admin/logout/", "/account/reset/", "/account/verify/"]
)
def test_forms_need_the_token_of_their_page(path, place):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(place.people.owner, backend="django.contrib.auth.backends.ModelBackend")
    form = {
        "username": place.people.owner.email,
        "password": PASSWORD,
        "token": "x",
        "new_password": "x",
    }
    assert browser.post(path, form).status_code == 403
    browser.cookies["csrftoken"] = "a" * 32
    answer = browser.post(
        path, {**form, "csrfmiddlewaretoken": "a" * 32}, headers={"Origin": f"https://{EVIL}"}
    )
    assert answer.status_code == 403, "another origin, even one that has set a cookie"


@pytest.mark.parametrize(
    "path", ["/", "/admin/login/", "/admin/", "/account/reset/?token=x", "/account/verify/?token=x",
             "/api/docs", "/api/redoc", "/api/products/", "/api/nothing/", "/nothing",
             "/pay/return/01936b2f-0000-7000-8000-000000000000/"],
)  # fmt: skip
def test_nothing_can_be_framed_or_sniffed(path, place):
    answer = Client().get(path, follow=True)
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "strict-origin"


def test_cookies_stay_where_they_belong(place, settings):
    browser = Client()
    page = browser.get("/admin/login/")
    form = {"username": place.people.owner.email, "password": PASSWORD}
    assert browser.post("/admin/login/", form).status_code == 302
    session = browser.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert page.cookies["csrftoken"]["samesite"] == "Lax"
    assert page.cookies["csrftoken"]["httponly"]
    assert not Client().get("/api/products/").cookies, "the API sets none"
