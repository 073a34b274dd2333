"""One-time codes by SMS: six random digits, good once, for ten minutes, for one number and one purpose.

Six digits are few, so that tries are counted, in the database and before anything is compared. Whoever asks for a code may
send a *verifier* along, a secret of their own making (as PKCE does), and show it again with the code. Tries with the right
verifier and tries of strangers are counted apart: somebody who only knows a number can neither use up its owner's tries nor
void the owner's code. Without a verifier everybody shares the five tries of the newest code.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from account import known_devices, phone_letters
from account.models import PhoneCode, Session, User
from audit import services as audit
from common.errors import Invalid, Kind, NotFound, Refusal, invalid_field
from common.jobs import enqueue
from common.phones import can_get_codes
from common.transactions import refuse_transaction, require_transaction
from events import sms

log = logging.getLogger(__name__)
Purpose = PhoneCode.Purpose

LIFETIME = timedelta(minutes=10)
ATTEMPTS = 5
RECENT = timedelta(minutes=15)
PAUSE = timedelta(seconds=60)
PER_HOUR = 5  # codes to one number
PER_DAY = 12
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LOCK = (
    0x70686F6E65  # "phone": codes are asked for one at a time, so that the limits below are exact
)


class PhoneSignInOff(NotFound):
    """This shop sends no SMS (`SMS_URL` is not set), so that nobody can sign in or verify a number with a code."""

    code = "phone_sign_in_off"
    title = "This shop sends no codes by SMS"


class TooManyCodes(Refusal):
    """This number, or the shop as a whole, has been sent as many codes as it may for now."""

    kind = Kind.TOO_MANY
    code = "too_many_requests"
    title = "Too many requests"


class InvalidCode(Refusal):
    """The code is wrong, was used, was replaced by a newer one, is too old, or was tried too often: nobody is told which."""

    kind = Kind.UNAUTHENTICATED
    code = "invalid_code"
    title = "This code is not good"

    def __init__(self) -> None:
        detail = "The code is wrong or not good any more."
        super().__init__(detail, errors=[{"field": "code", "code": self.code, "detail": detail}])


class WrongCode(Invalid):
    """As above, for somebody who is signed in and stays so."""

    code = "invalid_code"
    title = "This code is not good"

    def __init__(self) -> None:
        detail = "The code is wrong or not good any more."
        super().__init__(detail, errors=[{"field": "code", "code": self.code, "detail": detail}])


def request(
    *,
    phone: str,
    purpose: Purpose,
    user: User | None = None,
    verifier: str = "",
    device: str = "",
) -> None:
    """Have a code sent to a number (E.164). An older code of the same asker is void.

    Nothing here depends on whose number it is, or whether it is anybody's; the code is made and sent by a job.

    Args:
        device: the string that an earlier sign-in answered with. The limits of a device that has signed in to the number's
            account are its own: strangers who ask for codes keep its owner from nothing.

    Raises:
        PhoneSignInOff, TooManyCodes
        Invalid: a number that gets no codes: a landline, or a country the shop does not pay for.
    """
    refuse_unreachable(phone)
    known = _is_known(device, phone)
    with transaction.atomic():
        _one_at_a_time()
        now = timezone.now()
        if settings.RATE_LIMITS:
            _refuse_too_many(phone, now, known=known)
        mine = _live(phone, purpose, user).filter(verifier=_mark(verifier))
        mine.update(voided_at=Now())
        code = PhoneCode.objects.create(
            phone=phone,
            purpose=purpose,
            user=user,
            verifier=_mark(verifier),
            by_known_device=known,
            expires_at=now + LIFETIME,
        )
        enqueue("account.send_phone_code", code_id=code.pk)


def refuse_off() -> None:
    """Refuse where no SMS can leave.

    Raises:
        PhoneSignInOff
    """
    if not sms.available():
        raise PhoneSignInOff("Sign in with an e-mail address instead.")


def refuse_unreachable(phone: str) -> None:
    """Refuse numbers that no code can be sent to.

    Raises:
        PhoneSignInOff, Invalid
    """
    refuse_off()
    if not can_get_codes(phone):
        raise invalid_field("phone", "not_a_mobile", "Codes can be sent to mobile numbers only.")
    if not sms.gateway().serves(phone):
        raise invalid_field(
            "phone", "country_not_served", "Codes cannot be sent to numbers of this country."
        )


def send(*, code_id: int) -> None:
    """Make up the code, keep its digest, and put it into an SMS. Running twice sends once."""
    with transaction.atomic():
        row = (
            PhoneCode.objects.select_for_update(no_key=True)
            .filter(pk=code_id, digest="", used_at=None, voided_at=None)
            .filter(expires_at__gt=timezone.now())
            .first()
        )
        if row is None:
            return
        code = f"{secrets.randbelow(10**6):06d}"
        row.digest = _digest(row, code)
        row.save(update_fields=["digest"])
        phone_letters.post_code(
            phone=row.phone,
            purpose=Purpose(row.purpose),
            code=code,
            occasion=f"code:{row.pk}",
            expires_at=row.expires_at,
        )


def check(
    *, phone: str, purpose: Purpose, code: str, user: User | None = None, verifier: str = ""
) -> PhoneCode | None:
    """The code's row if the code is right, without using it up; None if it is not. Counts the try first.

    The count is committed before the comparison, so that of any number of parallel guesses five are compared.

    Raises:
        RuntimeError: inside a transaction, whose rollback would forget the count.
    """
    refuse_transaction()
    sent = _live(phone, purpose, user).exclude(digest="").order_by("-id")
    row = sent.filter(verifier=_mark(verifier)).first() or sent.first()
    counted = row is not None and _count_try(row, own=row.verifier in ("", _mark(verifier)))
    if row is not None and counted and constant_time_compare(row.digest, _digest(row, code)):
        return row
    audit.record(
        action="security.code_guessed",
        target=f"phone_code:{row.pk}" if row else "",
        outcome="refused",
        details={"purpose": purpose.value, "compared": counted},
    )
    return None


def spend(row: PhoneCode) -> bool:
    """Use the code up, within the transaction that acts on it; of many at once, one is told True. Its siblings die too."""
    require_transaction()
    live = PhoneCode.objects.filter(pk=row.pk, used_at=None, voided_at=None)
    if not live.filter(expires_at__gt=timezone.now()).update(used_at=Now()):
        return False
    _live(row.phone, Purpose(row.purpose), row.user).update(voided_at=Now())
    return True


def newest_number(*, user: User) -> str:
    """The number that the user was last sent a code to for verification; empty when there is none."""
    codes = PhoneCode.objects.filter(user=user, purpose=Purpose.VERIFY, used_at=None)
    found = codes.filter(expires_at__gt=timezone.now()).order_by("-id").first()
    return found.phone if found else ""


def has_just_opened(session: Session) -> bool:
    """Whether a code opened this session, and not longer ago than a quarter of an hour."""
    return session.by_code and timezone.now() - session.authenticated_at < RECENT


def void_all(*, phone: str) -> None:
    """No code that was sent to this number works any more."""
    PhoneCode.objects.filter(phone=phone, used_at=None, voided_at=None).update(voided_at=Now())


def _live(phone: str, purpose: Purpose, user: User | None) -> QuerySet[PhoneCode]:
    return PhoneCode.objects.filter(
        phone=phone, purpose=purpose, user=user, used_at=None, voided_at=None
    )


def _count_try(row: PhoneCode, *, own: bool) -> bool:
    # Only columns of the row itself stand in this WHERE: PostgreSQL looks at them again after waiting for a rival.
    column = "attempts" if own else "stranger_attempts"
    good = PhoneCode.objects.filter(
        pk=row.pk, used_at=None, voided_at=None, expires_at__gt=timezone.now()
    )
    return bool(good.filter(**{f"{column}__lt": ATTEMPTS}).update(**{column: F(column) + 1}))


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _is_known(device: str, phone: str) -> bool:
    known = known_devices.read(device)
    return (
        known is not None
        and User.objects.filter(
            public_id=known.user_id, phone=phone, phone_verified_at__isnull=False
        ).exists()
    )


def _refuse_too_many(phone: str, now: datetime, *, known: bool) -> None:
    """The caller holds the lock, so that the counts stand until its own row is there."""
    lately = Q(created_at__gt=now - _DAY)
    times = list(
        PhoneCode.objects.filter(lately, phone=phone, by_known_device=known)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:PER_DAY]
    )
    for count, span in ((1, PAUSE), (PER_HOUR, _HOUR), (PER_DAY, _DAY)):
        if len(times) >= count and times[count - 1] > now - span:
            wait = times[count - 1] + span - now
            raise TooManyCodes(
                "Wait a little before you ask for another code.",
                retry_after=int(wait.total_seconds()) + 1,
            )
    # `expires_at` has the index; it is always as far from `created_at`.
    of_this_hour = PhoneCode.objects.filter(expires_at__gt=now - _HOUR + LIFETIME)
    if not known and of_this_hour.count() >= sms.gateway().per_hour:
        log.error("no more codes are sent this hour: SMS_URL allows %d", sms.gateway().per_hour)
        raise TooManyCodes("No more codes can be sent for the moment.", retry_after=300)


def _digest(row: PhoneCode, code: str) -> str:
    text = f"{row.phone}|{row.purpose}|{row.user_id or ''}|{code}"
    return salted_hmac("account.phone_codes", text, algorithm="sha256").hexdigest()


def _mark(verifier: str) -> str:
    return hashlib.sha256(verifier.encode()).hexdigest() if verifier else ""
