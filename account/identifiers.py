"""E-mail addresses: how two spellings are known to be one."""

from __future__ import annotations

import unicodedata

# No address is as long. Unicode's normal forms take quadratic time, so only so much of what a stranger sent is looked at.
_LOOKED_AT = 320


def email_key(address: str) -> str:
    """The form under which an e-mail address is unique: NFKC, case folded on both sides of the `@`, the domain in ASCII."""
    return with_ascii_domain(_folded(address))


def with_ascii_domain(address: str) -> str:
    """The address as browsers send it: `x@bücher.shop` is `x@xn--bcher-kva.shop`. What is no domain stays as it is."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def has_one_spelling(address: str) -> bool:
    """Whether no other text of this kind leads to the same mailbox.

    On its way to a mail server a domain loses invisible characters (`shop\u200b`) and gets plain dots, and a part in quotes
    its quotes and backslashes. Each such spelling would have a key of its own: past whatever is unique, or counted, by key.
    """
    local, _, domain = _folded(address).rpartition("@")
    try:
        kept = all(
            label.isascii() or label.encode("idna").decode("idna") == label
            for label in domain.split(".")
        )
    except UnicodeError:
        return False
    return kept and '"' not in local


def _folded(address: str) -> str:
    folded = unicodedata.normalize("NFKC", address.strip()[:_LOOKED_AT]).casefold()
    return unicodedata.normalize("NFKC", folded)
