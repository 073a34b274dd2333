"""Posting letters, and sending them."""

from __future__ import annotations

from django.db import connection
from django.db.transaction import TransactionManagementError

from common.jobs import enqueue
from events.models import Letter


def post_letter(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    dedupe_key: str,
    channel: str = Letter.Channel.EMAIL,
) -> None:
    """Write a letter into the outbox within the caller's transaction; a job sends it after the commit.

    Args:
        to: an e-mail address, or an E.164 phone number for SMS.
        subject: one line; SMS has none.
        text: the whole message; `html` is the same for mail programs that show it.
        dedupe_key: names the occasion; a second letter of the same occasion is not written.

    Raises:
        TransactionManagementError: outside of a transaction, where letter and change could part.
        ValueError: a recipient or subject of more than one line.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("post_letter needs the transaction of what it tells about")
    if any(mark in field for field in (to, subject) for mark in "\r\n\0"):
        raise ValueError("recipient and subject are single lines")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_letter"
            " (channel, recipient, subject, text, html, dedupe_key, attempts, last_error)"
            " VALUES (%s, %s, %s, %s, %s, %s, 0, '')"
            " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id",
            [str(channel), to, subject[:200], text, html, dedupe_key],
        )
        row = cursor.fetchone()
    if row is not None:
        enqueue("events.send_letter", letter_id=row[0])
