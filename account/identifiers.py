"""E-mail addresses: how two spellings are known to be one."""

from __future__ import annotations

import unicodedata


def email_key(address: str) -> str:
    """The form under which an e-mail address is unique: NFKC, case folded on both sides of the `@`.

    Letters go to the address as it was typed; the key only compares.
    """
    folded = unicodedata.normalize("NFKC", address.strip()).casefold()
    return unicodedata.normalize("NFKC", folded)
