"""The rules for new passwords, as Django's validators: the API, our pages, the admin and commands all ask them.

NIST SP 800-63B-4: a length, no composition, a blocklist, words of the context. Each rule has its own code and says what to
do instead.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from account import blocklist
from account.hashers import normalise_password

LONGEST = 128  # characters, after NFKC
ADVICE = (
    "Use a few words that have nothing to do with each other, such as a small story only you know."
)


class LengthRule:
    """Neither short nor endless: `password_too_short`, `password_too_long`. Characters are counted after NFKC."""

    def __init__(self, min_length: int = 12) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: Any = None) -> None:
        """Raise Django's ValidationError if the password breaks the rule."""
        length = len(normalise_password(password))
        if length < self.min_length:
            raise ValidationError(
                ngettext(
                    "This password is too short: it needs at least %(length)d character.",
                    "This password is too short: it needs at least %(length)d characters.",
                    self.min_length,
                )
                + f" {_(ADVICE)}",
                code="password_too_short",
                params={"length": self.min_length},
            )
        if length > LONGEST:
            raise ValidationError(
                _("This password is too long: it may have %(length)d characters."),
                code="password_too_long",
                params={"length": LONGEST},
            )

    def get_help_text(self) -> str:
        """What the admin's form says."""
        return _("At least %(length)d characters, of any kind; spaces count.") % {
            "length": self.min_length
        }


class BlocklistRule:
    """Not what guessers try first: `password_too_repetitive`, `password_too_common`."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise Django's ValidationError if the password breaks the rule."""
        password = normalise_password(password)
        if len(password) > LONGEST:
            return  # refused for its length; nobody computes on it
        if blocklist.is_monotonous(password):
            raise ValidationError(
                _("This password repeats itself or follows the keyboard.") + f" {_(ADVICE)}",
                code="password_too_repetitive",
            )
        if blocklist.is_common(password):
            raise ValidationError(
                _("This password is among the first that others would guess.") + f" {_(ADVICE)}",
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        """What the admin's form says."""
        return _("Not a well-known word, name or run of keys, even with digits added.")


class ContextRule:
    """Not the person's own name, address or number, and not the shop's name: `password_too_similar`.

    Django's rule for this compares bags of letters: it refuses one of a hundred passphrases for a long e-mail address.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise Django's ValidationError if the password breaks the rule."""
        password = normalise_password(password)
        if len(password) > LONGEST:
            return
        context = context_of(user)
        if (
            blocklist.is_personal(password, context)
            or any(blocklist.resembles(password, text) for text in context)
            or blocklist.guesses(password, context)
            < blocklist.GUESSABLE
            <= blocklist.guesses(password)
        ):
            raise ValidationError(
                _(
                    "This password is little more than your own name, address or number,"
                    " or the shop's name."
                )
                + f" {_(ADVICE)}",
                code="password_too_similar",
            )

    def get_help_text(self) -> str:
        """What the admin's form says."""
        return _("Not your own name, address or phone number, and not the name of the shop.")


def context_of(user: Any = None) -> list[str]:
    """Words that an attacker knows already: the shop's and, where there is a user, theirs."""
    words = [settings.SHOP_NAME, "nexus", "shop"]
    for name in ("email", "first_name", "last_name"):
        words.append(getattr(user, name, None) or "")
    if phone := getattr(user, "phone", None):
        digits = re.sub(r"\D", "", phone)
        words += [digits, digits[-9:], f"0{digits[-9:]}"]
    return [word[:254] for word in words if word]
