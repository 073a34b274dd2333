"""Jobs of the audit log."""

from __future__ import annotations

from procrastinate.contrib.django import app

from audit import services


@app.periodic(cron="11 4 * * *")
@app.task(name="audit.prune", queueing_lock="audit.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Delete entries that are older than the shop keeps them."""
    services.prune()
