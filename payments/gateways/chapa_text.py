"""What Chapa accepts in the texts of a payment, and how ours are cut to it.

Every limit here was observed to be enforced with a refusal of the whole payment, so each text is made to fit, and what is
optional and does not fit is left out.
"""

from __future__ import annotations

import re
import unicodedata

TITLE_LENGTH = 16
DESCRIPTION_LENGTH = 50
NAME_LENGTH = 35
REFERENCE_LENGTH = 50

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_. -]+")
_SPACES = re.compile(r"\s+")
_ETHIOPIAN_MOBILE = re.compile(r"(?:\+?251|0)?([79]\d{8})")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
# Names that no mail server answers for: Chapa looks the domain up and refuses the payment (RFC 2606 and 6761).
_DEAD_DOMAINS = ("example.com", "example.net", "example.org")
_DEAD_SUFFIXES = (".example", ".test", ".invalid", ".localhost", ".local", ".internal")


def plain_text(text: str, length: int, *, otherwise: str = "Order") -> str:
    """`text` with only letters, digits, hyphen, underscore, space and dot, in at most `length` characters."""
    kept = _SPACES.sub(" ", _NOT_PLAIN.sub(" ", text)).strip()
    return kept[:length].strip() or otherwise


def person_name(name: str) -> str:
    """A name of any script in at most 35 characters, without signs and pictures; empty when nothing is left."""
    normal = unicodedata.normalize("NFC", name)
    kept = "".join(
        char if unicodedata.category(char)[0] in "LM" or char in " .'’-" else " " for char in normal
    )
    return _SPACES.sub(" ", kept).strip()[:NAME_LENGTH].strip()


def mobile_number(phone: str) -> str:
    """An Ethiopian mobile number as `09…` or `07…`; empty for any other."""
    found = _ETHIOPIAN_MOBILE.fullmatch(re.sub(r"[\s()./-]", "", phone))
    return f"0{found[1]}" if found and phone.isascii() else ""


def deliverable_email(email: str) -> str:
    """The address, or nothing when it is not plain ASCII or its domain certainly receives no mail."""
    address = email.strip()
    domain = address.rpartition("@")[2].lower()
    dead = any(domain == name or domain.endswith("." + name) for name in _DEAD_DOMAINS)
    if dead or domain.endswith(_DEAD_SUFFIXES) or not _EMAIL.fullmatch(address):
        return ""
    return address
