"""What a device is called, and what counts as the same place."""

from __future__ import annotations

import pytest

from account.devices import UNKNOWN, Device, describe

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 14; SM-A145F) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (Linux; Android 13; SM-A145F) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
         "Samsung Internet on Android"),
        (f"Mozilla/5.0 (Linux; Android 10; TECNO KE5) {WEBKIT} Chrome/110.0 Mobile Safari/537.36 OPR/73.0",
         "Opera on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
         " Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0"
         " Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
         " Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"),
        ("okhttp/4.12.0", "Android app"),
        ("Shop/1 CFNetwork/1568.200 Darwin/24.1.0", "iOS app"),
        ("Dart/3.5 (dart:io)", "Flutter app"),
        ("node", "Node.js"),
        ("undici", "Node.js"),
        ("python-httpx/0.28.1", "Python"),
        ("curl/8.5.0", "curl"),
        ("PostmanRuntime/7.43", "Postman"),
        ("Something (Windows)", "Windows"),
        ("<script>alert(1)</script>", UNKNOWN),
        ("", UNKNOWN),
    ],
)  # fmt: skip
def test_names(user_agent, name):
    assert describe(user_agent) == name


def test_a_long_and_mean_text_takes_no_time():
    """The patterns have nothing to go astray in; 200 characters are kept at most anyway."""
    assert describe("Version/1.1" * 20_000) == UNKNOWN


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("196.188.7.9", "196.188.7.200", True),
        ("196.188.7.9", "196.188.8.9", False),
        ("2a02:1:2:3::1", "2a02:1:2:ffff::1", True),
        ("2a02:1:2:3::1", "2a02:1:3:3::1", False),
        ("::ffff:196.188.7.9", "196.188.7.10", True),
        (None, None, True),
        (None, "196.188.7.9", False),
    ],
)
def test_places(one, two, same):
    assert (Device("", one).neighbourhood == Device("", two).neighbourhood) is same
