"""Getting a picture from an address that somebody else wrote down, without being led astray (SSRF).

Only http and https on their usual ports, only public addresses, looked up once and then connected to by that very address,
no redirects, no proxies, five seconds and five megabytes.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass

import httpx

MAX_SECONDS = 5.0
PORTS = {"http": 80, "https": 443}


class FetchRefused(Exception):
    """The address is not one we go to, or its answer is not one we take; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked address: the name it was asked by, and the IP address that stands for it."""

    url: httpx.URL
    host: str
    ip: str


def is_public(ip: str) -> bool:
    """Whether `ip` is reachable on the open internet and stands for no inner address in disguise."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if address.teredo is not None or address.is_site_local:
            return False
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside 64:ff9b::/96 or an IPv4-compatible address."""
    if int(address) >> 32 in {0x0064FF9B << 64, 0}:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def check(url: str) -> Destination:
    """Decide where `url` leads, once.

    Raises:
        FetchRefused: another scheme or port, credentials in it, an unknown host, or any address of it is not public.
    """
    try:
        parsed = httpx.URL(url)
        host, port = parsed.raw_host.decode("ascii"), parsed.port
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise FetchRefused("it is not a web address") from None
    if parsed.scheme not in PORTS or not host:
        raise FetchRefused("only http and https are fetched")
    if parsed.userinfo:
        raise FetchRefused("it carries credentials")
    if port not in {None, PORTS[parsed.scheme]}:
        raise FetchRefused("only the usual ports are used")
    try:
        found = socket.getaddrinfo(host.strip("[]"), PORTS[parsed.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchRefused("its host is unknown") from None
    ips = [str(entry[4][0]) for entry in found]
    if not ips or not all(is_public(ip) for ip in ips):
        raise FetchRefused("its host is not on the public internet")
    return Destination(parsed, host, ips[0])


def fetch(url: str, *, max_bytes: int) -> bytes:
    """The body at `url`.

    Raises:
        FetchRefused: the address is refused, or the answer is no 200, too slow or too large.
    """
    destination = check(url)
    deadline = time.monotonic() + MAX_SECONDS
    pinned = destination.url.copy_with(host=destination.ip.partition("%")[0])
    headers = {"Host": destination.host, "Accept": "image/*", "Accept-Encoding": "identity"}
    extensions = {"sni_hostname": destination.host}
    timeout = httpx.Timeout(MAX_SECONDS, read=2.0)
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout) as client,
            client.stream("GET", pinned, headers=headers, extensions=extensions) as answer,
        ):
            if answer.status_code != 200:
                raise FetchRefused(f"the answer was {answer.status_code}")
            body = b""
            for chunk in answer.iter_raw():
                body += chunk
                if len(body) > max_bytes:
                    raise FetchRefused("it is too large")
                if time.monotonic() > deadline:
                    raise FetchRefused("it took too long")
            return body
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchRefused(f"it could not be fetched ({type(error).__name__})") from None
