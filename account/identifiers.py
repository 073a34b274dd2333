"""E-mail addresses: how two spellings are known to be one."""

from __future__ import annotations

import unicodedata

# No address is as long. Unicode's normal forms take quadratic time, so only so much of what a stranger sent is looked at.
_LOOKED_AT = 320


def email_key(address: str) -> str:
    """The form under which an e-mail address is unique: NFKC, case folded on both sides of the `@`.

    Letters go to the address as it was typed; the key only compares.
    """
    folded = unicodedata.normalize("NFKC", address.strip()[:_LOOKED_AT]).casefold()
    return unicodedata.normalize("NFKC", folded)


def has_one_spelling(address: str) -> bool:
    """Whether no other text of this kind leads to the same mailbox.

    On its way to a mail server a domain loses invisible characters (`shop\u200b`) and gets plain dots, and a part in quotes
    its quotes and backslashes. Each such spelling would have a key of its own: past whatever is unique, or counted, by key.
    """
    local, _, domain = email_key(address).rpartition("@")
    try:
        kept = all(
            label.isascii() or label.encode("idna").decode("idna") == label
            for label in domain.split(".")
        )
    except UnicodeError:
        return False
    return kept and '"' not in local
