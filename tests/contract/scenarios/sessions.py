"""Where people are signed in, and refreshing at the same moment."""

from __future__ import annotations

from datetime import timedelta

from account import rotation, sessions, tokens
from account.models import Session
from common.ids import uuid7
from tests.contract.recorder import Recorder
from tests.contract.world import PASSWORD

PHONE = sessions.Device(
    "Mozilla/5.0 (Linux; Android 14; SM-A145F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
    " Mobile Safari/537.36",
    "196.188.7.9",
)
BROWSER = sessions.Device(
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "196.188.7.10"
)


def session_of(s: Recorder, device: sessions.Device) -> Session:
    """A log-in from that device."""
    return sessions.open_session(user=s.world.hana, device=device)


def your_sessions(s: Recorder) -> None:
    """See where you are signed in, and sign out there."""
    phone, browser = session_of(s, PHONE), session_of(s, BROWSER)
    token = tokens.pair(browser)["access"]
    s.call("auth_sessions_list", "list", "Where am I signed in?", token=token, status=200)
    s.call(
        "auth_sessions_list", "invalid", "There is no such ordering",
        token=token, query={"ordering": "colour"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_sessions_end_one", "end", "Sign out the telephone",
        token=token, path={"session_id": str(phone.public_id)}, status=204,
    )  # fmt: skip
    s.call(
        "auth_sessions_end", "others", "Sign out everywhere else", token=token, status=204,
    )  # fmt: skip
    s.call(
        "auth_sessions_end", "invalid", "Neither true nor false",
        token=token, query={"all": "perhaps"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_sessions_end", "all", "Sign out everywhere, here too",
        token=token, query={"all": "true"}, status=204,
    )  # fmt: skip


def the_password_again(s: Recorder) -> None:
    """Before sensitive calls."""
    token = s.world.token(s.world.hana)
    s.call(
        "auth_reauthenticate", "again", "The password, once more",
        token=token, body={"password": PASSWORD}, status=200,
    )  # fmt: skip
    s.call(
        "auth_reauthenticate", "wrong_password", "The password is wrong",
        token=token, body={"password": "not-my-password"}, status=400, code="wrong_password",
    )  # fmt: skip
    s.call(
        "auth_reauthenticate", "invalid", "Neither a password nor a code",
        token=token, body={}, status=400, code="invalid",
    )  # fmt: skip


def two_tabs(s: Recorder) -> None:
    """Two tabs refresh with one token: one wins, the other is told so."""
    s.settings.REFRESH_GRACE = timedelta(hours=1)
    session = session_of(s, BROWSER)
    body = {"refresh": tokens.pair(session)["refresh"]}
    rotation.refresh(session_id=session.public_id, refresh_id=session.refresh_jti, version=0)
    s.call(
        "auth_refresh", "superseded", "Another tab has just used this token",
        body=body, status=401, code="refresh_superseded",
    )  # fmt: skip
    Session.objects.filter(pk=session.pk).update(previous_jti=uuid7())
    s.call(
        "auth_refresh", "replayed", "A used token came back later: the session has ended",
        body=body, status=401, code="invalid_refresh_token",
    )  # fmt: skip


STORIES = [your_sessions, the_password_again, two_tabs]
