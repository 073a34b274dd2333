"""The same over real HTTP: a whole shop with its worker, the simulator's webhooks and a search from outside."""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid

import psycopg
import pytest

from tests.privacy.conftest import ADDRESS, AGENT, BOOK, EMAIL, LOCAL_PHONE, PASSWORD, PHONE
from tests.privacy.searching import KEPT_BY_LAW, found_in_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

NAMES = ["Zewditu", "Lastnameqx"]
VALUES = [
    EMAIL, *NAMES, PHONE, PHONE[1:], LOCAL_PHONE, AGENT,
    *(str(value) for name, value in BOOK.items() if name not in {"country", "phone"}),
]  # fmt: skip


def eventually(question, seconds=40):
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
    return answer


def letters(shop):
    return [path.read_text() for path in sorted((shop.data_dir / "mail").glob("*.eml"))]


def database(shop):
    """Its own connection, past the shop."""
    script = (
        "import json; from django.db import connection; connection.ensure_connection();"
        " p = connection.get_connection_params();"
        " print('PARAMS' + json.dumps({k: p[k] for k in ('dbname', 'user', 'host', 'port', 'password') if p.get(k)}))"
    )
    out = shop.manage("shell", "-c", script).stdout
    return psycopg.connect(**json.loads(re.search("PARAMS(.*)", out)[1]), autocommit=True)


def search(shop):
    """Which values stand in which tables; bytes are read as text."""
    found = {}
    with contextlib.closing(database(shop)) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        ).fetchall()
        for table, column, kind in columns:
            quoted = f'"{column}"'
            shown = f"encode({quoted}, 'escape')" if kind == "bytea" else f"{quoted}::text"
            which = KEPT_BY_LAW.get((table, column), "true")
            rows = connection.execute(
                f"SELECT lower({shown}) FROM {table} WHERE {which}"
            ).fetchall()
            hits = {v for v in VALUES for (text,) in rows if text and v.casefold() in text}
            if hits:
                found[f"{table}.{column}"] = hits
    return found


def test_a_person_comes_buys_and_is_forgotten(own_shop):
    shop = own_shop
    http, agent = shop.http, {"User-Agent": AGENT, "X-Forwarded-For": ADDRESS}
    person = {
        "email": EMAIL, "password": PASSWORD, "first_name": NAMES[0], "last_name": NAMES[1], "phone": LOCAL_PHONE,
    }  # fmt: skip
    assert http.post("/api/auth/register/", json=person, headers=agent).status_code == 202
    found = eventually(
        lambda: [
            match[1]
            for letter in letters(shop)
            if (match := re.search(r"token=3D([\w-]{20,}(?:=\n[\w-]+)*)", letter))
            or (match := re.search(r"\?token=([\w-]{20,})", letter))
        ]
    )
    token = found[0].replace("=\n", "")
    answer = http.post("/api/auth/verify-email/", json={"token": token})
    assert answer.status_code == 200, answer.text
    login = {"email": EMAIL, "password": PASSWORD}
    http.post("/api/auth/login/", json={**login, "password": "not my password"}, headers=agent)
    signed_in = http.post("/api/auth/login/", json=login, headers=agent).json()
    mine = {"Authorization": f"Bearer {signed_in['access']}", **agent}
    assert http.post("/api/addresses/", json=BOOK, headers=mine).status_code == 201

    product = shop.product(stock=50, price="1250.00")
    body = {
        "items": [{"product_id": product["id"], "quantity": 1}],
        "shipping_address": {"first_name": NAMES[0], "last_name": NAMES[1], "city": "Cityqj"},
    }

    def order(headers, **contact):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        answer = http.post(
            "/api/orders/checkout/", json={**body, **contact}, headers={**headers, **key}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def pay(placed, headers):
        if "order_token" in placed:
            headers = {**headers, "X-Order-Token": placed["order_token"]}
        path = f"/api/orders/{placed['id']}/"
        payment = http.post(f"{path}payments/", json={"method": "chapa"}, headers=headers).json()
        shop.approve(payment)
        eventually(lambda: http.get(path, headers=headers).json()["status"] == "paid")

    bought, as_guest, unpaid = order(mine), order(agent, email=EMAIL.lower()), order(mine)
    pay(bought, mine)
    pay(as_guest, agent)
    http.post(f"/api/orders/{unpaid['id']}/payments/", json={"method": "chapa"}, headers=mine)
    http.post("/api/auth/password/forgot/", json={"email": EMAIL})
    assert http.post("/api/auth/me/export/", headers=mine).status_code == 202
    eventually(lambda: http.get("/api/auth/me/export/", headers=mine).json()["state"] == "ready")
    copy = http.get("/api/auth/me/export/document/", headers=mine)
    assert {placed["number"] for placed in copy.json()["orders"]} == {
        bought["number"], as_guest["number"], unpaid["number"],
    }  # fmt: skip
    before = search(shop)
    assert {
        "account_user.email", "orders_order.email", "payments_webhookevent.body", "events_letter.recipient",
        "common_storedreply.body", "account_session.user_agent", "privacy_export.document",
    } <= set(before)  # fmt: skip

    assert http.delete("/api/auth/me/", headers=mine).status_code == 202
    assert http.get("/api/auth/me/", headers=mine).status_code == 401
    assert http.post("/api/auth/login/", json=login).status_code == 401
    last = eventually(lambda: [letter for letter in letters(shop) if "is erased" in letter])
    assert len(last) == 1
    eventually(lambda: not search(shop))
    staff = shop.sign_in("staff")
    state = {
        placed["number"]: (read["status"], read["email"], read["total"]["amount"])
        for placed in (bought, as_guest, unpaid)
        if (read := http.get(f"/api/orders/{placed['id']}/", headers=staff).json())
    }
    assert state == {
        bought["number"]: ("paid", "", "1250.00"),
        as_guest["number"]: ("paid", "", "1250.00"),
        unpaid["number"]: ("cancelled", "", "1250.00"),
    }
    assert "Healthy" in shop.doctor()
    # The gateway keeps its own books; letters are the mailbox; dead rows end when PostgreSQL cleans up.
    others = {"mail", "sms", "postgres", *(path.name for path in shop.data_dir.glob("simulator*"))}
    assert found_in_files(shop.data_dir, VALUES, skip=others) == {}
