"""The state machine of orders as the documentation draws it: made from `Order.NEXT`, so that it says nothing else."""

from __future__ import annotations

import re

from orders.models import Order, Status

BEGIN, END = "<!-- states -->\n", "<!-- /states -->\n"
# What makes each move. A move that is not here, or no longer in `Order.NEXT`, fails the test of the documentation.
CAUSES = {
    (Status.PENDING, Status.PAID): "its money has come",
    (Status.PENDING, Status.SHIPPED): "sent off, cash on delivery",
    (Status.PENDING, Status.CANCELLED): "by its customer or staff, or time is over",
    (Status.PAID, Status.SHIPPED): "every piece has left",
    (Status.PAID, Status.REFUNDED): "its money went back",
    (Status.SHIPPED, Status.COMPLETED): "it has arrived",
    (Status.SHIPPED, Status.REFUNDED): "its money went back",
    (Status.COMPLETED, Status.REFUNDED): "its money went back",
    (Status.CANCELLED, Status.PAID): "money came after its time, stock was there",
}


def as_mermaid() -> str:
    """The diagram, with its fence."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> pending: placed"]
    for before in Status:
        for after in Status:
            if after in Order.NEXT[before]:
                lines.append(f"    {before.value} --> {after.value}: {CAUSES[before, after]}")
        if not Order.NEXT[before]:
            lines.append(f"    {before.value} --> [*]")
    return "\n".join([*lines, "```"]) + "\n"


def with_diagram(text: str) -> str:
    """The document, with the present diagram between its marks."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}{as_mermaid()}{END}", text)
