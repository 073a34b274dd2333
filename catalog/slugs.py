"""Slugs: the readable part of an address, made from a name in any script."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from catalog.models import NON_DIGIT, SLUG_LENGTH, SLUG_PATTERN
from common.ids import readable_code

# Unicode's normal forms take quadratic time, and a cell of a CSV file may hold a megabyte.
LOOKED_AT = 1000  # characters
_SYLLABLE = re.compile(r"([A-Z]*?)(WAA|WEE|WI|WE|WA|YA|AA|EE|A|U|I|E|O)")
# Unicode numbers the seven vowels by rows; this is how they sound.
_VOWELS = {"A": "e", "U": "u", "I": "i", "AA": "a", "EE": "e", "E": "", "O": "o", "YA": "ya"}
_CONSONANTS = {"TH": "t", "PH": "p", "KX": "h", "HH": "h", "X": "h", "SZ": "s", "TZ": "ts"}


def is_slug(text: str) -> bool:
    """Whether `text` may be stored as a slug."""
    return bool(
        len(text) <= SLUG_LENGTH and re.match(SLUG_PATTERN, text) and re.search(NON_DIGIT, text)
    )


def slug_from(name: str, *, fallback: str) -> str:
    """A slug that reads like `name`; always the same for the same name.

    Latin words are kept and the rest dropped; a name without any is transliterated if it is Ethiopic. What has no readable
    form (or only digits) becomes `fallback` and eight characters of the name's digest.
    """
    start = name[:LOOKED_AT]
    for candidate in (_ascii(start), _ascii("".join(_latin(letter) for letter in start))):
        slug = candidate[:SLUG_LENGTH].strip("-")
        if re.search("[a-z]", slug):
            return slug
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{fallback}-{digest}"


def distinct(slug: str) -> str:
    """The slug with a random ending, for when the plain one is taken."""
    ending = readable_code(6).lower()
    return f"{slug[: SLUG_LENGTH - 7].rstrip('-')}-{ending}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", plain.lower()).strip("-")


def _latin(letter: str) -> str:
    """The sound of one Ethiopic syllable; anything else as it is."""
    name = unicodedata.name(letter, "")
    if not name.startswith("ETHIOPIC SYLLABLE "):
        return letter
    sound = name.removeprefix("ETHIOPIC SYLLABLE ")
    sound = sound.removeprefix("GLOTTAL ").removeprefix("PHARYNGEAL ")
    if not (match := _SYLLABLE.fullmatch(sound)):
        return sound.lower()
    consonant, vowel = match.groups()
    if consonant in {"", "H", "HH", "X"} and vowel == "A":
        return _CONSONANTS.get(consonant, consonant.lower()) + "a"  # these alone sound so
    if not consonant and vowel == "E":
        return "i"  # a sixth-order vowel on its own
    return _CONSONANTS.get(consonant, consonant.lower()) + _VOWELS.get(vowel, vowel.lower())
