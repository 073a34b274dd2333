"""Adding an e-mail address to an account, or putting another in place of the one it has.

Nothing changes until the new mailbox has answered: the address becomes the user's when the link in the letter is followed.
Then the old address is told, the links of earlier letters die, and whoever was signed in by the old one is signed out.
"""

from __future__ import annotations

import hashlib
import secrets

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from account import email_letters, email_tokens, letters, phone_letters, services, sessions
from account.email_tokens import InvalidEmailToken, Purpose
from account.identifiers import email_key
from account.models import EmailToken, Session, User
from audit import services as audit
from common.errors import Conflict
from common.ids import uuid7
from common.jobs import enqueue
from common.transactions import require_transaction
from events.services import is_posted


class EmailTaken(Conflict):
    """Another account has this address. Told only to somebody who has just proved that they read its letters."""

    code = "email_taken"
    title = "This address belongs to another account"

    def __init__(self) -> None:
        super().__init__(errors=[{"field": "token", "code": self.code, "detail": self.title}])


def request(*, user: User, email: str) -> None:
    """Send a letter to the new address. A link that was sent before, to whichever address, is void.

    Nothing here depends on whether the address is known; which letter it gets is decided by a job.
    """
    with transaction.atomic():
        locked = services.lock_user(user.pk)
        email_tokens.void(user=locked, purpose=Purpose.CHANGE)
        row = EmailToken.objects.create(
            user=locked,
            purpose=Purpose.CHANGE,
            digest=_digest(
                secrets.token_urlsafe(32)
            ),  # nobody knows this one; the job makes up another
            email=email,
            email_key=email_key(email),
            expires_at=timezone.now() + email_tokens.lifetime(Purpose.VERIFY),
        )
        enqueue("account.send_email_change_letter", token_id=row.pk)


def send_letter(*, token_id: int) -> None:
    """The link, to the new address; or, to the owner of an account that has this address, that somebody tried."""
    occasion = f"email-change:{token_id}"
    with transaction.atomic():
        row = (
            EmailToken.objects.select_for_update(no_key=True, of=("self",))
            .select_related("user")
            .filter(pk=token_id, used_at=None, voided_at=None, user__is_active=True)
            .first()
        )
        if row is None or is_posted(dedupe_key=letters.key(occasion)):
            return
        rival = User.objects.filter(email_key=row.email_key).exclude(pk=row.user_id).first()
        if rival is not None and rival.email_verified_at is not None:
            letters.post_already_registered(user=rival, occasion=occasion)
            return
        token = secrets.token_urlsafe(32)
        row.digest = _digest(token)
        row.save(update_fields=["digest"])
        email_letters.post_confirm_new_address(to=row.email, token=token, occasion=occasion)


def accept(*, token: str) -> User:
    """Accept what the link of a letter proves, whether it verifies an account's address or brings a new one.

    Raises:
        InvalidEmailToken, EmailTaken
    """
    change = EmailToken.objects.filter(digest=_digest(token), purpose=Purpose.CHANGE).first()
    return _confirm(change) if change else services.verify_email(token=token)


def _confirm(row: EmailToken) -> User:
    with transaction.atomic():
        user = services.lock_user(row.user_id, beside=Q(email_key=row.email_key))
        live = EmailToken.objects.filter(
            pk=row.pk, used_at=None, voided_at=None, expires_at__gt=timezone.now()
        )
        if not user.is_active or not live.update(used_at=Now()):
            raise InvalidEmailToken
        _make_room(row.email_key, user)
        old = user.email if user.email_verified_at else None
        user.email, user.email_verified_at = row.email, timezone.now()
        try:
            with transaction.atomic():
                user.save(update_fields=["email", "email_key", "email_verified_at"])
        except IntegrityError:  # somebody was faster
            raise EmailTaken from None
        for purpose in (Purpose.VERIFY, Purpose.RESET):
            email_tokens.void(user=user, purpose=purpose)
        audit.record(action="security.email_changed", target=f"user:{user.public_id}")
        if old and email_key(old) != row.email_key:
            email_letters.post_address_changed(to=old, occasion=f"email-changed:{uuid7()}")
            sessions.end_sessions(user=user, reason=Session.RevokeReason.OWNER)
        phone_letters.post_email_changed(user=user, occasion=f"email:{uuid7()}")
    return user


def _make_room(key: str, besides: User) -> None:
    """Somebody else's unverified claim to the address ends here: its owner has just answered."""
    require_transaction()
    rivals = User.objects.select_for_update(no_key=True).filter(email_key=key)
    rival = rivals.exclude(pk=besides.pk).first()
    if rival is None:
        return
    if rival.email_verified_at is not None:
        raise EmailTaken
    if rival.phone_verified_at is not None:
        rival.email = None
        rival.save(update_fields=["email", "email_key"])
    elif rival.last_login is None and not rival.is_staff:
        rival.delete()  # a registration that was never confirmed: nobody could ever sign in to it
    else:
        raise EmailTaken


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
