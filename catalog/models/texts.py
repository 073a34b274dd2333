"""Languages, and the short words that every product shares."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from catalog.models.naming import NAME_LENGTH, translations


class Language(models.Model):
    """A language in which the shop can be read; `Accept-Language` chooses among these.

    The first of them is the language in which the catalogue itself is written.
    """

    code = models.CharField(
        primary_key=True, max_length=12, help_text="BCP 47: `am`, `en`, `pt-br`."
    )
    name = models.CharField(max_length=60, help_text="In itself: አማርኛ.")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*$"),
                name="language_code_is_a_lowercase_tag",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Term(models.Model):
    """A short word as other languages have it: options and their values, attributes, choices, units, tags, brands."""

    text = models.CharField(max_length=NAME_LENGTH, help_text="As it is written in the catalogue.")
    translations = translations()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text"], name="term_is_unique"),
            models.CheckConstraint(condition=~Q(text=""), name="term_has_a_text"),
        ]

    def __str__(self) -> str:
        return self.text
