"""What changes from run to run (ids, times, tokens, numbers) becomes the same plausible value every time."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Values of these fields are secrets or random; wherever the value appears, it is replaced.
LEARNED = {"order_token", "cart_token", "token", "number", "reference", "device"}
EPOCH = datetime(2026, 11, 2, 7, 15, tzinfo=UTC)
ETHIOPIAN = "2019-02-23"  # that day

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
# Of a rendition's content: another build of the encoders writes other bytes.
_DIGEST = re.compile(r"(?<=-)[0-9a-f]{16}(?=\.(?:webp|jpeg))")
_JWT = re.compile(r"eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)")
# Documents are counted, from the first of each year.
_DOCUMENT = re.compile(r"(?:TEST-)?(INV|RCT|CRN|PKS)-\d{4}-(\d{6})")
_SKU = re.compile(r"NX-[0-9A-Z]{10}")
_API_KEY = re.compile(r"nxk_[\w-]{8,54}")
_CURSOR = re.compile(r"(cursor=)[\w:%.-]+")
CURSOR = "WyI5YzU2Y2M1MWIzNzRjM2JhIiwwLCIxMDMiLCIxMDMiXQ:1vFm3c:Zk3S0sC1oXb7YtqUe9rHn2pLw5vDg8aJ4mKxQfT6iRE"


class Placeholders:
    """The replacements of one story. Equal values stay equal, different ones different."""

    def __init__(self, story: str) -> None:
        self.story = story
        self.start = datetime.now(UTC)
        self.known: dict[str, str] = {}
        self.keys: dict[str, str] = {}  # API keys, by how they begin
        self.counts: dict[str, int] = {}

    def learn(self, value: Any, key: str = "") -> None:
        """Look for secrets and random names in an answer."""
        if isinstance(value, dict):
            for name in sorted(value, key=lambda name: name != "number"):
                self.learn(value[name], name)
        elif isinstance(value, list):
            for item in value:
                self.learn(item)
        elif isinstance(value, str) and _DOCUMENT.fullmatch(value):
            return
        elif key in LEARNED and isinstance(value, str) and value and value not in self.known:
            self.known[value] = self._stand_in(key, value)

    def apply(self, value: Any) -> Any:
        """The value with everything that changes from run to run replaced."""
        if isinstance(value, dict):
            return {
                key: ETHIOPIAN if key == "issued_on_ethiopian" else self.apply(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.apply(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        for value in sorted(self.known, key=len, reverse=True):
            text = text.replace(value, self.known[value])
        text = _JWT.sub(self._jwt, text)
        text = _UUID.sub(lambda found: self._numbered("uuid", found[0]), text)
        text = _HEX.sub(lambda found: self._numbered("hex", found[0]), text)
        text = _DIGEST.sub(lambda found: self._numbered("hex", found[0])[:16], text)
        text = _API_KEY.sub(self._api_key, text)
        text = _DOCUMENT.sub(r"\1-2026-\2", text)
        text = _SKU.sub(lambda found: self._numbered("sku", found[0]), text)
        text = _TIME.sub(self._time, text)
        return _CURSOR.sub(rf"\g<1>{CURSOR}", text)

    # --- stand-ins ------------------------------------------------------------------------------

    def _digest(self, kind: str) -> bytes:
        self.counts[kind] = number = self.counts.get(kind, 0) + 1
        return hashlib.sha256(f"{self.story}|{kind}|{number}".encode()).digest()

    def _stand_in(self, key: str, value: str) -> str:
        digest = self._digest(key)
        if key == "number":
            return "".join(
                sign if sign == "-" else _crockford(digest[place:], 1)
                for place, sign in enumerate(value)
            )
        if key == "reference":
            number = value.rpartition("-")[0]
            return f"{self.known.get(number, number)}-{_crockford(digest, 20)}"
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _numbered(self, kind: str, value: str) -> str:
        if value in self.known.values():
            return value
        if value not in self.known:
            digest = self._digest(kind)
            digits = digest.hex()
            self.known[value] = {
                "hex": digits[:32],
                "sku": f"NX-{_crockford(digest, 10)}",
                "uuid": f"019a43{digits[:2]}-{digits[2:6]}-7{digits[6:9]}-b{digits[9:12]}-{digits[12:24]}",
            }[kind]
        return self.known[value]

    def _api_key(self, found: re.Match[str]) -> str:
        """A secret, or its beginning, as lists show it: the beginning of the same stand-in."""
        length, start = len(found[0]), found[0][:12]
        if any(known.startswith(start) for known in self.keys.values()):
            return found[0]
        if start not in self.keys:
            text = base64.urlsafe_b64encode(self._digest("api_key") * 2).decode()
            self.keys[start] = f"nxk_{text}"[:58]
        return self.keys[start][:length]

    def _jwt(self, found: re.Match[str]) -> str:
        token = found[0]
        if token in self.known.values():
            return token
        if token not in self.known:
            payload = base64.urlsafe_b64decode(found[1] + "==")
            kind = "refresh" if b'"refresh"' in payload else "access"
            claims = base64.urlsafe_b64encode(f'{{"typ":"{kind}","iss":"nexus"}}'.encode())
            signature = base64.urlsafe_b64encode(self._digest(kind)).decode().rstrip("=")
            self.known[token] = (
                f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims.decode().rstrip('=')}.{signature}"
            )
        return self.known[token]

    def _time(self, found: re.Match[str]) -> str:
        if not found[2] and found[1].endswith(":00:00"):
            return found[0]  # on the hour: a story's own words, not the clock's
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
        minutes = round((moment - self.start).total_seconds() / 60)
        shown = (EPOCH + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{shown}.284105Z" if found[2] else f"{shown}Z"


def _crockford(digest: bytes, length: int) -> str:
    return "".join(CROCKFORD[byte % 32] for byte in digest[:length])
