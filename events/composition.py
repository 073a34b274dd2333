"""How our letters look: the same words as plain text and as simple HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing a letter asks its reader to do. `code` is the bare token, for apps that ask for it."""

    label: str
    url: str
    code: str = ""


def compose(
    *,
    before: Sequence[str],
    action: Action | None = None,
    after: Sequence[str] = (),
    name: str = "",
) -> tuple[str, str]:
    """A letter's text and its HTML: greeting (Amharic and English), paragraphs, action, paragraphs, signature.

    In the text the link and the code stand on lines of their own. A line is never longer than a mail program's 998 bytes.
    """
    context = {
        "name": " ".join(name.split())[:60],
        "before": before,
        "action": action,
        "after": after,
        "shop": settings.SHOP_NAME,
    }
    text = render_to_string("events/letter.txt", context)
    return text, render_to_string("events/letter.html", context)
