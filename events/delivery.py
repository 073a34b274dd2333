"""The last metre: SMTP, the SMS gateway, and in development a folder."""

from __future__ import annotations

import os
from email.utils import parseaddr
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from events import sms
from events.models import Letter


class NotDelivered(Exception):
    """The letter did not leave; the message says why and holds nothing of its text."""


def deliver(letter: Letter) -> None:
    """Hand a letter over. In development it is written to a file as well, and sent only where an address is set.

    Raises:
        NotDelivered: try again later.
    """
    if letter.channel == Letter.Channel.SMS:
        _deliver_sms(letter)
    else:
        _deliver_email(letter)


def _deliver_email(letter: Letter) -> None:
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[letter.recipient],
        headers={"Message-ID": _message_id(letter)},
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    try:
        if not settings.PRODUCTION:
            folder = Path(settings.DATA_DIR) / "mail"
            _write_file(letter, folder, "eml", message.message().as_bytes())
        if settings.PRODUCTION or settings.EMAIL_URL:
            message.send()
    except OSError as error:  # smtplib's errors are OSErrors too
        raise NotDelivered(f"{type(error).__name__}: {error}") from error
    except ValueError as error:  # an address or a subject that no mail server could be given
        raise NotDelivered(type(error).__name__) from error


def _message_id(letter: Letter) -> str:
    """The same at each attempt, so that mail programs fold a letter that was sent twice into one."""
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    host = sender.rpartition("@")[2] or "localhost"
    return f"<{letter.created_at:%Y%m%d%H%M%S%f}.{letter.pk}@{host}>"


def _deliver_sms(letter: Letter) -> None:
    gateway = sms.gateway()
    written = sms.as_json(to=letter.recipient, text=letter.text)
    if not settings.PRODUCTION:
        _write_file(letter, Path(settings.DATA_DIR) / "sms", "json", written)
    elif gateway.kind == "none":
        raise NotDelivered("SMS_URL is not set")
    try:
        if gateway.folder is not None:
            _write_file(letter, gateway.folder, "json", written)
        sms.send(to=letter.recipient, text=letter.text)
    except sms.NotSent as error:
        raise NotDelivered(str(error)) from error
    except OSError as error:
        raise NotDelivered(type(error).__name__) from error


def _write_file(letter: Letter, target: Path, suffix: str, content: bytes) -> None:
    """Names sort by time and are the same for each attempt at one letter; a reader never sees half a file."""
    target.mkdir(parents=True, exist_ok=True)
    name = f"{letter.created_at:%Y%m%dT%H%M%S.%fZ}-{letter.pk:08d}.{suffix}"
    draft = target / f".{name}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(target / name)
