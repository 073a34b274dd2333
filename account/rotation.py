"""Refresh tokens: each works once, and the next one takes its place. A used one that comes back may be stolen.

Two honest ways lead to a used token: two tabs that refresh at the same moment, and an answer that the network lost. For both
there is a grace, REFRESH_GRACE, in which the immediate predecessor is refused without harm, or answered a second time.
"""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from account import letters, sessions
from account.models import Session
from account.sessions import InvalidRefreshToken
from audit import services as audit
from common.errors import Kind, Refusal
from common.ids import uuid7

log = logging.getLogger(__name__)

TOUCHED_EVERY = timedelta(minutes=1)


class RefreshSuperseded(Refusal):
    """Another call has just used this refresh token; the session lives on with the next one.

    `Retry-After` says when the same token may be tried once more, in case the answer to that other call was lost.
    """

    kind = Kind.UNAUTHENTICATED
    code = "refresh_superseded"
    title = "Refreshed by another call"


def refresh(
    *, session_id: UUID, refresh_id: UUID, version: int, address: str | None = None
) -> Session:
    """Use a refresh token: the session gets the next one, and lives on. `address` is where it is used from.

    The single UPDATE of `_take` decides: of any number of simultaneous uses exactly one wins. What the others are told
    depends on how long ago that was (see `_answer_predecessor`). Every other use is a replay, which may mean that the token
    was stolen, and ends the session for thief and owner alike.

    Raises:
        InvalidRefreshToken, RefreshSuperseded
    """
    taken = _take(session_id=session_id, refresh_id=refresh_id, address=address)
    session = Session.objects.select_related("user").filter(public_id=session_id).first()
    if session is None or not sessions.owner_stands(session, timezone.now(), version):
        raise _sign_in_again()
    if not taken:
        _answer_predecessor(session, refresh_id)
    return session  # perhaps ended by a replay since: the answer does not depend on who is faster


def note_use(*, session: Session, refresh_id: UUID | None) -> None:
    """Remember that an access token of this session was used: for its owner, at most once a minute.

    The first use of the token that came with the last refresh proves that its answer arrived. That is worth knowing at once,
    but only as long as a lost answer would be given again. Otherwise this costs no query.
    """
    now = timezone.now()
    same = Session.objects.filter(pk=session.pk, refresh_jti=session.refresh_jti)
    stale = now >= session.last_used_at + TOUCHED_EVERY
    if (
        not session.reply_seen
        and refresh_id == session.refresh_jti
        and session.rotated_at is not None
        and now < session.rotated_at + settings.REFRESH_GRACE
    ):
        used_at = now if stale else F("last_used_at")
        same.filter(reply_seen=False).update(reply_seen=True, last_used_at=used_at)
    elif stale:
        same.filter(last_used_at=session.last_used_at).update(last_used_at=now)


def _take(*, session_id: UUID, refresh_id: UUID, address: str | None) -> bool:
    # Only columns of the row itself may stand in this WHERE: PostgreSQL looks at them again after waiting for a rival,
    # but not at a subquery's. So the user is checked afterwards.
    now = timezone.now()
    current = Session.objects.filter(
        public_id=session_id, refresh_jti=refresh_id, revoked_at=None, expires_at__gt=now
    )
    return bool(
        current.update(
            previous_jti=refresh_id,
            refresh_jti=uuid7(),
            reply_seen=False,
            rotated_at=now,
            last_used_at=now,
            expires_at=now + settings.REFRESH_TOKEN_LIFETIME,
            address=address,
        )
    )


def _answer_predecessor(session: Session, refresh_id: UUID) -> None:
    """Return if the session's present refresh token is to be given out again; otherwise refuse.

    In the first half of the grace the answer to the call that won is probably still under way, or was received by another
    tab, which may have used it already. In the second half it was lost, and is given once more; but if one of the tokens
    in it was seen, it was not lost, and this is a replay.
    """
    now = timezone.now()
    if session.revoked_at is not None or now >= session.expires_at:
        raise _sign_in_again()
    used_at = session.rotated_at
    if (
        refresh_id != session.previous_jti
        or used_at is None
        or now >= used_at + settings.REFRESH_GRACE
    ):
        raise _replayed(session, refresh_id)
    again_at = used_at + settings.REFRESH_GRACE / 2
    if session.reply_seen:
        if now >= again_at:
            raise _replayed(session, refresh_id)
        raise RefreshSuperseded("Use the newer token, or sign in again.")
    if now < again_at:
        wait = max(1, math.ceil((again_at - now).total_seconds()))
        raise RefreshSuperseded("Use the newer token, or repeat this call later.", retry_after=wait)
    if not _repeat(session, now):
        raise RefreshSuperseded("Use the newer token, or sign in again.")


def _repeat(session: Session, now: datetime) -> bool:
    """Whether this call, and no other, repeats the lost answer. One UPDATE decides, as in `_take`.

    The time of last use moves on with every answer and with every use of it: while it is that of the rotation, the answer
    was neither repeated nor used.
    """
    unanswered = Session.objects.filter(
        pk=session.pk,
        refresh_jti=session.refresh_jti,
        revoked_at=None,
        reply_seen=False,
        last_used_at=F("rotated_at"),
    )
    return bool(unanswered.update(last_used_at=now))


def _replayed(session: Session, refresh_id: UUID) -> InvalidRefreshToken:
    """End the session, record it and tell the owner; once, however many replays there are."""
    with transaction.atomic():
        family = Session.objects.filter(pk=session.pk).exclude(refresh_jti=refresh_id)
        if sessions.revoke(family, Session.RevokeReason.REPLAY):
            log.warning("a used refresh token came back: session %s was ended", session.public_id)
            audit.record(
                action="security.refresh_replayed",
                target=f"session:{session.public_id}",
                outcome="refused",
                details={"user": str(session.user.public_id)},
            )
            letters.post_refresh_replayed(
                user=session.user, occasion=f"refresh-replayed:{session.public_id}"
            )
    return _sign_in_again()


def _sign_in_again() -> InvalidRefreshToken:
    return InvalidRefreshToken("Sign in again.")
