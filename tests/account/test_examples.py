"""The clients of docs/accounts.md against the shop as it is shipped: also with lost answers and without locks."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no Node.js on this machine")


def run(*command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **kwargs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python_client():
    spec = importlib.util.spec_from_file_location("example_auth", EXAMPLES / "auth.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def javascript(shop, program):
    """What a program prints that has `Shop`, a signed-in `shop`, and `refreshes`, which counts calls of refresh/."""
    login = shop.logins["customer"]
    prelude = f"""
        import {{ Shop, SignedOut, Problem }} from {json.dumps(str(EXAMPLES / "auth.mjs"))};
        const base = {json.dumps(shop.url)};
        const store = new Map();
        const kept = {{ getItem: (k) => store.get(k) ?? null, setItem: (k, v) => store.set(k, v),
                       removeItem: (k) => store.delete(k) }};
        const real = globalThis.fetch;
        const statuses = [];
        let meddle = async (answer) => answer;
        globalThis.fetch = async (url, options) => {{
          const answer = await real(url, options);
          if (!url.endsWith("/refresh/")) return answer;
          statuses.push(answer.status);
          return meddle(answer);
        }};
        const open = () => new Shop(base, {{ store: kept }});
        const shop = open();
        await shop.login({json.dumps(login["email"])}, {json.dumps(login["password"])});
    """
    return json.loads(run(NODE, "--input-type=module", "--eval", prelude + program))


@needs_node
def test_the_javascript_example(shop):
    told = run(NODE, EXAMPLES / "auth.mjs", shop.url, shop.data_dir / "mail").splitlines()
    assert re.fullmatch(r"registered abebe\.\d+@buyers\.shop", told[0])
    assert told[1:] == [
        "not yet: email_not_verified",
        f"signed in as {told[0].split()[1]}",
        "10 calls at once, 1 silent refresh",
        "sessions: Node.js, Node.js (this one)",
        "the other one: SignedOut",
        "signed out: SignedOut",
    ]


def test_the_python_example(shop):
    told = run(sys.executable, EXAMPLES / "auth.py", shop.url, shop.data_dir / "mail").splitlines()
    assert re.fullmatch(r"registered hana\.\d+@buyers\.shop", told[0])
    assert told[1:] == [
        "not yet: email_not_verified",
        f"signed in as {told[0].split()[1]}",
        "10 calls at once, 1 silent refresh",
        "signed out",
    ]


@needs_node
def test_javascript_when_the_answer_to_a_refresh_is_lost(shop):
    """The shop rotated, the client never heard of it: it asks again and gets the same successor."""
    told = javascript(
        shop,
        """
        let lost = 0;
        meddle = async (answer) => { if (lost++ === 0) throw new TypeError("network"); return answer; };
        const again = open();
        const me = await again.call("/api/auth/me/");
        console.log(JSON.stringify({ statuses, email: me.email }));
        """,
    )
    assert told == {"statuses": [200, 401, 200], "email": shop.logins["customer"]["email"]}


@needs_node
def test_javascript_in_two_tabs_without_locks(shop):
    """Both refresh at the same moment with the same token: one is told that it was superseded, both go on."""
    told = javascript(
        shop,
        """
        const tabs = [open(), open()];
        const found = await Promise.all(tabs.map((tab) => tab.call("/api/auth/me/")));
        console.log(JSON.stringify({ statuses: statuses.sort(), emails: found.map((me) => me.email) }));
        """,
    )
    assert told["statuses"] == [200, 200, 401]
    assert told["emails"] == [shop.logins["customer"]["email"]] * 2


@needs_node
def test_javascript_when_the_access_token_is_refused(shop):
    told = javascript(
        shop,
        """
        await shop.changePassword("wrong", "wrong").catch(() => {});
        const other = open();
        await other.call("/api/auth/me/");
        await shop.endOtherSessions();
        const still = await shop.call("/api/auth/me/");
        await shop.call("/api/auth/sessions/?all=true", { method: "DELETE" });
        const after = await shop.call("/api/auth/me/").catch((error) => error instanceof SignedOut);
        console.log(JSON.stringify({ still: Boolean(still.id), after, left: kept.getItem("nexus.refresh"),
                                     device: Boolean(kept.getItem("nexus.device")) }));
        """,
    )
    assert told == {"still": True, "after": True, "left": None, "device": True}


def signed_in(python_client, shop):
    client = python_client.Shop(shop.url)
    client.login(**shop.logins["customer"])
    return client


def test_python_from_many_threads_with_a_token_that_ran_out(shop, python_client):
    client = signed_in(python_client, shop)
    client.access = "stale"
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: client.call("GET", "/api/auth/me/")["email"], range(10)))
    assert found == [shop.logins["customer"]["email"]] * 10
    assert client.renewals == 1
    client.logout()
    with pytest.raises(python_client.SignedOut):
        client.call("GET", "/api/auth/me/")


def test_python_when_the_answer_to_a_refresh_is_lost(shop, python_client):
    client = signed_in(python_client, shop)
    client.access = ""
    send, seen = client.http.request, []

    def lossy(method, path, **kwargs):
        answer = send(method, path, **kwargs)
        if path.endswith("/refresh/"):
            seen.append(answer.status_code)
            if len(seen) == 1:
                raise httpx.ReadError("the network")
        return answer

    client.http.request = lossy
    assert client.call("GET", "/api/auth/me/")["email"] == shop.logins["customer"]["email"]
    assert seen == [200, 401, 200]
