"""Jobs of the outbox."""

from __future__ import annotations

from procrastinate.contrib.django import app

from common import jobs
from events import services


@app.task(name="events.send_letter", retry=jobs.PATIENT)
def send_letter(letter_id: int) -> None:
    """Send one letter."""
    services.send_letter(letter_id=letter_id)


@app.periodic(cron="*/5 * * * *")
@app.task(name="events.resend_overdue", queueing_lock="events.resend_overdue", pass_context=False)
def resend_overdue(timestamp: int) -> None:
    """Catch letters whose job has given up."""
    services.resend_overdue()


@app.periodic(cron="13 4 * * *")
@app.task(name="events.prune", queueing_lock="events.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Forget old letters."""
    services.prune()
