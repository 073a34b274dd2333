"""docs/examples/auth.mjs in two tabs of a browser: one store, one lock, one session."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "auth.mjs"
PAGE = """<!doctype html><title>tab</title><script type="module">
  import { Shop, SignedOut } from "/tab/auth.mjs";
  window.left = 0;
  window.SignedOut = SignedOut;
  window.shop = new Shop(location.origin, { onSignedOut: () => { window.left++; } });
</script>"""
CALLS = """() => { window.calls = Promise.all(Array.from({ length: 10 }, () => shop.call("/api/auth/me/"))
  .map((call) => call.then((me) => me.email, (error) => error.constructor.name))); }"""


@pytest.fixture(params=[True, False], ids=["with locks", "without locks"])
def locks(request):
    return request.param


@pytest.fixture
def context(chromium, shop, locks):
    """A browser's profile: the tabs of one person. Pages of a front end at the shop's own origin."""
    context = chromium.new_context()
    if not locks:
        context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
    context.route("**/tab/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    context.route(
        "**/tab/auth.mjs", lambda route: route.fulfill(path=EXAMPLE, content_type="text/javascript")
    )
    yield context
    context.close()


@pytest.fixture
def tab(context, shop):
    def open_tab():
        page = context.new_page()
        page.goto(f"{shop.url}/tab/")
        page.wait_for_function("window.shop")
        return page

    return open_tab


def test_two_tabs_refresh_together(context, tab, shop, locks):
    login = shop.logins["customer"]
    first = tab()
    first.evaluate(
        "([email, password]) => shop.login(email, password)", [login["email"], login["password"]]
    )
    statuses = []

    def slowly(
        route,
    ):  # so that the tabs' refreshes are under way at the same time, if nothing keeps them apart
        time.sleep(0.5)
        answer = route.fetch()
        statuses.append(answer.status)
        route.fulfill(response=answer)

    context.route("**/api/auth/refresh/", slowly)
    first.reload()
    first.wait_for_function("window.shop")
    second = tab()
    for page in (first, second):
        page.evaluate(CALLS)
    for page in (first, second):
        assert page.evaluate("() => window.calls") == [login["email"]] * 10
    if locks:
        assert set(statuses) == {200}
        assert 1 <= len(statuses) <= 2
    else:
        # The control: without the lock both send the same token. The shop's grace keeps them from harm.
        assert statuses.count(401) == 1

    # Both tabs go on, and leave together.
    for page in (first, second):
        page.evaluate(CALLS)
        assert page.evaluate("() => window.calls") == [login["email"]] * 10
    first.evaluate("() => shop.logout()")
    second.wait_for_function("window.left > 0")
    assert second.evaluate(
        "() => shop.call('/api/auth/me/').catch((error) => error instanceof SignedOut)"
    )
    assert second.evaluate("() => localStorage.getItem('nexus.refresh')") is None
