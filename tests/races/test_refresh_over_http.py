"""Fifty refreshes at once over HTTP, against the shop as it is shipped."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = pytest.mark.slow


def test_one_of_fifty_refreshes_wins_and_a_replay_ends_the_session(shop):
    pair = shop.http.post("/api/auth/login/", json=shop.logins["customer"]).json()

    def refresh(_):
        with httpx.Client(base_url=shop.url, timeout=60) as client:
            return client.post("/api/auth/refresh/", json={"refresh": pair["refresh"]})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(refresh, range(50)))
    told = Counter((answer.status_code, answer.json().get("code")) for answer in answers)
    assert told == {(200, None): 1, (401, "refresh_superseded"): 49}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 401)
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]

    def me():
        headers = {"Authorization": f"Bearer {winner['access']}"}
        return shop.http.get("/api/auth/me/", headers=headers).status_code

    assert me() == 200, "the session survives its own front end"
    time.sleep(5.1)  # until then a tab that comes late does no harm
    replay = shop.http.post("/api/auth/refresh/", json={"refresh": pair["refresh"]})
    assert (replay.status_code, replay.json()["code"]) == (401, "invalid_refresh_token")
    assert me() == 401, "after the answer was seen, the old token means a thief"
    again = shop.http.post("/api/auth/refresh/", json={"refresh": winner["refresh"]})
    assert again.status_code == 401
