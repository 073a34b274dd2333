"""Which letter a person gets. Run by jobs, after the answer has left: here the address may be known or not."""

from __future__ import annotations

from django.db import transaction

from account import email_tokens, letters
from account.email_tokens import Purpose
from account.models import User
from events.services import is_posted


def send_registration_letter(*, user_id: int, occasion: str) -> None:
    """To somebody new: the verification letter. To the owner of a verified address: that somebody tried."""
    with transaction.atomic():
        user = _reader(user_id, occasion)
        if user is None:
            return
        if user.email_verified_at is not None:
            letters.post_already_registered(user=user, occasion=occasion)
        else:
            token = email_tokens.issue(user=user, purpose=Purpose.VERIFY)
            letters.post_verification(user=user, token=token, occasion=occasion)


def send_verification_letter(*, user_id: int | None, occasion: str) -> None:
    """Another verification letter, unless the address is verified or unknown."""
    with transaction.atomic():
        user = _reader(user_id, occasion)
        if user is not None and user.email_verified_at is None:
            token = email_tokens.issue(user=user, purpose=Purpose.VERIFY)
            letters.post_verification(user=user, token=token, occasion=occasion)


def send_reset_letter(*, user_id: int | None, occasion: str) -> None:
    """The letter for a forgotten password, unless the address is unknown."""
    with transaction.atomic():
        user = _reader(user_id, occasion)
        if user is not None:
            token = email_tokens.issue(user=user, purpose=Purpose.RESET)
            letters.post_reset(user=user, token=token, occasion=occasion)


def _reader(user_id: int | None, occasion: str) -> User | None:
    """The user, locked, if there is one who can be written to and has not had this letter: jobs may run twice."""
    if user_id is None:
        return None
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True).first()
    if user is None or not user.email or is_posted(dedupe_key=letters.key(occasion)):
        return None
    return user
