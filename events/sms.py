"""Sending SMS: SMS_URL says by which gateway, and how that one wants to be asked (docs/phone.md).

Whatever comes before the question mark is where to send, what comes after it says how. Any value of the URL may be a secret:
no error and no log line repeats one.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import httpx
from django.conf import settings

from common.phones import country_of, local_form

log = logging.getLogger(__name__)

TIMEOUT = 8.0  # seconds, for each step of the conversation
PATIENCE = 20.0  # seconds, for all of it
MAX_ANSWER = 64 * 1024  # bytes that are looked at
PER_HOUR = 1000  # codes, unless SMS_URL says otherwise
OPTIONS = {
    "to_field", "text_field", "format", "method", "number", "success", "countries", "per_hour",
}  # fmt: skip
NUMBERS = {"e164", "digits", "local"}
_NAME = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,60}")
_HEADER = re.compile(r"[\x20-\x7e]*")


class NotSent(Exception):
    """The SMS did not leave; the message says why, and holds nothing of the text, the number or SMS_URL."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What SMS_URL says. `kind` is `none` (files in development), `console`, `folder` or `http`."""

    kind: str = "none"
    folder: Path | None = None
    url: str = field(default="", repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    method: str = "POST"
    as_form: bool = False
    to_field: str = "to"
    text_field: str = "text"
    number: str = "e164"
    success: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    countries: frozenset[str] = frozenset()
    per_hour: int = PER_HOUR

    def serves(self, phone: str) -> bool:
        """Whether the operator pays for messages to this number's country."""
        return not self.countries or country_of(phone) in self.countries


@functools.lru_cache(maxsize=8)
def parse(url: str) -> Gateway:
    """Read SMS_URL.

    Raises:
        ValueError: one sentence that names what is wrong and repeats no value.
    """
    if not url:
        return Gateway()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("it is not a URL") from None
    options, fields, headers = _options(parts.query)
    common = _common(options)
    if parts.scheme == "console":
        return Gateway(kind="console", **common)
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/") or parts.path == "/":
            raise ValueError("a folder is named as file:///an/absolute/folder")
        return Gateway(kind="folder", folder=Path(unquote(parts.path)), **common)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it must begin with https://host, file:///folder or console:")
    if parts.scheme == "http" and not _is_private(parts.hostname):
        raise ValueError("a gateway outside of the own network must be reached by https")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None else f"{host}:{port}"
    return Gateway(
        kind="http",
        url=f"{parts.scheme}://{place}{parts.path or '/'}",
        auth=_auth(parts),
        fields=fields,
        headers=headers,
        **common,
        **_request(options),
    )


def available() -> bool:
    """Whether an SMS can reach anybody: in production only by a gateway that SMS_URL names."""
    return bool(settings.SMS_URL) or not settings.PRODUCTION


def gateway() -> Gateway:
    """The gateway of this shop."""
    return parse(settings.SMS_URL)


def send(*, to: str, text: str) -> None:
    """Hand an SMS to the gateway over HTTP, or write it to the console.

    Args:
        to: E.164.

    Raises:
        NotSent: refused, unreachable or too slow; it may have left all the same when the answer was lost.
    """
    chosen = gateway()
    if chosen.kind == "console":
        sys.stdout.write(f"SMS to {to}:\n{text}\n")
        sys.stdout.flush()
    elif chosen.kind == "http":
        _ask(chosen, to, text)


def as_json(*, to: str, text: str) -> bytes:
    """How an SMS is written to a file."""
    return json.dumps({"to": to, "text": text}, ensure_ascii=False).encode()


# --- Reading SMS_URL ---------------------------------------------------------------------------


def _options(query: str) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    options: dict[str, str] = {}
    fields: dict[str, str] = {}
    headers: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in OPTIONS:
            options[name] = value
        elif name.startswith("header_"):
            headers[name.removeprefix("header_")] = value
        else:  # `field_method` is a field called `method`
            fields[name.removeprefix("field_")] = value
    if not all(_NAME.fullmatch(name) for name in headers):
        raise ValueError("a header_… has no proper name")
    if not all(_HEADER.fullmatch(value) for value in headers.values()):
        raise ValueError("a header_… holds signs that no header may hold")
    return options, fields, headers


def _common(options: dict[str, str]) -> dict[str, Any]:
    countries = frozenset(options.get("countries", "").upper().replace(",", " ").split())
    if not all(re.fullmatch(r"[A-Z]{2}", country) for country in countries):
        raise ValueError("countries= lists codes of two letters, such as ET,KE")
    per_hour = options.get("per_hour", str(PER_HOUR))
    if not re.fullmatch(r"[0-9]{1,9}", per_hour) or int(per_hour) < 1:
        raise ValueError("per_hour= is a number of codes, at least 1")
    return {"countries": countries, "per_hour": int(per_hour)}


def _request(options: dict[str, str]) -> dict[str, Any]:
    method = options.get("method", "post").upper()
    shape = options.get("format", "json")
    number = options.get("number", "e164")
    if method not in {"POST", "GET"}:
        raise ValueError("method= is post or get")
    if shape not in {"json", "form"}:
        raise ValueError("format= is json or form")
    if number not in NUMBERS:
        raise ValueError("number= is e164, digits or local")
    names = {
        name: options.get(name, name.removesuffix("_field")) for name in ("to_field", "text_field")
    }
    if not all(_NAME.fullmatch(name) for name in names.values()) or len(set(names.values())) < 2:
        raise ValueError("to_field= and text_field= are two different names of fields")
    success = "".join(options.get("success", "").split()).casefold()
    return {
        "method": method, "as_form": shape == "form", "number": number, "success": success, **names,
    }  # fmt: skip


def _auth(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _is_private(host: str) -> bool:
    """An operator's own SMS box often speaks plain HTTP in the operator's own network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host


# --- Asking ------------------------------------------------------------------------------------


def _ask(chosen: Gateway, to: str, text: str) -> None:
    number = {"e164": to, "digits": to.removeprefix("+"), "local": local_form(to)}[chosen.number]
    values = {**chosen.fields, chosen.to_field: number, chosen.text_field: text}
    if chosen.method == "GET":
        content: dict[str, Any] = {"params": values}
    else:
        content = {"data": values} if chosen.as_form else {"json": values}
    deadline = time.monotonic() + PATIENCE
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, auth=chosen.auth) as client,
            client.stream(
                chosen.method,
                chosen.url,
                headers={"Accept-Encoding": "identity", **chosen.headers},
                **content,
            ) as answer,
        ):
            body = _read(answer, deadline)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(type(error).__name__) from None
    if not answer.is_success:
        raise NotSent(f"the SMS gateway answered {answer.status_code}")
    if chosen.success and chosen.success not in "".join(body.split()).casefold():
        raise NotSent(f"the SMS gateway answered {answer.status_code}, but not what means success")


def _read(answer: httpx.Response, deadline: float) -> str:
    body = b""
    for piece in answer.iter_raw():
        body += piece
        if len(body) >= MAX_ANSWER:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("too slow")
    return body[:MAX_ANSWER].decode(errors="replace")
