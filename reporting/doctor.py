"""The invariants of the shop, as questions to the database. Each answers with what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import connection, transaction

from audit import triggers
from common.jobs import stalled_jobs
from ledger import triggers as ledger_triggers
from orders.documents import triggers as document_triggers
from reporting import (
    catalog_invariants,
    document_invariants,
    fulfilment_invariants,
    ledger_invariants,
    order_invariants,
    past_invariants,
    stock_invariants,
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken invariant: its name and, for a person, what exactly does not add up."""

    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.detail}"


# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    **stock_invariants.QUERIES,
    **order_invariants.QUERIES,
    **catalog_invariants.QUERIES,
    **ledger_invariants.QUERIES,
    **document_invariants.QUERIES,
    **past_invariants.QUERIES,
    **fulfilment_invariants.QUERIES,
}

_FLAWS: Mapping[str, Callable[[], Iterable[str]]] = {
    "no stalled job": lambda: (
        f"job {pk} belongs to a worker that is gone" for pk in stalled_jobs()
    ),
    "every change is audited": triggers.flaws,
    "the ledger is guarded": ledger_triggers.flaws,
    "documents are guarded": document_triggers.flaws,
}
INVARIANTS = (*QUERIES, *_FLAWS)

LIMIT = 100  # rows named per invariant; more of the same helps nobody


def examine() -> list[Violation]:
    """Every violated invariant, seen in one consistent snapshot. Empty: the shop is healthy."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # With a million products an examination takes minutes, and nobody waits for it.
                cursor.execute("SET LOCAL statement_timeout = 0")
        found = [violation for name in QUERIES for violation in _ask(name)]
        found += [Violation(name, flaw) for name, flaws in _FLAWS.items() for flaw in flaws()]
    return found


def _ask(name: str) -> Iterator[Violation]:
    sql, template = QUERIES[name]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchmany(LIMIT)
    for row in rows:
        yield Violation(name, template.format(*row))
