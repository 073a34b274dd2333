"""Jobs of accounts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from account import correspondence, email_change, housekeeping, phone_codes
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


@app.task(name="account.send_email_change_letter", retry=jobs.PATIENT)
def send_email_change_letter(token_id: int) -> None:
    """Ask a new address whether it is the user's."""
    email_change.send_letter(token_id=token_id)


@app.task(name="account.send_phone_code", retry=jobs.PATIENT)
def send_phone_code(code_id: int) -> None:
    """Make up a code and put it into an SMS."""
    phone_codes.send(code_id=code_id)


@app.periodic(cron="43 3 * * *")
@app.task(name="account.prune", queueing_lock="account.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Forget sessions and tokens that are long over."""
    housekeeping.prune()
