"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

NETWORK = 64  # bits of an IPv6 address that one customer of a provider has in common


def client_address(request: HttpRequest) -> str:
    """The caller's IP address in its canonical form, or an empty string where there is none (a Unix socket).

    Only the last `TRUSTED_PROXY_HOPS` entries of X-Forwarded-For were written by proxies of ours; whatever a client put
    before them is ignored, as is the whole header when there is no proxy. An entry that is no address, or a header that is
    too short, means that no proxy of ours wrote it: then the connection itself is believed.
    """
    for candidate in _candidates(request):
        if address := _parse(candidate):
            return address
    return ""


def counted_address(request: HttpRequest) -> str:
    """What limits count: the caller's address, of IPv6 its network of 64 bits, which one household has for itself."""
    return counted(client_address(request))


def counted(address: str) -> str:
    """The same of an address in its canonical form; an empty one stays empty."""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Network((address, NETWORK), strict=False))


def _candidates(request: HttpRequest) -> Iterator[str]:
    hops: int = settings.TRUSTED_PROXY_HOPS
    if hops > 0:
        # WSGI joins the lines of a repeated header with commas, in their order.
        chain = request.headers.get("X-Forwarded-For", "").split(",")
        if len(chain) >= hops:
            yield chain[-hops]
    yield str(request.META.get("REMOTE_ADDR", ""))


def _parse(text: str) -> str:
    """The canonical form of an address, with a port or without; empty for anything else."""
    text = text.strip().strip('"')[:64]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
