"""Descriptions: HTML reduced to what a shop page needs, on every way in."""

from __future__ import annotations

import re

import nh3

MAX_LENGTH = 50_000
# Escaping makes at most six characters of one; mending may make far more, see `_swells`.
MAX_CLEANED = 6 * MAX_LENGTH
TAGS = {
    "a", "b", "blockquote", "br", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "s", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}

_FORMATTING = "(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)"
_OPENED = re.compile(rf"<{_FORMATTING}(?=[\s/>])[^>]*", re.IGNORECASE)
_CLOSED = re.compile(rf"</{_FORMATTING}(?=[\s/>])", re.IGNORECASE)
_NAME = re.compile(rf"(</?)(?={_FORMATTING}[\s/>])", re.IGNORECASE)


def clean_html(text: str) -> str:
    """`text` with scripts, styles, handlers, images and foreign tags removed. Cleaning twice changes nothing.

    Images are left out on purpose: they would load from wherever the writer chose, behind the shopper's back.
    Where unclosed formatting would make the text swell beyond measure, all formatting within lines is dropped.
    """
    text = text.replace("\x00", "")
    if not _swells(text) and len(cleaned := _clean(text)) <= MAX_CLEANED:
        return cleaned
    return _clean(_NAME.sub(r"\1x-", text))  # an unknown element is removed, its content stays


def _swells(text: str) -> bool:
    """Whether mending could make too much of it.

    Browsers open what is unclosed anew in each paragraph, with its attributes: 48 KB became 55 MB, and took 1.5 GB.
    """
    opened = _OPENED.findall(text)
    if len(opened) <= len(_CLOSED.findall(text)):
        return False
    return sum(map(len, opened)) * text.count("<") > 20_000_000


def _clean(text: str) -> str:
    return nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    ).strip()
