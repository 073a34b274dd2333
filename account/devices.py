"""Where a session comes from, in words that its owner recognises."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from uuid import UUID

# The first that fits wins: browsers claim to be each other, and the honest word comes last in what they send.
_PROGRAMS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\b(?:OPR|Opera|OPX|OPT)\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("UC Browser", r"\bUCBrowser/"),
    ("Yandex Browser", r"\bYaBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Telegram", r"\bTelegram\b"),
    ("Facebook", r"\bFBA[NV]/"),
    ("Chrome", r"\b(?:Chrome|CriOS|Chromium|HeadlessChrome)/"),
    ("Safari", r"\bVersion/[\d.]+.*\bSafari/"),
    ("Internet Explorer", r"\b(?:MSIE |Trident/)"),
    ("Android app", r"\bokhttp/|\bDalvik/"),
    ("iOS app", r"\bCFNetwork/"),
    ("Flutter app", r"\bDart/"),
    ("Node.js", r"^node\b|\bundici\b|\bnode-fetch\b"),
    ("Python", r"^python|\bhttpx\b|\baiohttp\b"),
    ("curl", r"^curl/"),
    ("Postman", r"\bPostman"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Mac", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
UNKNOWN = "Unknown device"


@dataclass(frozen=True, slots=True)
class Device:
    """What a request says about where it comes from; shown to the owner of the session.

    `known_to` is the public id of a user who signed in with it before, if it proved that (`account.known_devices`).
    """

    user_agent: str = ""
    address: str | None = None
    known_to: UUID | None = None

    @property
    def name(self) -> str:
        """For people: `Chrome on Android`. Without versions, so that an update makes no new device."""
        return describe(self.user_agent)

    @property
    def neighbourhood(self) -> str:
        """The network around its address: /24 of IPv4 and /48 of IPv6, in which providers move one customer about."""
        return _network(self.address)


def describe(user_agent: str) -> str:
    """A short name for whatever sent this `User-Agent`; never more of its text than a known word."""
    program = _first(_PROGRAMS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    return " on ".join(part for part in (program, system) if part) or UNKNOWN


def _network(address: str | None) -> str:
    if not address:
        return ""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def _first(words: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in words if re.search(pattern, text)), "")
