"""Posting letters, and sending them.

A letter is sent at least once, and as a rule exactly once: whoever claims it sends it. Only a worker that dies between the
mail server's "yes" and its own next statement leaves a letter that is sent a second time; none is ever left unsent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from common.jobs import enqueue
from common.transactions import refuse_transaction, require_transaction
from events.delivery import NotDelivered, deliver
from events.models import Letter

# Longer than any mail or SMS server may take, shorter than anybody's patience with a lost verification letter.
CLAIM = timedelta(seconds=120)
OVERDUE = timedelta(minutes=15)
GIVEN_UP = timedelta(days=3)
KEPT = timedelta(days=90)


class LetterBusy(Exception):
    """Another worker claimed the letter and has not said yet whether it left."""


def post_letter(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    dedupe_key: str,
    channel: str = Letter.Channel.EMAIL,
    expires_at: datetime | None = None,
    forget_after_sending: bool = False,
) -> None:
    """Write a letter into the outbox within the caller's transaction; a job sends it after the commit.

    Args:
        to: an e-mail address, or an E.164 phone number for SMS.
        subject: one line; SMS has none.
        text: the whole message; `html` is the same for mail programs that show it.
        dedupe_key: names the occasion; a second letter of the same occasion is not written.
        expires_at: when it is of no use any more; what has not left by then is dropped.
        forget_after_sending: keep no trace of the recipient either; for the last letter to somebody.

    Raises:
        RuntimeError: outside of a transaction, where letter and change could part.
        ValueError: a recipient or subject of more than one line.
    """
    require_transaction()
    if any(mark in field for field in (to, subject) for mark in "\r\n\0"):
        raise ValueError("recipient and subject are single lines")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_letter"
            " (channel, recipient, subject, text, html, dedupe_key, expires_at, forget_after_sending,"
            "  attempts, last_error)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0, '')"
            " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id",
            [
                str(channel),
                to,
                subject[:200],
                text,
                html,
                dedupe_key,
                expires_at,
                forget_after_sending,
            ],
        )
        row = cursor.fetchone()
    if row is not None:
        enqueue("events.send_letter", letter_id=row[0])


def is_posted(*, dedupe_key: str) -> bool:
    """Whether a letter of that occasion exists, sent or not."""
    return Letter.objects.filter(dedupe_key=dedupe_key).exists()


def send_letter(*, letter_id: int) -> None:
    """Send a letter that was not sent yet: claim it, hand it over, blank its text.

    The claim is one conditional UPDATE and is committed before anything leaves, so that no lock is held over the network.

    Raises:
        LetterBusy: somebody else is at it; look again later.
        NotDelivered: the server refused or did not answer; try again later.
    """
    refuse_transaction()
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM)
    unsent = Letter.objects.filter(pk=letter_id, sent_at=None)
    if unsent.filter(expires_at__lte=now).update(text="", html="", last_error="not sent in time"):
        return
    if not unsent.filter(free).update(claimed_at=now, attempts=F("attempts") + 1):
        if unsent.exists():
            raise LetterBusy
        return
    letter = Letter.objects.get(pk=letter_id)
    try:
        deliver(letter)
    except NotDelivered as error:
        unsent.update(claimed_at=None, last_error=str(error)[:300])
        raise
    sent: dict[str, Any] = {
        "sent_at": timezone.now(),
        "claimed_at": None,
        "text": "",
        "html": "",
        "last_error": "",
    }
    if letter.forget_after_sending:
        sent |= {"recipient": "", "subject": ""}
    unsent.update(**sent)


def resend_overdue() -> int:
    """Hand out again what is unsent after a quarter of an hour, for three days. Returns how many."""
    now = timezone.now()
    overdue = Letter.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        sent_at=None,
        created_at__lt=now - OVERDUE,
        created_at__gt=now - GIVEN_UP,
    )
    return sum(
        enqueue("events.send_letter", at_most_one=f"events.letter:{pk}", letter_id=pk)
        for pk in overdue.values_list("pk", flat=True)
    )


def prune() -> None:
    """Forget letters that were sent, or given up, more than 90 days ago; last letters as soon as they are given up."""
    now = timezone.now()
    Letter.objects.filter(sent_at__lt=now - KEPT).delete()
    Letter.objects.filter(sent_at=None, created_at__lt=now - KEPT).delete()
    Letter.objects.filter(
        sent_at=None, forget_after_sending=True, created_at__lt=now - GIVEN_UP
    ).delete()
