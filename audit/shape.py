"""What is said of an audited table; see `audit.tables`."""

from __future__ import annotations

from dataclasses import dataclass

ALL = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Audited:
    """One table. Its triggers write `<noun>.created`, `.updated`, `.deleted` and `.truncated`.

    Args:
        beside: columns written with every entry, changed or not, so that it can be placed: an order line's order.
        public: the column by which the outside knows the row.
        watched: an update counts only if one of these changes; empty means any column. Spares hot tables the trigger.
        together: what one statement inserts beside one parent makes one entry, with the new ids. For a checkout's lines.
        events: which statements are recorded; TRUNCATE always is.
    """

    noun: str
    shown: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    public: str = ""
    watched: tuple[str, ...] = ()
    together: bool = False
    events: tuple[str, ...] = ALL


def columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())
