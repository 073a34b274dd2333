"""Constraints that speak: which refusal a violated constraint is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from common.errors import Refusal


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused, or an empty string."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


@contextmanager
def refusing(by_constraint: Mapping[str, type[Refusal]]) -> Iterator[None]:
    """Run a write in a savepoint; a constraint that refuses it speaks as the refusal that stands beside its name.

    Looking first would not do: the other writer may commit in between. The constraint has the last word.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = by_constraint.get(constraint_of(error))
        if refusal is None:
            raise
        raise refusal() from error
