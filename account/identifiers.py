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
