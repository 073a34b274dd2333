"""House-keeping jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from common import jobs


@app.periodic(cron="* * * * *")
@app.task(name="common.reap", queueing_lock="common.reap", pass_context=False)
def reap(timestamp: int) -> None:
    """Hand out again the jobs of workers that died."""
    jobs.reap()


@app.periodic(cron="17 * * * *")
@app.task(name="common.prune", queueing_lock="common.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Delete expired house-keeping rows."""
    jobs.prune()
