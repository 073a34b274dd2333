"""The doctor's rounds."""

from __future__ import annotations

from procrastinate.contrib.django import app

from common import jobs
from reporting import metrics


@app.periodic(cron="41 * * * *")
@app.task(
    name="reporting.examine",
    queueing_lock="reporting.examine",
    lock="reporting.examine",
    priority=jobs.LATER,
)
def examine(timestamp: int) -> None:
    """Examine the shop once an hour, for the gauges of `/api/metrics/`."""
    metrics.keep_examination()
