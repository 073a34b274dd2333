"""Staff set up a second factor in the admin, and sign in with it: with and without scripts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.account.authenticator import App
from tests.shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def strict_shop(tmp_path_factory):
    """A shop that demands a second factor of its staff."""
    running = Shop(tmp_path_factory.mktemp("strict"), STAFF_SECOND_FACTOR="required")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def staff(strict_shop):
    """The demo shop's staff, as yet without a second factor."""
    login = strict_shop.logins["staff"]
    yield login
    strict_shop.manage("second_factor", login["email"], "--disable", "--yes", check=False)


def look(page, name: str) -> None:
    """What a person sees: nothing sticks out to the side; kept as a picture where NEXUS_SCREENSHOTS says."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} sticks out by {wide} pixels"
    if folder := os.environ.get("NEXUS_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def sign_in(page, shop, login) -> None:
    page.goto(f"{shop.url}/admin/orders/order/")
    page.fill("#id_username", login["email"])
    page.fill("#id_password", login["password"])
    page.click("input[type=submit]")


def test_set_up_and_sign_in(strict_shop, page, staff):
    sign_in(page, strict_shop, staff)
    page.wait_for_url("**/admin/second-factor/**")
    look(page, "1-begin")
    page.fill("#password", staff["password"])
    page.click("text=Set it up")
    picture = page.locator(".factor svg")
    assert picture.bounding_box()["width"] > 150
    look(page, "2-scan")
    app = App(page.locator(".factor code").first.inner_text().replace(" ", ""))
    page.fill("#otp", app.code())
    page.click("text=Finish")
    page.locator(
        ".codes"
    ).wait_for()  # without scripts a click does not wait for the page that it opens
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    look(page, "3-recovery-codes")
    page.click("text=I have kept them")
    page.wait_for_url("**/admin/orders/order/")
    page.goto(f"{strict_shop.url}/admin/second-factor/")
    look(page, "4-manage")
    assert page.get_by_role("button", name="Remove").count() == 0, "it is compulsory"
    page.context.clear_cookies()
    sign_in(page, strict_shop, staff)
    page.wait_for_url("**/admin/second-factor/**")
    look(page, "5-code")
    page.fill("#otp", codes[0])
    page.click("text=Go on")
    page.wait_for_url("**/admin/orders/order/")
