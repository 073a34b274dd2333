"""A run over a file: batches of products, each in one transaction with the note of how far the run is.

A killed run goes on behind its last batch. A batch that is refused is halved until the product that is at fault stands
alone; that one is rejected, the others are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from django.db import DataError, IntegrityError, transaction

from catalog.attributes import hold_definitions
from catalog.importing.bundling import write_bundles
from catalog.importing.files import Records
from catalog.importing.lookups import Lookups
from catalog.importing.planning import Plan, Planner
from catalog.importing.records import ProductRecord, Remarks
from catalog.importing.shop import lock, look
from catalog.importing.values import BadValue
from catalog.importing.writing import write
from catalog.statistics import Growth
from common.actors import Actor
from common.constraints import constraint_of
from common.errors import Refusal
from common.idempotency import with_retries
from common.transactions import transaction_time

MOST_PRODUCTS = 500
MOST_ROWS = 4000  # variants and pictures of a batch, unless one product has more


class Outcome(Enum):
    """What became of a record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(slots=True)
class Batch:
    """Some products of a file; `steps` counts those without a record, too."""

    records: list[ProductRecord] = field(default_factory=list)
    steps: int = 0
    rows: int = 0

    def add(self, record: ProductRecord | None) -> None:
        """One more step of the walk."""
        self.steps += 1
        if record is not None:
            self.records.append(record)
            self.rows += len(record.variants) + len(record.images)

    @property
    def is_full(self) -> bool:
        """Whether the next one begins another batch."""
        return self.steps >= MOST_PRODUCTS or self.rows >= MOST_ROWS


@dataclass(slots=True)
class Progress:
    """What a batch has come to. `written` holds product ids and lines of those that are now as the file has them."""

    position: int
    counts: Counter[Outcome]
    remarks: Remarks
    written: list[tuple[int, int]]


Note = Callable[[Progress], None]
_GROWING = (
    "catalog_product", "catalog_variant", "catalog_price", "catalog_offer", "catalog_image", "catalog_attributevalue",
    "catalog_traits", "inventory_stockitem",
)  # fmt: skip


@dataclass(slots=True)
class ImportRun:
    """One run over a file.

    Args:
        set_stock: also set the stock of variants that exist already; otherwise only new ones get stock, as what was sold
            since the file was written must not come back.
        dry_run: do all of it and keep nothing.
        checkpoint: called within each batch's transaction, to write down how far the run is; nothing of the batch stays if
            it raises. committed: called once that holds.
    """

    by: Actor
    set_stock: bool = False
    dry_run: bool = False
    position: int = 0
    checkpoint: Note = lambda progress: None
    committed: Callable[[], None] = lambda: None
    counts: Counter[Outcome] = field(default_factory=Counter)
    _lookups: Lookups = field(default_factory=Lookups)
    _is_tainted: bool = False  # what was looked up may have been rolled back
    _has_bundles: bool = False

    def take_all(self, records: Records) -> Iterator[Progress]:
        """Import what the file has from `position` on, batch by batch."""
        self._has_bundles = self.position > 0  # the part that is skipped may have some
        growth = Growth(_GROWING)
        for batch in self._batches(records.walk(skip=self.position)):
            progress = self._take(batch, records.remarks.take())
            if not self.dry_run:
                growth.grew(batch.rows)
            yield progress
        growth.ended()
        if self._has_bundles and not self.dry_run:
            remarks = write_bundles(records)
            yield self._take(Batch(), remarks)

    def take(self, records: Sequence[ProductRecord], remarks: Remarks) -> Progress:
        """Import one batch."""
        return self._take(Batch(list(records), len(records)), remarks)

    def _batches(self, walk: Iterable[ProductRecord | None]) -> Iterator[Batch]:
        batch = Batch()
        skip = self.position
        for number, record in enumerate(walk):
            if number < skip:
                continue
            batch.add(record)
            if record is not None and any(variant.parts is not None for variant in record.variants):
                self._has_bundles = True
            if batch.is_full:
                yield batch
                batch = Batch()
        yield batch

    def _take(self, batch: Batch, remarks: Remarks) -> Progress:
        def work() -> Progress:
            if self._is_tainted:
                self._lookups.forget()
            self._is_tainted = True
            progress = Progress(self.position + batch.steps, Counter(), Remarks(), [])
            with transaction.atomic():
                if batch.records:
                    self._write(batch.records, progress)
                if self.dry_run:
                    transaction.set_rollback(True)
            progress.remarks.add(remarks)
            progress.counts += self.counts
            self.checkpoint(progress)
            return progress

        progress = self._until_it_holds(work)
        self.committed()
        self._is_tainted = self.dry_run
        self.position, self.counts = progress.position, progress.counts
        return progress

    @staticmethod
    def _until_it_holds(work: Callable[[], Progress]) -> Progress:
        """Again, when a category or the like was deleted between our look and our commit: foreign keys are checked there."""
        for _ in range(2):
            try:
                first: Progress = with_retries(work)
            except IntegrityError:
                continue
            return first
        last: Progress = with_retries(work)
        return last

    def _write(self, records: Sequence[ProductRecord], progress: Progress) -> None:
        """All of them in a few statements; where that is refused, each half for itself."""
        try:
            with transaction.atomic():
                plans, remarks, rejected = self._attempt(records)
        except (Refusal, IntegrityError, DataError) as error:
            self._lookups.forget()
            if len(records) == 1:
                progress.counts[Outcome.REJECTED] += 1
                progress.remarks.reject(records[0].line, f"{records[0].label}: {_reason(error)}")
                return
            middle = len(records) // 2
            self._write(records[:middle], progress)
            self._write(records[middle:], progress)
            return
        progress.remarks.add(remarks)
        progress.counts[Outcome.REJECTED] += rejected
        for plan in plans:
            progress.counts[_outcome(plan)] += 1
            progress.written.append((plan.product["id"], plan.record.line))

    def _attempt(self, records: Sequence[ProductRecord]) -> tuple[list[Plan], Remarks, int]:
        """Plan without locks; then lock what is to be changed, plan once more, and write."""
        now = transaction_time()  # prices begin and end by this clock
        plans, remarks, rejected = self._plan(records, now)
        if any(record.product_type or record.attributes for record in records):
            hold_definitions()
        locked: set[int] = set()
        while True:
            changing = {
                plan.product_id
                for plan in plans
                if plan.product_id is not None and plan.changes_something
            }
            if changing <= locked:
                break
            locked |= changing
            lock(locked, with_stock=self.set_stock)
            plans, remarks, rejected = self._plan(records, now)
        write(plans, by=self.by)
        return plans, remarks, rejected

    def _plan(
        self, records: Sequence[ProductRecord], now: datetime
    ) -> tuple[list[Plan], Remarks, int]:
        remarks, plans, rejected = Remarks(), [], 0
        planner = Planner(look(records), self._lookups, self.set_stock, now, remarks)
        for record in records:
            try:
                plans.append(planner.plan(record))
            except (BadValue, Refusal) as problem:
                rejected += 1
                remarks.reject(record.line, f"{record.label}: {_reason(problem)}")
        return plans, remarks, rejected


def _outcome(plan: Plan) -> Outcome:
    if plan.product_id is None:
        return Outcome.CREATED
    return Outcome.UPDATED if plan.changes_something else Outcome.UNCHANGED


def _reason(error: Exception) -> str:
    """Why, for a person. The names of constraints read as the rule."""
    if isinstance(error, Refusal):
        return error.detail
    if isinstance(error, IntegrityError) and (rule := constraint_of(error)):
        return f"refused: {rule.replace('_', ' ')}"
    return str(error).splitlines()[0]


def summary(counts: Counter[Outcome], *, rejected: int, notices: int, dry_run: bool) -> str:
    """What a run did, in one line."""
    parts = [f"{counts[outcome]} {outcome.value}" for outcome in list(Outcome)[:3]]
    return f"Products: {', '.join(parts)}. Rows rejected: {rejected}. Notices: {notices}." + (
        " Nothing was kept: this was a dry run." if dry_run else ""
    )


def did_something(counts: Counter[Outcome]) -> bool:
    """Whether any product of the file is now in the shop as the file has it."""
    return any(counts[outcome] for outcome in list(Outcome)[:3])
