"""The outbox: written with the change it tells about, sent once, forgotten afterwards."""

from __future__ import annotations

import email
import threading
import time
from contextlib import suppress
from datetime import timedelta
from email import policy

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from events import delivery, services
from events.composition import Action, compose
from events.delivery import NotDelivered
from events.models import Letter
from events.services import LetterBusy, post_letter, send_letter
from tests.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_queue(db):
    """The queue's tables are not Django's: a flush leaves them as they are."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def post(**changes):
    fields = {
        "to": "abebe@buyers.shop",
        "subject": "Hello",
        "text": "ሰላም\n\nthe secret is 12345\n",
        "dedupe_key": "test:1",
        **changes,
    }
    with transaction.atomic():
        post_letter(**fields)
    return Letter.objects.last()


def files(settings, folder="mail"):
    return (
        sorted((settings.DATA_DIR / folder).glob("*"))
        if (settings.DATA_DIR / folder).exists()
        else []
    )


def parsed(path):
    return email.message_from_bytes(path.read_bytes(), policy=policy.default)


def test_a_letter_needs_a_transaction():
    with pytest.raises(RuntimeError):
        post_letter(to="a@b.et", subject="x", text="x", dedupe_key="x")


def test_a_letter_and_its_job_are_part_of_the_commit():
    with transaction.atomic():
        post_letter(to="a@b.et", subject="x", text="x", dedupe_key="x")
        assert Letter.objects.exists()
        transaction.set_rollback(True)
    assert not Letter.objects.exists()
    assert not ProcrastinateJob.objects.exists()
    letter = post()
    assert ProcrastinateJob.objects.get().args == {"letter_id": letter.pk}


def test_one_letter_per_occasion():
    post()
    post(subject="Another")
    assert Letter.objects.get().subject == "Hello"
    assert ProcrastinateJob.objects.count() == 1


@pytest.mark.parametrize(
    "changes", [{"to": "a@b.et\nBcc: c@d.et"}, {"subject": "x\r\nBcc: c@d.et"}, {"to": "a\0@b.et"}]
)
def test_headers_cannot_be_injected(changes):
    with pytest.raises(ValueError, match="single lines"):
        post(**changes)
    assert not Letter.objects.exists()


def test_in_development_a_letter_is_a_file(settings):
    letter = post(html="<p>ሰላም</p>")
    send_letter(letter_id=letter.pk)
    [path] = files(settings)
    message = parsed(path)
    assert path.suffix == ".eml"
    assert (message["To"], message["Subject"]) == ("abebe@buyers.shop", "Hello")
    assert "12345" in message.get_body(("plain",)).get_content()
    assert "ሰላም" in message.get_body(("html",)).get_content()
    assert "ሰላም".encode() in path.read_bytes(), "readable as it is, not encoded"
    assert path.stat().st_mode & 0o077 == 0, "it holds a token"
    assert mail.outbox == [], "no EMAIL_URL: nothing leaves"


def test_file_names_sort_by_time(settings):
    for number in range(3):
        send_letter(letter_id=post(dedupe_key=f"test:{number}", subject=str(number)).pk)
    assert [parsed(path)["Subject"] for path in files(settings)] == ["0", "1", "2"]


def test_with_email_url_it_is_sent_for_real_too(settings):
    settings.EMAIL_URL = "smtp://localhost:25"
    send_letter(letter_id=post().pk)
    assert len(files(settings)) == 1
    [message] = mail.outbox
    assert message.to == ["abebe@buyers.shop"]
    assert message.from_email == settings.DEFAULT_FROM_EMAIL


def test_in_production_nothing_is_written_to_disk(settings):
    settings.PRODUCTION = True
    send_letter(letter_id=post().pk)
    assert files(settings) == []
    assert len(mail.outbox) == 1


def test_the_text_is_forgotten_after_sending():
    letter = post(html="<p>12345</p>")
    send_letter(letter_id=letter.pk)
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert (letter.text, letter.html, letter.claimed_at) == ("", "", None)


def test_sending_again_does_nothing(settings):
    settings.PRODUCTION = True
    letter = post()
    for _ in range(3):
        send_letter(letter_id=letter.pk)
    assert len(mail.outbox) == 1


def test_a_letter_that_is_gone_is_no_error():
    send_letter(letter_id=12345)


def test_a_failure_is_kept_and_tried_again(settings, monkeypatch, caplog):
    settings.PRODUCTION = True
    letter = post()

    def refuse(self):
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        with pytest.raises(NotDelivered):
            send_letter(letter_id=letter.pk)
    letter.refresh_from_db()
    assert letter.sent_at is None
    assert letter.text != ""
    assert "no server" in letter.last_error
    assert "12345" not in letter.last_error + caplog.text
    send_letter(letter_id=letter.pk)
    letter.refresh_from_db()
    assert (letter.attempts, letter.last_error) == (2, "")
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("production", [True, False])
def test_an_impossible_address_is_a_failure_like_others(settings, production):
    settings.PRODUCTION = production
    letter = post(to="a@" + "ሀ" * 80 + ".et")
    with pytest.raises(NotDelivered):
        send_letter(letter_id=letter.pk)
    letter.refresh_from_db()
    assert (letter.claimed_at, letter.sent_at) == (None, None)
    assert letter.last_error


def test_a_worker_that_died_while_sending_loses_no_letter(settings):
    """Fault 4: after the claim has run out somebody else sends it; twice at most, never not at all."""
    settings.PRODUCTION = True
    letter = post()
    Letter.objects.update(claimed_at=timezone.now())
    with pytest.raises(LetterBusy):
        send_letter(letter_id=letter.pk)
    assert mail.outbox == []
    Letter.objects.update(claimed_at=timezone.now() - services.CLAIM - timedelta(seconds=1))
    send_letter(letter_id=letter.pk)
    assert len(mail.outbox) == 1


def test_both_attempts_at_one_letter_have_one_message_id(settings):
    settings.PRODUCTION = True
    letter = post()
    for _ in range(2):
        delivery.deliver(letter)
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def send_at_once(letter, monkeypatch):
    """How often the letter is handed over when twenty jobs try."""
    delivered, lock = [0], threading.Lock()

    def deliver(_):
        time.sleep(0.1)
        with lock:
            delivered[0] += 1

    monkeypatch.setattr(services, "deliver", deliver)

    def work(_):
        with suppress(LetterBusy):
            send_letter(letter_id=letter.pk)

    at_once(20, work)
    return delivered[0]


def test_twenty_jobs_send_one_letter_once(monkeypatch):
    assert send_at_once(post(), monkeypatch) == 1


def test_control_without_a_claim_it_is_sent_more_than_once(monkeypatch):
    monkeypatch.setattr(services, "CLAIM", timedelta(days=-1))  # every claim has run out already
    assert send_at_once(post(), monkeypatch) > 1


def test_no_network_inside_a_transaction():
    letter = post()
    with pytest.raises(RuntimeError), transaction.atomic():
        send_letter(letter_id=letter.pk)


def test_what_is_overdue_is_handed_out_again_once():
    letter = post()
    assert services.resend_overdue() == 0, "not yet"
    Letter.objects.update(created_at=timezone.now() - timedelta(minutes=20))
    assert services.resend_overdue() == 1
    assert services.resend_overdue() == 0, "it waits already"
    Letter.objects.filter(pk=letter.pk).update(created_at=timezone.now() - timedelta(days=4))
    assert services.resend_overdue() == 0, "after three days it is too late"


def test_old_letters_are_forgotten():
    send_letter(letter_id=post().pk)
    post(dedupe_key="test:2")
    Letter.objects.filter(dedupe_key="test:1").update(sent_at=timezone.now() - timedelta(days=91))
    services.prune()
    assert [letter.dedupe_key for letter in Letter.objects.all()] == ["test:2"]


# --- Words ---------------------------------------------------------------------------------------


def test_a_letter_in_text_and_html():
    text, html = compose(
        name="Abebe",
        before=["Please <confirm> & go:"],
        action=Action("Confirm", "https://shop.example/?token=a-b_c", "a-b_c"),
        after=["Bye."],
    )
    lines = text.splitlines()
    assert lines[0].startswith("ሰላም Abebe")
    assert lines[1] == "Hello Abebe,"
    assert "https://shop.example/?token=a-b_c" in lines
    assert "a-b_c" in lines
    assert "Please <confirm> & go:" in lines
    assert "Please &lt;confirm&gt; &amp; go:" in html
    assert 'href="https://shop.example/?token=a-b_c"' in html


def test_a_name_breaks_no_letter():
    text, html = compose(name="A\r\nBcc: x\n<b>" + "x" * 200, before=["Hi."])
    assert text.splitlines()[1].startswith("Hello A Bcc: x <b>")
    assert "<b>" not in html
