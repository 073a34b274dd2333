"""Posting and reading the ledger.

`post` is a step of the verb that moves the money: in its transaction, so that there is never the one without the other.
Whatever it refuses is a mistake of the calling code, not of a caller: a bug, seen as a 500, with nothing written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Max, Q, QuerySet, Sum, Window

from common.actors import Actor
from common.ids import uuid7
from common.money import EXPONENTS, has_minor_units_of
from common.transactions import require_transaction
from ledger.models import Account, Entry, Posting

REVERSAL = "reversal"
LARGEST = Decimal(10) ** 14
MAX_NOTE = 300


class LedgerError(ValueError):
    """The entry cannot be posted; a bug of the caller."""


class Unbalanced(LedgerError):
    """In some currency the lines do not sum to zero, or there are none."""


class UnknownAccount(LedgerError):
    """An account that is not in the chart, or is closed."""


class PostedDifferently(LedgerError):
    """There is an entry of that kind and key already, about something else."""


@dataclass(frozen=True, slots=True)
class Line:
    """A debit (`amount` > 0) or a credit (`amount` < 0), in major units of `currency`. One of nothing is left out."""

    account: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to be; see `post`."""

    kind: str
    key: str
    lines: tuple[Line, ...]
    by: Actor
    note: str = ""
    order: UUID | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has seen in one currency. `amount` = `debit` − `credit`; both are positive or zero."""

    account: str
    currency: str
    debit: Decimal
    credit: Decimal

    @property
    def amount(self) -> Decimal:
        """Above zero: a debit balance."""
        return self.debit - self.credit


def post(
    *,
    kind: str,
    key: str,
    lines: Sequence[Line],
    by: Actor,
    note: str = "",
    order: UUID | None = None,
    occurred_at: datetime | None = None,
) -> Entry:
    """Write down, once, something that happened to money. A step: one statement of the caller's transaction.

    The same `kind` and `key` again, with the same lines and order, is the entry that is there.

    Args:
        kind: what happened, as words and dots: `payment.received`. key: which one, unique within its kind.
        lines: sum to zero in each currency; those of nothing are left out.
        order: public id of the order it is about.
        occurred_at: when it happened; the transaction's time if not given.

    Raises:
        Unbalanced, UnknownAccount, PostedDifferently, LedgerError: nothing is written.
    """
    draft = Draft(kind, key, tuple(lines), by, note, order, occurred_at)
    return post_many([draft])[0]


def post_many(drafts: Sequence[Draft]) -> list[Entry]:
    """`post` for many at once, in one statement; returns the entries in the same order.

    Raises:
        Unbalanced, UnknownAccount, PostedDifferently, LedgerError: see `post`; the caller's transaction must be rolled back.
    """
    require_transaction()
    checked = [_checked(draft) for draft in drafts]
    if not checked:
        return []
    written = _write(checked)
    missing = [draft for draft in checked if (draft.kind, draft.key) not in written]
    if missing:
        written |= _found(missing)
    found = []
    for draft in checked:
        entry, lines = written[draft.kind, draft.key]
        if lines != Counter(draft.lines) or entry.order != draft.order:
            raise PostedDifferently(
                f"{draft.kind} {draft.key} is posted already, with other lines."
            )
        found.append(entry)
    return found


def reverse(
    entry: Entry, *, by: Actor, note: str = "", occurred_at: datetime | None = None
) -> Entry:
    """Take an entry back by its mirror image. Both stay; again, it is the reversal that is there. A step."""
    mirrored = [replace(line, amount=-line.amount) for line in _lines_of(entry.postings.all())]
    return post(
        kind=REVERSAL,
        key=str(entry.public_id),
        lines=mirrored,
        by=by,
        note=note or f"takes back {entry}",
        order=entry.order,
        occurred_at=occurred_at,
    )


def find(*, kind: str, key: str) -> Entry | None:
    """The entry of that kind and key, if there is one."""
    return Entry.objects.filter(kind=kind, key=key).first()


# --- reading ----------------------------------------------------------------------------------


def balances(*, at: datetime | None = None, currency: str | None = None) -> list[Balance]:
    """What each account holds in each currency, by account and currency; accounts without postings are left out.

    Args:
        at: counts what had occurred by then; None: everything.
    """
    postings = Posting.objects.all()
    if at is not None:
        postings = postings.filter(entry__occurred_at__lte=at)
    if currency is not None:
        postings = postings.filter(currency=currency)
    sums = (
        postings.values("account_id", "currency")
        .annotate(
            debit=Sum("amount", filter=Q(amount__gt=0), default=Decimal(0)),
            credit=-Sum("amount", filter=Q(amount__lt=0), default=Decimal(0)),
        )
        .order_by("account_id", "currency")
        .values_list("account_id", "currency", "debit", "credit")
    )
    return [Balance(*row) for row in sums]


def statement(
    *, account: str, currency: str, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Posting]:
    """The postings of an account in the order in which they occurred, each with its `entry` and the `balance` after it.

    Args:
        since, until: shows `since` ≤ occurred_at < `until`; the balance counts what came before, too.
    """
    running = Window(Sum("amount"), order_by=[F("entry__occurred_at").asc(), F("pk").asc()])
    postings = Posting.objects.filter(account=account, currency=currency).select_related("entry")
    if until is not None:
        postings = postings.filter(entry__occurred_at__lt=until)
    postings = postings.annotate(balance=running)
    if since is not None:
        # A condition on a window is put around it by Django: the balance still counts what came before.
        first = Window(Max("entry__occurred_at"), partition_by=[F("pk")])
        postings = postings.annotate(moment=first).filter(moment__gte=since)
    return postings.order_by("entry__occurred_at", "pk")


# --- how it is written ------------------------------------------------------------------------

# An entry with an account that cannot be posted to is not written at all; one that is there already is left alone.
_WRITE = """
WITH line AS (
    SELECT * FROM unnest(%(of)s::uuid[], %(accounts)s::text[], %(currencies)s::text[], %(amounts)s::numeric[])
             WITH ORDINALITY AS line (of, account, currency, amount, position)
), entry AS (
    INSERT INTO ledger_entry (public_id, kind, key, note, "order", occurred_at, actor, user_id)
    SELECT draft.id, draft.kind, draft.key, draft.note, draft.about, coalesce(draft.occurred_at, now()), draft.actor,
           draft.user_id
      FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(keys)s::text[], %(notes)s::text[], %(orders)s::uuid[],
                  %(times)s::timestamptz[], %(actors)s::text[], %(users)s::bigint[])
           AS draft (id, kind, key, note, about, occurred_at, actor, user_id)
     WHERE NOT EXISTS (
               SELECT FROM line LEFT JOIN ledger_account account ON account.code = line.account AND account.is_active
                WHERE line.of = draft.id AND account.code IS NULL)
     ORDER BY draft.kind, draft.key
        ON CONFLICT (kind, key) DO NOTHING
    RETURNING *
), posting AS (
    INSERT INTO ledger_posting (entry_id, account, currency, amount)
    SELECT entry.id, line.account, line.currency, line.amount
      FROM entry JOIN line ON line.of = entry.public_id ORDER BY entry.id, line.position
)
SELECT id, public_id, kind, key, note, "order", occurred_at, created_at, actor, user_id FROM entry
"""
_FIELDS = (
    "id", "public_id", "kind", "key", "note", "order", "occurred_at", "created_at", "actor", "user_id"
)  # fmt: skip
_Written = dict[tuple[str, str], tuple[Entry, Counter[Line]]]


def _checked(draft: Draft) -> Draft:
    """The draft without its lines of nothing, if it can be an entry."""
    lines = tuple(line for line in draft.lines if line.amount)
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.currency not in EXPONENTS:
            raise LedgerError(f"{line.currency!r} is not a currency of this shop.")
        if not line.amount.is_finite() or abs(line.amount) >= LARGEST:
            raise LedgerError(f"{line.amount} cannot be posted.")
        if not has_minor_units_of(line.amount, line.currency):
            raise LedgerError(f"{line.amount} cannot be paid in {line.currency}.")
        sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.amount
    if not lines or any(sums.values()):
        raise Unbalanced(f"{draft.kind} {draft.key} does not balance: {sums or 'no lines'}")
    return replace(draft, lines=lines, note=draft.note[:MAX_NOTE])


def _write(drafts: Sequence[Draft]) -> _Written:
    ids = [uuid7() for _ in drafts]
    lines = [(pk, line) for pk, draft in zip(ids, drafts, strict=True) for line in draft.lines]
    parameters: dict[str, list[Any]] = {
        "ids": ids,
        "kinds": [draft.kind for draft in drafts],
        "keys": [draft.key for draft in drafts],
        "notes": [draft.note for draft in drafts],
        "orders": [draft.order for draft in drafts],
        "times": [draft.occurred_at for draft in drafts],
        # People by the number of their account: what names them would have to be erased one day, and nothing here can be.
        "actors": [
            draft.by.kind if draft.by.user_id else str(draft.by)[:80] for draft in drafts
        ],
        "users": [draft.by.user_id for draft in drafts],
        "of": [pk for pk, _ in lines],
        "accounts": [line.account for _, line in lines],
        "currencies": [line.currency for _, line in lines],
        "amounts": [line.amount for _, line in lines],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, parameters)
        rows = cursor.fetchall()
    given = {(draft.kind, draft.key): draft for draft in reversed(drafts)}
    return {
        (entry.kind, entry.key): (entry, Counter(given[entry.kind, entry.key].lines))
        for entry in (Entry.from_db("default", _FIELDS, row) for row in rows)
    }


def _found(drafts: Sequence[Draft]) -> _Written:
    """Entries that were there before, with their lines."""
    wanted = {(draft.kind, draft.key) for draft in drafts}
    entries = Entry.objects.filter(
        kind__in={kind for kind, _ in wanted}, key__in={key for _, key in wanted}
    ).prefetch_related("postings")
    found: _Written = {
        (entry.kind, entry.key): (entry, Counter(_lines_of(entry.postings.all())))
        for entry in entries
    }
    if lost := wanted - set(found):
        known = set(Account.objects.filter(is_active=True).values_list("code", flat=True))
        unknown = {
            line.account
            for draft in drafts
            for line in draft.lines
            if (draft.kind, draft.key) in lost
        }
        raise UnknownAccount(f"Nothing can be posted to {', '.join(sorted(unknown - known))}.")
    return found


def _lines_of(postings: QuerySet[Posting]) -> list[Line]:
    return [Line(posting.account_id, posting.amount, posting.currency) for posting in postings]
