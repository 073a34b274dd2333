"""The list of sessions, ending them, and giving the password again."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from account.models import Session, User
from account.sessions import Device, open_session
from audit.models import AuditEntry
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db
SESSIONS = "/api/auth/sessions/"
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/141.0.0.0 Mobile Safari/537.36"
)


@pytest.fixture
def as_():
    """A client that sends this access token."""

    def with_token(body):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {body['access']}")
        return client

    return with_token


def test_the_list(person, login, api, as_):
    person()
    here = login()
    open_session(user=User.objects.get(), device=Device(CHROME, "196.188.7.9"))
    found = as_(here).get(SESSIONS)
    assert found.status_code == 200
    assert found["Cache-Control"] == "no-store"
    assert set(found.json()) == {"results", "next", "previous"}
    newest, mine = found.json()["results"]
    assert set(newest) == {
        "id", "device", "address", "created_at", "last_used_at", "expires_at", "current",
    }  # fmt: skip
    assert newest["device"] == {"name": "Chrome on Android", "user_agent": CHROME}
    assert newest["address"] == "196.188.7.9"
    assert (newest["current"], mine["current"]) == (False, True)
    assert as_(here).get(f"{SESSIONS}?count=true&page_size=1").json()["count"] == 2


def test_the_list_shows_what_stands_and_is_yours(person, login, as_):
    user = person()
    someone = person("other@buyers.shop")
    here = login()
    stale = {"user_agent": "gone"}
    now = timezone.now()
    later = now + timedelta(days=5)
    mark = user.password_mark()
    Session.objects.create(user=someone, password_mark=mark, expires_at=later)
    Session.objects.create(user=user, password_mark="another", expires_at=later, **stale)
    Session.objects.create(user=user, password_mark=mark, expires_at=now, **stale)
    Session.objects.create(
        user=user, password_mark=mark, expires_at=later, created_at=now - timedelta(366), **stale
    )
    Session.objects.create(
        user=user, password_mark=mark, expires_at=later, revoked_at=now, revoke_reason="owner", **stale
    )  # fmt: skip
    assert [row["current"] for row in as_(here).get(SESSIONS).json()["results"]] == [True]


def test_a_session_says_when_it_ends_at_the_latest(person, login, as_):
    person()
    here = login()
    born = timezone.now() - timedelta(days=360)
    Session.objects.update(created_at=born)
    told = as_(here).get(SESSIONS).json()["results"][0]["expires_at"]
    assert told[:16] == (born + timedelta(days=365)).isoformat()[:16]


@pytest.mark.parametrize("others", [0, 30])
def test_the_list_costs_two_queries(person, login, as_, others, django_assert_num_queries):
    user = person()
    here = login()
    for _ in range(others):
        open_session(user=user, device=Device(CHROME))
    with django_assert_num_queries(2):
        assert len(as_(here).get(f"{SESSIONS}?page_size=100").json()["results"]) == others + 1


def test_pages_are_walked_by_cursor(person, login, as_):
    user = person()
    here = login()
    for _ in range(4):
        open_session(user=user, device=Device(CHROME))
    seen, url = [], f"{SESSIONS}?page_size=2"
    while url:
        page = as_(here).get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 5


def test_ending_one(person, login, me, as_):
    person()
    here, there = login(), login()
    other = Session.objects.order_by("-pk").first()
    assert as_(here).delete(f"{SESSIONS}{other.public_id}/").status_code == 204
    assert me(there["access"]) == 401
    assert me(here["access"]) == 200
    assert as_(here).delete(f"{SESSIONS}{other.public_id}/").status_code == 404, "it is over"
    mine = Session.objects.order_by("pk").first()
    assert as_(here).delete(f"{SESSIONS}{mine.public_id}/").status_code == 204
    assert me(here["access"]) == 401


def test_somebody_elses_session_is_not_there(person, login, me, as_):
    person()
    person("other@buyers.shop")
    here, there = login(), login("other@buyers.shop")
    theirs = Session.objects.get(user__email="other@buyers.shop")
    for unknown in (theirs.public_id, uuid4()):
        answer = as_(here).delete(f"{SESSIONS}{unknown}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert as_(here).delete(f"{SESSIONS}1/").status_code == 404
    assert me(there["access"]) == 200


def test_ending_all_others(person, login, api, me, as_):
    person()
    person("other@buyers.shop")
    here, there, stranger = login(), login(), login("other@buyers.shop")
    assert as_(here).delete(SESSIONS).status_code == 204
    assert [me(body["access"]) for body in (here, there, stranger)] == [200, 401, 200]
    assert api.post("/api/auth/refresh/", {"refresh": there["refresh"]}).status_code == 401
    assert api.post("/api/auth/refresh/", {"refresh": here["refresh"]}).status_code == 200


def test_ending_all(person, login, api, me, as_):
    user = person()
    here, there = login(), login()
    assert as_(here).delete(f"{SESSIONS}?all=true").status_code == 204
    assert [me(body["access"]) for body in (here, there)] == [401, 401]
    for body in (here, there):
        assert api.post("/api/auth/refresh/", {"refresh": body["refresh"]}).status_code == 401
    before = user.token_version
    user.refresh_from_db()
    assert user.token_version == before + 1
    assert me(login()["access"]) == 200, "a new log-in carries the new version"
    entry = AuditEntry.objects.get(action="security.sessions_ended")
    assert entry.details == {"reason": "owner", "sessions": 2}
    assert (entry.actor_kind, entry.actor_id) == ("customer", user.pk)


@pytest.mark.parametrize("query", ["?all=perhaps", "?all=", "?all=2"])
def test_what_is_not_understood_ends_nothing(person, login, me, as_, query):
    person()
    here, there = login(), login()
    assert as_(here).delete(SESSIONS + query).status_code == 400
    assert [me(body["access"]) for body in (here, there)] == [200, 200]


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", SESSIONS), ("delete", SESSIONS), ("delete", f"{SESSIONS}01936b2f-0000-7000-8000-000000000000/"),
     ("post", "/api/auth/reauthenticate/")],
)  # fmt: skip
def test_nobody_else_may(api, db, method, path):
    assert getattr(api, method)(path).json()["code"] == "not_authenticated"


# --- every way to lose access, at the next request -----------------------------------------------


def raw(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "end",
    [
        lambda user: raw("UPDATE account_user SET is_active = false"),
        lambda user: raw("UPDATE account_user SET token_version = token_version + 1"),
        lambda user: raw("UPDATE account_user SET password = 'x'"),
        lambda user: raw("DELETE FROM account_session"),
        lambda user: User.objects.update(is_active=False),
        lambda user: User.objects.all().delete(),
    ],
    ids=["SQL disables", "SQL raises the version", "SQL sets a password", "SQL deletes sessions",
         "bulk update disables", "deleted"],
)  # fmt: skip
def test_what_ends_access_counts_at_the_next_request(person, login, api, me, end):
    user = person()
    body = login()
    assert me(body["access"]) == 200
    end(user)
    assert me(body["access"]) == 401
    answer = api.post("/api/auth/refresh/", {"refresh": body["refresh"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")


def test_a_changed_password_ends_all_but_the_new_pair(person, login, me, as_):
    user = person()
    here, there = login(), login()
    answer = as_(here).post(
        "/api/auth/password/change/",
        {"old_password": PASSWORD, "new_password": "eleven camels at the well"},
    )
    assert answer.status_code == 200
    assert [me(body["access"]) for body in (here, there, answer.json())] == [401, 401, 200]
    before = user.token_version
    user.refresh_from_db()
    assert user.token_version > before


def test_a_role_that_is_taken_counts_at_the_next_request(person, login, as_):
    from account.models import UserRole

    user = person(is_staff=True)
    UserRole.objects.create(user=user, role="owner")
    here = login()
    body = {"name": "Coffee"}
    assert as_(here).post("/api/categories/", body).status_code == 201
    raw("DELETE FROM account_userrole")
    assert as_(here).post("/api/categories/", {"name": "Tea"}).status_code == 403


# --- the password again ----------------------------------------------------------------------------


def test_giving_the_password_again(person, login, as_):
    person()
    here = login()
    Session.objects.update(authenticated_at=timezone.now() - timedelta(hours=1))
    answer = as_(here).post("/api/auth/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json()) == {"authenticated_at", "second_factor_at"}
    assert Session.objects.get().authenticated_at > timezone.now() - timedelta(seconds=30)


def test_a_wrong_password_renews_nothing(person, login, as_):
    person()
    here = login()
    then = timezone.now() - timedelta(hours=1)
    Session.objects.update(authenticated_at=then)
    answer = as_(here).post("/api/auth/reauthenticate/", {"password": "not mine at all"})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_password")
    assert answer.json()["errors"][0]["field"] == "password", "as the body calls it"
    assert Session.objects.get().authenticated_at == then
    assert AuditEntry.objects.filter(action="security.reauthentication_failed").count() == 1


def test_the_password_is_guessed_here_no_more_often_than_at_the_change(
    person, login, as_, settings
):
    settings.RATE_LIMITS = True
    person()
    here = login()
    statuses = [
        as_(here).post("/api/auth/reauthenticate/", {"password": "guess"}).status_code
        for _ in range(21)
    ]
    assert statuses == [400] * 20 + [429]
    change = {"old_password": "guess", "new_password": "eleven camels at the well"}
    assert as_(here).post("/api/auth/password/change/", change).status_code == 429


# --- letters about new devices ---------------------------------------------------------------------


@pytest.fixture
def sign_in_from(api, person):
    person()

    def sign_in(agent, address):
        answer = api.post(
            "/api/auth/login/",
            {"email": "abebe@buyers.shop", "password": PASSWORD},
            headers={"User-Agent": agent},
            REMOTE_ADDR=address,
        )
        assert answer.status_code == 200

    return sign_in


def notices(letters):
    return [letter for letter in letters() if "New sign-in" in letter.subject]


def test_a_new_device_is_told_to_the_owner(sign_in_from, letters):
    sign_in_from(CHROME, "196.188.7.9")
    assert not notices(letters), "the first log-in ever is no news"
    sign_in_from(CHROME.replace("141", "142"), "196.188.7.77")
    assert not notices(letters), "an update and the provider's next address are no news"
    sign_in_from(CHROME, "203.0.113.5")
    (notice,) = notices(letters)
    assert "Chrome on Android" in notice.text
    assert "203.0.113.5" in notice.text
    sign_in_from("curl/8.5.0", "196.188.7.9")
    assert len(notices(letters)) == 2
    sign_in_from("curl/8.5.0", "196.188.7.9")
    assert len(notices(letters)) == 2, "by now it is known"


def test_a_device_that_proves_itself_may_be_anywhere(sign_in_from, api, letters):
    sign_in_from(CHROME, "196.188.7.9")
    body = {"email": "abebe@buyers.shop", "password": PASSWORD}
    known = api.post("/api/auth/login/", body, REMOTE_ADDR="196.188.7.9").json()["device"]
    before = len(notices(letters))
    for number in (1, 2):
        answer = api.post(
            "/api/auth/login/",
            {**body, "device": known},
            headers={"User-Agent": f"another program {number}"},
            REMOTE_ADDR=f"203.0.{number}.7",
        )
        assert answer.status_code == 200
    assert len(notices(letters)) == before
    forged = known[:-1] + ("A" if known[-1] != "A" else "B")
    api.post("/api/auth/login/", {**body, "device": forged}, REMOTE_ADDR="203.0.99.7")
    assert len(notices(letters)) == before + 1


def test_what_the_device_calls_itself_does_not_get_into_the_letter(sign_in_from, letters):
    sign_in_from(CHROME, "196.188.7.9")
    sign_in_from("Win a prize at https://evil.example <b>now</b>", "196.188.7.9")
    (notice,) = notices(letters)
    assert "evil" not in notice.text + notice.html
    assert "Unknown device" in notice.text


def test_failed_log_ins_are_recorded_and_told_to_nobody(sign_in_from, api, letters):
    sign_in_from(CHROME, "196.188.7.9")
    for email in ("abebe@buyers.shop", "nobody@buyers.shop"):
        api.post("/api/auth/login/", {"email": email, "password": "wrong"})
    entries = AuditEntry.objects.filter(action="security.sign_in_failed").order_by("pk")
    user = User.objects.get()
    assert [entry.target_public_id for entry in entries] == [str(user.public_id), ""]
    assert not any("buyers.shop" in str(entry.details) for entry in entries)
    assert not notices(letters)
