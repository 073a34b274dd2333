"""How the things of the catalogue are named: lengths, slugs, and the texts that other languages have."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

NAME_LENGTH = 255
VARIANT_NAME_LENGTH = 140  # an order line holds both, in 400
SLUG_LENGTH = 120
SKU_LENGTH = 100
# What a slug looks like: ASCII, so that it survives being typed, and never all digits, so that it is no id.
SLUG_PATTERN = r"^[a-z0-9_]+(-[a-z0-9_]+)*$"
NON_DIGIT = "[^0-9]"


def slug_is_readable(name: str) -> list[models.CheckConstraint]:
    """The constraints on a slug, named after what has it."""
    return [
        models.CheckConstraint(
            condition=Q(slug__regex=SLUG_PATTERN), name=f"{name}_slug_is_lowercase_ascii"
        ),
        models.CheckConstraint(
            condition=Q(slug__regex=NON_DIGIT), name=f"{name}_slug_contains_a_non_digit"
        ),
    ]


def translations() -> models.JSONField[Any, Any]:
    """A column of texts in further languages: `{"am": {"name": "ቡና"}}`. What is missing is shown as it was written."""
    return models.JSONField(
        default=dict, blank=True, db_default=models.Value({}, models.JSONField()),
        help_text='Texts by language: {"am": {"name": "…", "description": "…"}}.',
    )  # fmt: skip


def by_id_or_slug(key: str) -> dict[str, Any]:
    """The look-up that a path or filter means: an id when it is all digits, otherwise a slug.

    A number that no id can be finds nothing.
    """
    if key.isascii() and key.isdigit():
        return {"pk": int(key) if len(key) <= 18 else 0}
    return {"slug": key}
