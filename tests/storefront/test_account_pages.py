"""The pages behind the links of our letters."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from account import email_tokens
from account.email_tokens import Purpose
from account.models import EmailToken, User

pytestmark = pytest.mark.django_db
PASSWORD = "seven goats on a hill"
NEW = "eight goats in a valley"


@pytest.fixture
def user():
    return User.objects.create_user("abebe@buyers.shop", PASSWORD)


@pytest.fixture
def browser(settings):
    """A browser that really has to send the form's token."""
    return Client(enforce_csrf_checks=True, HTTP_ORIGIN=settings.PUBLIC_URL)


def issue(user, purpose):
    with transaction.atomic():
        return email_tokens.issue(user=user, purpose=purpose)


def submit(browser, path, **fields):
    return browser.post(path, {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value, **fields})


def open_page(browser, path, token):
    return browser.get(path, {"token": token})


def test_verify(browser, user):
    token = issue(user, Purpose.VERIFY)
    page = open_page(browser, "/account/verify/", token)
    assert page.status_code == 200
    assert 'data-testid="verify"' in page.content.decode()
    user.refresh_from_db()
    assert user.email_verified_at is None, "looking uses nothing up: mail scanners look"
    done = submit(browser, "/account/verify/", token=token)
    assert done.status_code == 200
    assert 'data-testid="verified"' in done.content.decode()
    assert token not in done.content.decode()
    user.refresh_from_db()
    assert user.email_verified_at is not None


@pytest.mark.parametrize("method", ["get", "head"])
def test_nothing_happens_without_the_button(client, user, method):
    for path, purpose in (("/account/verify/", Purpose.VERIFY), ("/account/reset/", Purpose.RESET)):
        token = issue(user, purpose)
        getattr(client, method)(path, {"token": token, "new_password": NEW, "again": NEW})
        assert email_tokens.state(token=token, purpose=purpose) is email_tokens.State.GOOD
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.email_verified_at is None


def test_a_form_from_elsewhere_is_refused(user):
    token = issue(user, Purpose.VERIFY)
    stranger = Client(enforce_csrf_checks=True, HTTP_ORIGIN="https://evil.example")
    open_page(stranger, "/account/verify/", token)
    answer = submit(stranger, "/account/verify/", token=token)
    assert answer.status_code == 403
    assert 'data-testid="error"' in answer.content.decode(), "our own page, not Django's"
    assert (
        Client(enforce_csrf_checks=True).post("/account/verify/", {"token": token}).status_code
        == 403
    )
    assert email_tokens.state(token=token, purpose=Purpose.VERIFY) is email_tokens.State.GOOD


@pytest.mark.parametrize("path", ["/account/verify/", "/account/reset/"])
def test_the_token_does_not_leak(browser, user, path):
    """Under `no-referrer` browsers post `Origin: null`, which CSRF refuses; `strict-origin` hides the token as well."""
    token = issue(user, Purpose.VERIFY if "verify" in path else Purpose.RESET)
    page = open_page(browser, path, token)
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    body = page.content.decode()
    assert body.count(token) == 1, "in the form, and nowhere else"
    assert f'action="{path}"' in body, "the address after the button has no token"
    assert 'content="noindex"' in body


@pytest.mark.parametrize(
    "path", ["/", "/account/verify/?token=x", "/account/reset/?token=x", "/account/nothing/"]
)
def test_pages_need_no_script_and_keep_the_policy(client, path):
    page = client.get(path)
    body = page.content.decode()
    assert "<script" not in body
    assert "style=" not in body
    assert "<style" not in body
    assert "'unsafe-eval'" not in page["Content-Security-Policy"]
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert 'name="viewport"' in body
    assert "http://" not in body.replace("http://www.w3.org", ""), "nothing from elsewhere"


def test_dead_links_say_what_is_wrong(browser, user):
    def state(path, token):
        page = open_page(browser, path, token)
        assert page.status_code == 400
        body = page.content.decode()
        assert "<form" not in body
        return body.split('data-state="')[1].split('"')[0]

    for path, purpose in (("/account/verify/", Purpose.VERIFY), ("/account/reset/", Purpose.RESET)):
        assert state(path, "unknown") == "unknown"
        assert state(path, "\0ሀ" * 500) == "unknown"
        assert state(path, "") == "unknown"
        older, newer = issue(user, purpose), issue(user, purpose)
        assert state(path, older) == "expired"
        EmailToken.objects.filter(voided_at=None).update(expires_at=timezone.now())
        assert state(path, newer) == "expired"
        used = issue(user, purpose)
        EmailToken.objects.filter(voided_at=None).update(used_at=timezone.now())
        assert state(path, used) == "used"


def test_posting_a_dead_token(browser, user):
    token = issue(user, Purpose.VERIFY)
    open_page(browser, "/account/verify/", token)
    assert submit(browser, "/account/verify/", token=token).status_code == 200
    again = submit(browser, "/account/verify/", token=token)
    assert again.status_code == 400
    assert 'data-state="used"' in again.content.decode()
    assert submit(browser, "/account/verify/").status_code == 400


def test_reset(browser, user):
    token = issue(user, Purpose.RESET)
    page = open_page(browser, "/account/reset/", token)
    assert page.status_code == 200
    done = submit(browser, "/account/reset/", token=token, new_password=NEW, again=NEW)
    assert done.status_code == 200
    assert 'data-testid="reset-done"' in done.content.decode()
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert user.email_verified_at is not None
    again = submit(browser, "/account/reset/", token=token, new_password=PASSWORD, again=PASSWORD)
    assert again.status_code == 400
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_the_browser_asks_for_the_length_that_is_set(browser, user, settings):
    """The page once said 12, and kept shorter ones from a shop that allows them."""
    settings.PASSWORD_MIN_LENGTH = 9
    page = open_page(browser, "/account/reset/", issue(user, Purpose.RESET)).content.decode()
    assert "At least 9 characters" in page
    assert 'minlength="9" maxlength="128"' in page


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        (NEW, "other", "not the same"),
        ("short", "short", "too short"),
        ("abebe@buyers.shop", "abebe@buyers.shop", "your own name, address or number"),
        ("x" * 129, "x" * 129, "at most 128"),
        ("", "", "too short"),
        ("nul\0" * 5, "nul\0" * 5, "at most 128"),
    ],
)
def test_a_bad_password_keeps_the_link(browser, user, password, again, words):
    token = issue(user, Purpose.RESET)
    open_page(browser, "/account/reset/", token)
    page = submit(browser, "/account/reset/", token=token, new_password=password, again=again)
    assert page.status_code == 400
    body = page.content.decode()
    assert words in body
    assert 'role="alert"' in body
    if len(password) > 5:
        assert password not in body, "a password is never shown"
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert (
        submit(browser, "/account/reset/", token=token, new_password=NEW, again=NEW).status_code
        == 200
    )


def test_the_pages_share_the_limit_of_the_api(browser, user, settings):
    settings.RATE_LIMITS = True
    open_page(browser, "/account/verify/", issue(user, Purpose.VERIFY))
    for _ in range(60):
        assert submit(browser, "/account/verify/", token="guess").status_code == 400
    answer = submit(browser, "/account/verify/", token="guess")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert 'data-testid="error"' in answer.content.decode()


def test_other_methods(client):
    assert client.put("/account/verify/").status_code == 405
    assert client.post("/").status_code == 405


def test_home(client, settings):
    page = client.get("/")
    assert page.status_code == 200
    body = page.content.decode()
    assert settings.SHOP_NAME in body
    for address in ("/api/docs", "/api/redoc", "/api/schema/", "/admin/"):
        assert f'href="{address}"' in body


def test_unknown_pages_are_pages(client):
    page = client.get("/account/nothing/")
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")
    assert 'data-testid="error"' in page.content.decode()


def test_tokens_of_a_changed_address_are_dead(browser, user):
    token = issue(user, Purpose.VERIFY)
    user.email = "other@buyers.shop"
    user.save()
    assert open_page(browser, "/account/verify/", token).status_code == 400
