"""Every secret that a running shop gives out is looked for in what the shop keeps: logs, jobs, letters, every table.

A whole shop is started and used, through every flow that makes a secret, and through errors on the way. Passwords, codes,
keys and tokens may be in the mailbox, on the telephone and in the answer that gave them out, and nowhere else.
"""

from __future__ import annotations

import base64
import email
import email.policy
import hmac
import json
import re
import struct
import time
import uuid
from pathlib import Path

import pytest

from tests.shop import Shop

pytestmark = pytest.mark.slow
# Fields of answers that hold a secret, whatever they are called elsewhere.
SECRET_FIELDS = {
    "access", "refresh", "order_token", "secret", "key", "token", "otpauth_url", "recovery_codes", "device", "api_key",
}  # fmt: skip
# Where secrets belong: what stands for mailbox and telephone, the operator's own files, and the simulator, another company.
BELONGS = ("mail/", "sms/", "credentials.json", "secret_key", "simulator", "postgres/", "media/")
DUMP = """
from django.db import connection
with connection.cursor() as cursor:
    for table in sorted(connection.introspection.table_names(cursor)):
        cursor.execute(f'SELECT t::text FROM "{table}" t')
        for (row,) in cursor.fetchall():
            print(table, row.replace(chr(10), " "))
"""


class Visit:
    """Somebody who uses the shop and remembers every secret."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.secrets, self.read = shop, {}, set()

    def remember(self, kind: str, value: str) -> str:
        self.secrets[value] = kind
        return value

    def call(
        self,
        path: str,
        body: dict | None = None,
        *,
        method: str = "POST",
        status=(200, 201, 202),
        **headers,
    ):
        """Send; whatever secret comes back is remembered."""
        answer = self.shop.http.request(method, f"/api/{path}", json=body, headers=headers)
        assert answer.status_code in status, (path, answer.status_code, answer.text)
        told = answer.json() if answer.content else {}
        self._learn(told, path)
        return told

    def _learn(self, told, path) -> None:
        for name, value in told.items() if isinstance(told, dict) else ():
            for one in value if isinstance(value, list) else [value]:
                if name in SECRET_FIELDS and isinstance(one, str) and len(one) >= 8:
                    self.remember(f"{name} of {path}", one)
                elif isinstance(one, dict):
                    self._learn(one, path)

    def arrives(self, folder: str, pattern: str, kind: str) -> str:
        """The secret in the next letter or SMS that was not read yet."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for file in sorted((self.shop.data_dir / folder).glob("[!.]*")):
                if file not in self.read and (
                    found := re.search(pattern, _text(file), re.MULTILINE)
                ):
                    self.read.add(file)
                    return self.remember(kind, found[1])
            time.sleep(0.1)
        raise AssertionError(f"no {kind}")

    def token(self) -> str:
        return self.arrives("mail", r"\?token=([\w-]{40,})", "token of a letter")

    def code(self) -> str:
        return self.arrives("sms", r"(?<!\d)(\d{6})(?!\d)", "code of an SMS")


def _text(file: Path) -> str:
    if file.suffix == ".eml":
        letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        return letter.get_body(("plain",)).get_content()
    return json.loads(file.read_text())["text"]


def totp(secret: str) -> str:
    """The code that an authenticator shows now."""
    key = base64.b32decode(secret.replace(" ", "") + "=" * (-len(secret.replace(" ", "")) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def bearer(pair: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['access']}"}


def customer(visit: Visit) -> None:
    """From registering to a new address, with mistakes."""
    words = [
        visit.remember("password", f"{uuid.uuid4().hex[:8]} goats on hill {n}") for n in range(4)
    ]
    address = "meron@buyers.example"
    visit.call("auth/register/", {"email": address, "password": words[0]})
    visit.call("auth/login/", {"email": address, "password": words[0]}, status=(401, 403))
    visit.call("auth/verify-email/", {"token": visit.token()})
    pair = visit.call("auth/login/", {"email": address, "password": words[0]})
    visit.call(
        "auth/login/",
        {"email": address, "password": visit.remember("password", "a wrong guess of mine")},
        status=(401,),
    )
    pair = visit.call("auth/refresh/", {"refresh": pair["refresh"]})
    pair = visit.call(
        "auth/password/change/",
        {"old_password": words[0], "new_password": words[1]},
        **bearer(pair),
    )
    visit.call("auth/password/forgot/", {"email": address})
    visit.call("auth/password/reset/", {"token": visit.token(), "new_password": words[2]})
    pair = visit.call("auth/login/", {"email": address, "password": words[2]})
    visit.call(
        "auth/email/", {"email": "meron.alemu@buyers.example"}, status=(200, 202), **bearer(pair)
    )
    visit.call("auth/verify-email/", {"token": visit.token()})
    pair = visit.call("auth/login/", {"email": "meron.alemu@buyers.example", "password": words[2]})
    visit.call("auth/logout/", {"refresh": pair["refresh"]}, status=(204,))
    visit.call("auth/refresh/", {"refresh": pair["refresh"]}, status=(401,))
    verifier = visit.remember("verifier", str(uuid.uuid4()))
    visit.call("auth/phone/code/", {"phone": "0911223344", "verifier": verifier})
    signed = visit.call(
        "auth/phone/login/", {"phone": "0911223344", "code": visit.code(), "verifier": verifier}
    )
    visit.call("auth/phone/verify/", {"phone": "0911223355"}, **bearer(signed))
    visit.call(
        "auth/phone/verify/confirm/",
        {"phone": "0911223355", "code": visit.code()},
        **bearer(signed),
    )


def buyer(visit: Visit) -> None:
    """A guest's order, paid; the webhook is signed with the shop's secret."""
    product = visit.shop.product(stock=5)
    order = visit.shop.checkout({"product_id": product["id"], "quantity": 1}).json()
    visit.remember("order token", order["order_token"])
    payment = visit.shop.pay(order)
    visit.shop.approve(payment)
    visit.shop.wait_for(order, "paid")


def staff(visit: Visit) -> None:
    """A key, made and renewed and used; a second factor with its recovery codes."""
    # The demo log-ins are printed at the start, by contract: their passwords are no secrets.
    owner = visit.call("auth/login/", visit.shop.logins["staff"])
    made = visit.call("keys/", {"name": "till", "scopes": ["catalog:read"]}, **bearer(owner))
    public_id = made.get("id") or made["key"]["id"]
    visit.call(f"keys/{public_id}/rotate/", {}, **bearer(owner))
    for secret in [value for value in visit.secrets if value.startswith("nxk_")]:
        visit.call("products/", method="GET", Authorization=f"Bearer {secret}")
    enrolment = visit.call("auth/second-factor/enrol/", {}, **bearer(owner))
    otp = visit.remember("code of an authenticator", totp(enrolment["secret"]))
    visit.call("auth/second-factor/confirm/", {"otp": otp}, **bearer(owner))


def mistakes(visit: Visit) -> None:
    """Secrets where they do not belong: in addresses, in broken bodies, in headers that nobody understands."""
    http = visit.shop.http
    for secret in list(visit.secrets):
        http.get("/account/verify/", params={"token": secret})
        http.get("/api/nothing/", params={"token": secret, "password": secret})
        http.post("/api/auth/login/", content=f'{{"email": "a@b.et", "password": "{secret}"')
        http.post("/api/auth/verify-email/", json={"token": secret, secret: secret})
        ascii_only = secret.isascii() and "\n" not in secret
        if ascii_only:
            http.get("/api/auth/me/", headers={"Authorization": f"Bearer {secret}"})
            http.get("/api/orders/", headers={"X-Order-Token": secret})
            http.get("/api/auth/me/", headers={"Authorization": f"Basic {secret}"})


def holding(secrets: dict[str, str], text: str) -> set[str]:
    """Which secrets a text holds. Six digits are looked for as a number of their own, not inside times and ids."""
    return {
        kind
        for value, kind in secrets.items()
        if (
            re.search(rf"(?<![\d.:+-]){value}(?![\d.-])", text)
            if value.isdigit()
            else value in text
        )
    }


def files(shop: Shop) -> list[Path]:
    """Everything that the shop has written and that is no place for secrets."""
    return [
        path
        for path in sorted(shop.data_dir.rglob("*"))
        if path.is_file()
        and (path.suffix == ".log" or not str(path.relative_to(shop.data_dir)).startswith(BELONGS))
    ]


def test_no_secret_is_left_lying_about(own_shop):
    visit = Visit(own_shop)
    customer(visit)
    buyer(visit)
    staff(visit)
    mistakes(visit)
    visit.remember("the shop's own key", (own_shop.data_dir / "secret_key").read_text())
    kinds = set(visit.secrets.values())
    assert len(visit.secrets) >= 30, kinds
    for needed in (
        "access",
        "refresh",
        "token of a letter",
        "code of an SMS",
        "order token",
        "recovery",
        "password",
        "secret",
    ):
        assert any(needed in kind for kind in kinds), needed
    time.sleep(2)  # letters that were just sent are blanked

    kept = files(own_shop)
    assert own_shop.log in kept
    for path in kept:
        found = holding(visit.secrets, path.read_text(errors="replace"))
        assert found == set(), path.name
    tables: dict[str, set[str]] = {}
    dumped = own_shop.manage("shell", "-v", "0", "-c", DUMP).stdout
    assert "procrastinate_jobs" in dumped
    assert "events_letter" in dumped
    for line in dumped.splitlines():
        if found := holding(visit.secrets, line):
            tables.setdefault(line.partition(" ")[0], set()).update(found)
    assert tables == {}

    # Controls: a line in a log, and a row in a table, that do hold one.
    secret, kind = next(
        (value, kind) for value, kind in visit.secrets.items() if kind.startswith("refresh")
    )
    with own_shop.log.open("a") as log:
        log.write(f"careless: {secret}\n")
    assert [
        path for path in files(own_shop) if holding(visit.secrets, path.read_text(errors="replace"))
    ] == [own_shop.log]
    assert holding({"246810": "code"}, "the code 246810 was sent") == {"code"}
    assert holding(visit.secrets, f'events_letter (1,email,"{secret}")') == {kind}
