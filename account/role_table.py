"""The table of docs/roles.md, made from `account.permissions`."""

from __future__ import annotations

from account.models.roles import Role
from account.permissions import GRANTS, PERMISSIONS


def markdown() -> str:
    """What each role may do: a table for each part of the shop."""
    lines: list[str] = []
    for group, permissions in PERMISSIONS.items():
        lines += [f"### {group}", "", _row(["permission", "means", *(role.label for role in Role)])]
        lines.append(_row(["---", "---", *(":---:" for _ in Role)]))
        for name, meaning in permissions.items():
            marks = ["✓" if name in GRANTS[role] else "" for role in Role]
            lines.append(_row([f"`{name}`", meaning, *marks]))
        lines.append("")
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
