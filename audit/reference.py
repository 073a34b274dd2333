"""The tables of docs/audit.md, made from `audit.tables`."""

from __future__ import annotations

from audit.tables import AUDITED, UNAUDITED, Audited

_EVENTS = {"INSERT": "created", "UPDATE": "updated", "DELETE": "deleted"}


def markdown() -> str:
    """What is recorded of which table, and why the others are not."""
    lines = [
        _row("table", "entries", "by value", "changed or not", "not at all"),
        _row(*["---"] * 5),
    ]
    lines += [
        _row(
            f"`{table}`",
            _entries(spec),
            _names(spec.shown + spec.beside),
            _names(spec.masked),
            _names(spec.ignored),
        )
        for table, spec in AUDITED.items()
    ]
    lines += ["", _row("not audited", "why"), _row("---", "---")]
    lines += [_row(f"`{table}`", reason) for table, reason in UNAUDITED.items()]
    return "\n".join(lines) + "\n"


def _entries(spec: Audited) -> str:
    kinds = [_EVENTS[event] for event in spec.events]
    text = f"`{spec.noun}.` {', '.join(kinds)}"
    if spec.watched:
        text += f" (updated: when {_names(spec.watched)} changes)"
    if spec.together:
        text += " (created: one entry per statement)"
    return text


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(columns)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
