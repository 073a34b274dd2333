"""Accounts for a program: sign up, log in, stay signed in silently, log out. Needs httpx; safe to share between threads."""
# ruff: noqa: T201

# region: client
from __future__ import annotations

import threading
import time
from typing import Any

import httpx


class Problem(Exception):
    """What the shop refuses. Branch on `code`; `errors` has one entry per field."""

    def __init__(self, answer: httpx.Response) -> None:
        body = answer.json()
        super().__init__(body["detail"])
        self.status: int = answer.status_code
        self.code: str = body["code"]
        self.errors: list[dict[str, Any]] = body.get("errors", [])
        self.retry_after = int(answer.headers.get("Retry-After", 0))  # seconds


class SignedOut(Exception):
    """Sign in again."""


class Shop:
    """A client of one person."""

    def __init__(self, base: str, refresh: str = "", device: str = "") -> None:
        self.http = httpx.Client(base_url=base, timeout=15)
        self.access = ""
        self.refresh = refresh  # keep it where only this person can read it
        self.device = device  # keep it too: guessers elsewhere then do not keep you out
        self.renewals = 0
        self._lock = threading.Lock()

    def register(self, **person: str) -> None:
        """Always fine. What comes of it is in a letter."""
        self._post("register/", **person)

    def verify_email(self, token: str) -> None:
        self._post("verify-email/", token=token)

    def login(self, email: str, password: str, otp: str = "") -> dict[str, Any]:
        body = {"email": email, "password": password, "otp": otp}
        if self.device:
            body["device"] = self.device
        return self._signed_in(self._post("login/", **body))

    def logout(self) -> None:
        refresh, self.access, self.refresh = self.refresh, "", ""
        if refresh:
            self._post("logout/", refresh=refresh)

    def change_password(self, old_password: str, new_password: str) -> dict[str, Any]:
        body = {"old_password": old_password, "new_password": new_password}
        return self._signed_in(self.call("POST", "/api/auth/password/change/", json=body))

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """Any call of a signed-in person. An access token that has run out is renewed silently."""
        used = self.access or self._renew("")
        try:
            return self._send(method, path, used, **kwargs)
        except Problem as problem:
            if problem.status != 401 or problem.code != "invalid_token":
                raise
        return self._send(method, path, self._renew(used), **kwargs)

    def _renew(self, used: str) -> str:
        """One thread renews, the others wait for what it gets."""
        with self._lock:
            if self.access != used:
                return self.access
            for attempt in range(4):
                if not self.refresh:
                    break
                try:
                    self.renewals += 1
                    pair = self._post("refresh/", refresh=self.refresh)
                    self.refresh, self.access = pair["refresh"], pair["access"]
                    return self.access
                except Problem as problem:
                    if problem.status == 401 and not problem.retry_after:
                        break
                    wait = problem.retry_after  # 401 refresh_superseded, 429, 503
                except httpx.TransportError:
                    wait = attempt + 1  # no answer: the same token again
                time.sleep(wait)
            else:
                raise ConnectionError("The shop cannot be reached.")
            self.access = self.refresh = ""
            raise SignedOut

    def _signed_in(self, body: dict[str, Any]) -> dict[str, Any]:
        self.refresh, self.access = body["refresh"], body["access"]
        self.device = body.get("device", self.device)
        user: dict[str, Any] = body["user"]
        return user

    def _post(self, path: str, **body: str) -> Any:
        return self._send("POST", f"/api/auth/{path}", json=body)

    def _send(self, method: str, path: str, access: str = "", **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        answer = self.http.request(method, path, headers=headers, **kwargs)
        if answer.is_error:
            raise Problem(answer)
        return answer.json() if answer.content else None


# endregion


# region: demo
def demo(base: str, mail: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    email, password = f"hana.{time.time_ns()}@buyers.shop", "seven goats on a hill"
    shop = Shop(base)
    shop.register(email=email, password=password, first_name="Hana")
    print("registered", email)
    try:
        shop.login(email, password)
    except Problem as problem:
        print("not yet:", problem.code)

    shop.verify_email(token_in_letter(mail, email))
    print("signed in as", shop.login(email, password)["email"])

    restored = Shop(base, refresh=shop.refresh)  # a program that was started anew
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: restored.call("GET", "/api/auth/me/"), range(10)))
    print(f"{len(answers)} calls at once, {restored.renewals} silent refresh")

    restored.logout()
    try:
        restored.call("GET", "/api/auth/me/")
    except SignedOut:
        print("signed out")


def token_in_letter(folder: str, email: str) -> str:
    """In development every letter is a file. Elsewhere the person opens the link."""
    import re
    from pathlib import Path

    for _ in range(100):
        for path in Path(folder).glob("*.eml"):
            letter = path.read_text()
            link = re.search(r"account/verify/\?token=([\w-]+)", letter)
            if link and f"To: {email}" in letter:
                return link[1]
        time.sleep(0.2)
    raise LookupError(f"no letter to {email} in {folder}")


if __name__ == "__main__":
    import sys

    demo(*(sys.argv[1:] or ["http://127.0.0.1:8000", ".nexus/mail"]))
# endregion
