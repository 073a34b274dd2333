"""The jobs of privacy. Each is safe to run twice, and to kill."""

from __future__ import annotations

from procrastinate.contrib.django import app

from common import jobs
from privacy import services


@app.task(name="privacy.make_export", retry=jobs.PATIENT, priority=jobs.LATER)
def make_export(export_id: int) -> None:
    """Make the copy of somebody's data."""
    services.make_export(export_id=export_id)


@app.task(name="privacy.erase", retry=jobs.PATIENT)
def erase(erasure_id: int) -> None:
    """Erase a person; tried again until the gateway has answered about their unpaid orders, or a day has passed."""
    services.erase(erasure_id=erasure_id)


@app.task(name="privacy.look_again", retry=jobs.PATIENT)
def look_again(erasure_id: int) -> None:
    """Find what was under way at the moment of an erasure."""
    services.look_again(erasure_id=erasure_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="privacy.resume", queueing_lock="privacy.resume", pass_context=False)
def resume(timestamp: int) -> None:
    """Catch erasures whose job has given up."""
    services.resume()


@app.periodic(cron="29 * * * *")
@app.task(name="privacy.prune", queueing_lock="privacy.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Delete and redact what has had its time."""
    services.prune()
