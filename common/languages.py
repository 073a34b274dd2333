"""Which language a caller reads: `Accept-Language` (RFC 9110, 12.5.4); and rows that keep translations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from common.errors import Invalid

# Browsers send a dozen ranges at most; what is beyond is not looked at.
MAX_HEADER = 1000  # characters
_RANGE = re.compile(
    r"(?P<tag>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:\s*;\s*q\s*=\s*(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
)


def chosen(request_header: str, available: Sequence[str]) -> str:
    """The language for an answer.

    The wish with the highest quality wins; of equal ones the first. A wish is met by the language itself, else by a
    shorter one that it begins with (`am-ET` by `am`), else by one of its regions (`pt` by `pt-br`). `*` means the first
    language that is not named. A quality of 0 refuses a language. What cannot be read is ignored.

    Args:
        request_header: the value of `Accept-Language`; empty when there was none.
        available: codes in lower case, the shop's own language first; at least one.

    Returns:
        One of `available`: the first of them when no wish can be met.
    """
    return _chosen(request_header[:MAX_HEADER], tuple(available))


@lru_cache(maxsize=512)
def _chosen(header: str, available: tuple[str, ...]) -> str:
    wishes: list[tuple[float, str]] = []
    for part in header.lower().split(","):
        if match := _RANGE.fullmatch(part.strip()):
            wishes.append((float(match["q"] or (1 if match["q"] is None else 0)), match["tag"]))
    named = {tag for _, tag in wishes}
    refused = {tag for quality, tag in wishes if quality == 0}
    possible = [code for code in available if code not in refused]
    for quality, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if quality == 0:
            break
        if tag == "*":
            met = [code for code in possible if code not in named and "*" not in refused]
        else:
            met = [code for code in _shortening(tag) if code in possible] or [
                code for code in possible if code.startswith(f"{tag}-")
            ]
        if met:
            return met[0]
    return available[0]


def _shortening(tag: str) -> list[str]:
    """`zh-hant-tw`, `zh-hant`, `zh`."""
    parts = tag.split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


# --- texts that a row keeps in several languages ------------------------------------------------

WRITTEN_IN = (
    "en"  # the language of the texts themselves, where a row of the house's own has translations
)
LANGUAGE_PATTERN = r"[a-z]{2,3}(-[a-z0-9]{2,8})*"
MOST_LANGUAGES = 50


class Translated(Protocol):
    """A row whose texts have translations: `{"am": {"name": "ቦሌ"}}`."""

    translations: dict[str, dict[str, str]]


def merged_translations(
    present: Mapping[str, Mapping[str, str]],
    given: Mapping[str, Mapping[str, str | None] | None],
    *,
    fields: Mapping[str, int],
) -> dict[str, dict[str, str]]:
    """A row's translations with changes, language by language and text by text; null or blank removes.

    Args:
        fields: what the row has to translate, with the longest each may be (characters).

    Raises:
        common.errors.Invalid: naming `translations.<code>` that is no language, or the one the row is written in, and
            `translations.<code>.<field>` that is no text of this kind of row, or too long.
    """
    result = {code: dict(texts) for code, texts in present.items()}
    errors: list[dict[str, str]] = []
    for code, texts in given.items():
        place = f"translations.{code}"
        if texts is None:
            result.pop(code, None)
            continue
        if code == WRITTEN_IN or not re.fullmatch(LANGUAGE_PATTERN, code):
            detail = (
                "It is written in this language: change the text itself."
                if code == WRITTEN_IN
                else "Give the code of a language, such as am."
            )
            errors.append({"field": place, "code": "unknown_language", "detail": detail})
            continue
        kept = result.setdefault(code, {})
        for name, text in texts.items():
            cleaned = " ".join((text or "").replace("\x00", "").split())
            if name not in fields:
                detail = f"Only these have translations: {', '.join(fields)}."
                errors.append(
                    {"field": f"{place}.{name}", "code": "unknown_field", "detail": detail}
                )
            elif len(cleaned) > fields[name]:
                detail = f"At most {fields[name]} characters."
                errors.append({"field": f"{place}.{name}", "code": "max_length", "detail": detail})
            elif cleaned:
                kept[name] = cleaned
            else:
                kept.pop(name, None)
    if len(result) > MOST_LANGUAGES:
        detail = f"At most {MOST_LANGUAGES} languages."
        errors.append({"field": "translations", "code": "too_many", "detail": detail})
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors)
    return {code: texts for code, texts in sorted(result.items()) if texts}


class Reading:
    """Somebody who reads rows, each in the best language it has for them.

    Args:
        accept_language: the header's value; empty: everything as it is written.
    """

    def __init__(self, accept_language: str = "") -> None:
        self.accept_language = accept_language
        self.used: set[str] = set()

    def text(self, row: Translated, field: str) -> str:
        """A text of a row; as it was written where nobody has translated it."""
        having = [code for code, texts in row.translations.items() if texts.get(field)]
        language = chosen(self.accept_language, [WRITTEN_IN, *sorted(having)])
        self.used.add(language)
        if language == WRITTEN_IN:
            return str(getattr(row, field))
        return row.translations[language][field]
