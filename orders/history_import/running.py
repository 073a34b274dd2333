"""A run over a file of past sales: read and sort it, enter its goods, record sales, then credits, batch by batch.

Each batch is a transaction. What is recorded already is found by its lines, so a run that was killed is simply begun again,
and a file that has grown brings what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from functools import partial

from django.db import DataError, IntegrityError, connection

from catalog.past_goods import enter_goods, find_goods
from catalog.statistics import Growth
from common.actors import Actor
from common.constraints import constraint_of
from common.idempotency import with_retries
from orders.history_import.dates import Clock
from orders.history_import.reading import Entry, History, Rejected, Sum, survey
from orders.history_import.spool import Spool
from orders.models import PastFile
from orders.past_credits import record_past_credits
from orders.past_invoices import MOST_LINES, Goods, NotASale, PastInvoice, Tally, look_up
from orders.past_sales import record_past_sales

_GROWING = (
    "orders_order", "orders_orderline", "orders_orderevent", "orders_pastsale", "orders_pastline", "orders_pastcredit",
    "ledger_entry", "ledger_posting", "catalog_product", "catalog_variant", "inventory_stockitem",
)  # fmt: skip
_LOCK = "hashtext('orders.history_import')"


class RunRefused(Exception):
    """The file cannot be imported now, or not so; one sentence says why."""


class DoesNotAddUp(Exception):
    """What the database has and what was rejected is not what was read: a bug, and loud."""


@dataclass(slots=True)
class Outcome:
    """What a run has come to. `imported` is what the database has of the file now, whenever it got there."""

    read: Sum = field(default_factory=Sum)
    rejected: Sum = field(default_factory=Sum)
    sales: Tally = field(default_factory=Tally)
    credits: Tally = field(default_factory=Tally)

    @property
    def imported(self) -> Tally:
        return self.sales + self.credits

    def prove(self) -> None:
        """imported + rejected = read: lines, exact values and rounded ones.

        Raises:
            DoesNotAddUp: it is not.
        """
        got, lost, read = self.imported, self.rejected, self.read
        for what, parts, whole in (
            ("lines", got.lines + lost.lines, read.lines),
            ("exact values", got.exact + lost.exact, read.exact),
            ("rounded values", got.rounded + lost.rounded, read.rounded),
        ):
            if parts != whole:
                raise DoesNotAddUp(f"{what}: imported and rejected are {parts}, read were {whole}")


@dataclass(slots=True)
class Listener:
    """Whom a run tells how it goes."""

    rejected: Callable[[Rejected], None] = lambda rejected: None
    begins: Callable[[str, int], None] = lambda phase, lines: None
    advanced: Callable[[int], None] = lambda lines: None


@dataclass(slots=True)
class HistoryRun:
    """One run over a file.

    Args:
        order: of day and month in its dates; empty: as the file's own dates say. zone: of times that name none.
        tax_rate: of the tax within its prices. dry_run: read everything, look what is there already, and write nothing.
    """

    history: History
    currency: str
    zone: tzinfo
    by: Actor
    order: str = ""
    tax_rate: Decimal = Decimal(0)
    dry_run: bool = False
    listener: Listener = field(default_factory=Listener)
    outcome: Outcome = field(default_factory=Outcome)
    is_certain: bool = True
    _goods: Goods = field(default_factory=Goods)
    _growth: Growth = field(default_factory=lambda: Growth(_GROWING))

    def take(self) -> Outcome:
        """Import the file.

        Raises:
            RunRefused: another run is under way, or this file was imported in another currency; nothing is written.
            DoesNotAddUp: see `Outcome.prove`.
        """
        with _alone():
            file = self._file()
            rows, evidence = survey(self.history)
            self.is_certain = bool(self.order) or evidence.is_certain
            self.order = self.order or evidence.order
            spool = Spool(currency=self.currency, tax_rate=self.tax_rate)
            try:
                self.listener.begins("reading", rows)
                spool.fill(self._entries())
                for invoice, line, sku, value in spool.drop_endless():
                    reason = f"invoice {invoice} has more than {MOST_LINES:,} lines"
                    cells = {"invoiceno": invoice, "stockcode": sku}
                    self._reject(Rejected(line, reason, value, cells))
                spool.sort()
                self.listener.begins(
                    "recording", self.outcome.read.lines - self.outcome.rejected.lines
                )
                if not self.dry_run:
                    self._enter_goods(spool)
                for is_credit, invoices in spool.batches():
                    if self.dry_run:
                        self._look(is_credit, invoices, file)
                    else:
                        self._record(is_credit, invoices, file)
                    self.listener.advanced(sum(len(one.items) for one in invoices))
            finally:
                spool.close()
            if not self.dry_run:
                self._growth.ended()
        self.outcome.prove()
        return self.outcome

    def _entries(self) -> Iterator[Entry]:
        for found in self.history.walk(Clock(self.order, self.zone)):
            self.outcome.read.add(found.value, self.currency)
            if isinstance(found, Rejected):
                self._reject(found)
            else:
                yield found
            self.listener.advanced(1)

    def _reject(self, rejected: Rejected) -> None:
        self.outcome.rejected.add(rejected.value, self.currency)
        self.listener.rejected(rejected)

    def _file(self) -> int | None:
        """The row of this file; None in a dry run over one that is new."""
        source = self.history.table.source
        known = PastFile.objects.filter(digest=source.fingerprint).first()
        if known is None and not self.dry_run:
            known, _ = PastFile.objects.get_or_create(
                digest=source.fingerprint,
                defaults={"name": source.path.name[:255], "currency": self.currency},
            )
        if known is not None and known.currency != self.currency:
            raise RunRefused(
                f"This file was imported as {known.currency} before, by the name of {known.name}."
            )
        return known.pk if known else None

    def _enter_goods(self, spool: Spool) -> None:
        for portion in spool.goods():
            found = find_goods(good.sku for good in portion)
            if new := [good for good in portion if good.sku not in found]:
                with_retries(partial(enter_goods, goods=new, by=self.by))
                self._growth.grew(len(new))

    def _record(self, is_credit: bool, invoices: Sequence[PastInvoice], file: int | None) -> None:
        """All of them at once; where that is refused, each half for itself."""

        def work() -> Tally:
            if is_credit:
                return record_past_credits(credits=invoices, by=self.by, file=file)
            return record_past_sales(sales=invoices, by=self.by, file=file, goods=self._goods)

        try:
            tally: Tally = with_retries(work)
        except (NotASale, IntegrityError, DataError) as error:
            self._goods.forget()
            if len(invoices) == 1:
                self._refuse(is_credit, invoices[0], _reason(error))
                return
            middle = len(invoices) // 2
            self._record(is_credit, invoices[:middle], file)
            self._record(is_credit, invoices[middle:], file)
            return
        self._growth.grew(tally.new)
        self._count(is_credit, tally)

    def _count(self, is_credit: bool, tally: Tally) -> None:
        if is_credit:
            self.outcome.credits += tally
        else:
            self.outcome.sales += tally

    def _refuse(self, is_credit: bool, invoice: PastInvoice, reason: str) -> None:
        for item in invoice.items:
            value = -item.exact if is_credit else item.exact
            cells = {"invoiceno": invoice.number, "stockcode": item.sku}
            self._reject(Rejected(item.line, f"invoice {invoice.number}: {reason}", value, cells))

    def _look(self, is_credit: bool, invoices: Sequence[PastInvoice], file: int | None) -> None:
        """Of a dry run: what would be there, and how much of it would be new."""
        table = "orders_pastcredit" if is_credit else "orders_pastline"
        found, new = Sum(), 0
        for one in look_up(invoices, table=table, file=file):
            found.add(-one.item.exact if is_credit else one.item.exact, self.currency)
            new += one.is_new
        self._count(is_credit, Tally(found.lines, new, found.exact, found.rounded))


@contextmanager
def _alone() -> Iterator[None]:
    """One import at a time; the connection's, so that it ends with a process that is killed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})")
        if not cursor.fetchone()[0]:
            raise RunRefused("Another import of a trading history is running.")
        cursor.execute("SHOW statement_timeout")
        (usual,) = cursor.fetchone()
        cursor.execute("SET statement_timeout = 0")  # sorting a large file takes its time
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [usual])
            cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")


def _reason(error: Exception) -> str:
    """Why, for a person. The names of constraints read as the rule."""
    if isinstance(error, IntegrityError) and (rule := constraint_of(error)):
        return f"refused: {rule.replace('_', ' ')}"
    return str(error).splitlines()[0]
