"""Jobs of accounts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from account import correspondence, housekeeping
from common import jobs


@app.task(name="account.send_registration_letter", retry=jobs.PATIENT)
def send_registration_letter(user_id: int, occasion: str) -> None:
    """Answer a registration by letter."""
    correspondence.send_registration_letter(user_id=user_id, occasion=occasion)


@app.task(name="account.send_verification_letter", retry=jobs.PATIENT)
def send_verification_letter(user_id: int | None, occasion: str) -> None:
    """Answer "send it again" by letter."""
    correspondence.send_verification_letter(user_id=user_id, occasion=occasion)


@app.task(name="account.send_reset_letter", retry=jobs.PATIENT)
def send_reset_letter(user_id: int | None, occasion: str) -> None:
    """Answer a forgotten password by letter."""
    correspondence.send_reset_letter(user_id=user_id, occasion=occasion)


@app.periodic(cron="43 3 * * *")
@app.task(name="account.prune", queueing_lock="account.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Forget sessions and tokens that are long over."""
    housekeeping.prune()
