"""The verbs of imports and exports that run as jobs: upload or ask, run (again after a crash), fetch, prune.

How far a run is stands in its row and is written in the transaction of each batch. Two runs of one transfer (a worker that
was taken for dead) cannot both commit a batch: the later finds that the position is no longer its own, and stops.
"""

from __future__ import annotations

import gzip
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from audit import context
from catalog.categories import find_category
from catalog.exporting.loading import Filters, portion
from catalog.exporting.writing import Writer
from catalog.importing.files import Records, open_records
from catalog.importing.grouping import Notebook
from catalog.importing.reading import FileRefused
from catalog.importing.records import Remarks
from catalog.importing.running import ImportRun, Outcome, Progress
from catalog.models import Transfer, TransferChunk
from common import jobs
from common.actors import Actor
from common.errors import NotFound

MAX_UPLOAD = 30 * 1024 * 1024  # bytes; packed files hold some ten times as much
CHUNK = 512 * 1024
MAX_REMARKS = 1000
FILES_KEPT = timedelta(days=7)
ROWS_KEPT = timedelta(days=90)
GIVEN_UP_AFTER = timedelta(days=1)


class NoSuchTransfer(NotFound):
    """There is no such import or export."""


class FileNotThere(NotFound):
    """An export's file is not made yet, or its seven days are over."""


class Overtaken(Exception):
    """Another run of the same transfer goes on; this one has nothing to do."""


# --- asking -----------------------------------------------------------------------------------


def request_import(
    *,
    content: Iterable[bytes],
    name: str,
    format_: str | None,
    dry_run: bool,
    set_stock: bool,
    by: Actor,
) -> Transfer:
    """Keep an uploaded file, and import it soon.

    Args:
        content: the file, in pieces of any size.
        format_: shopify or nexus; None: recognised by the content.

    Whoever calls has seen to it that it is no larger than MAX_UPLOAD.
    """
    with transaction.atomic():
        transfer = Transfer.objects.create(
            direction=Transfer.Direction.IMPORT,
            format=format_ or "",
            options={
                "dry_run": dry_run,
                "set_stock": set_stock,
                "program": by.name if by.kind == "key" else "",
            },
            file=Path(name).name[:200],
            user_id=by.user_id,
        )
        for number, piece in enumerate(_pieces(content)):
            TransferChunk.objects.create(transfer=transfer, number=number, content=piece)
        jobs.enqueue("catalog.import", transfer_id=transfer.pk)
        transfer.refresh_from_db()
    return transfer


def request_export(*, format_: str, kind: str, filters: dict[str, Any], by: Actor) -> Transfer:
    """Make a file of the catalogue soon.

    Args:
        format_: shopify or nexus. kind: csv or jsonl.
        filters: `status` (published, draft or all), `category` (an id or slug), `updated_since` (a moment).

    Raises:
        catalog.refusals.NoSuchCategory.
    """
    kept: dict[str, Any] = {}
    if filters.get("status", "all") != "all":
        kept["status"] = filters["status"]
    if filters.get("category"):
        kept["category"] = find_category(str(filters["category"]), field="filters.category").pk
    if filters.get("updated_since"):
        kept["updated_since"] = filters["updated_since"].isoformat()
    with transaction.atomic():
        transfer = Transfer.objects.create(
            direction=Transfer.Direction.EXPORT,
            format=format_,
            options={"kind": kind, "filters": kept},
            file=f"products-{format_}.{kind}",
            user_id=by.user_id,
        )
        jobs.enqueue("catalog.export", transfer_id=transfer.pk)
        transfer.refresh_from_db()
    return transfer


def has_file(transfer: Transfer) -> bool:
    """Whether an export's file can be fetched."""
    done = transfer.state == Transfer.State.DONE
    return done and TransferChunk.objects.filter(transfer=transfer).exists()


def content_of(transfer: Transfer) -> Iterator[bytes]:
    """An export's file, unpacked, piece by piece.

    Raises:
        FileNotThere.
    """
    if not has_file(transfer):
        raise FileNotThere(
            "There is no file to fetch: it is not made yet, or its seven days are over."
        )
    return (gzip.decompress(piece) for piece in _stored(transfer))


# --- importing --------------------------------------------------------------------------------


def begin_command_import(*, records: Records, set_stock: bool, restart: bool) -> Transfer:
    """The row of an import by command: that of a run over the same bytes which did not come to its end, or a new one."""
    options = {"fingerprint": records.source.fingerprint, "set_stock": set_stock}
    running = Transfer.objects.filter(
        direction=Transfer.Direction.IMPORT,
        state=Transfer.State.RUNNING,
        options=options,
        format=records.format,
    )
    if restart:
        running.update(state=Transfer.State.FAILED, problem="Begun anew.", finished_at=Now())
    return running.order_by("-pk").first() or Transfer.objects.create(
        direction=Transfer.Direction.IMPORT,
        state=Transfer.State.RUNNING,
        format=records.format,
        options=options,
        file=records.source.path.name[:200],
        total=records.total,
        started_at=Now(),
    )


def follow(run: ImportRun, transfer: Transfer) -> None:
    """Let a run go on where its transfer is, and write down there how far it gets."""
    run.position = transfer.position
    run.counts = Counter({
        outcome: transfer.counts.get(outcome.value, 0) for outcome in Outcome
    })  # fmt: skip
    follower = _Follower(transfer)
    run.checkpoint, run.committed = follower.note, follower.settle


def finish(transfer: Transfer) -> None:
    """The run came to the end of its file; an upload is not needed any more."""
    with transaction.atomic():
        Transfer.objects.filter(pk=transfer.pk, state=Transfer.State.RUNNING).update(
            state=Transfer.State.DONE, finished_at=Now()
        )
        if transfer.direction == Transfer.Direction.IMPORT:
            TransferChunk.objects.filter(transfer=transfer).delete()


def fail(transfer: Transfer, problem: str) -> None:
    """The run cannot come to an end."""
    Transfer.objects.filter(pk=transfer.pk).update(
        state=Transfer.State.FAILED, problem=problem[:2000], finished_at=Now()
    )
    TransferChunk.objects.filter(transfer=transfer).delete()


def run_import(*, transfer_id: int) -> None:
    """Import an uploaded file, from where an earlier run of the same job got to."""
    transfer = _begin(transfer_id)
    if transfer is None:
        return
    by = _author(transfer)
    remarks = Remarks()
    with tempfile.TemporaryDirectory(prefix="nexus-import-") as folder, Notebook() as notebook:
        # Not under its own name: that may be longer than a file system takes, in bytes.
        path = Path(folder) / "upload"
        with path.open("wb") as file:
            for piece in _stored(transfer):
                file.write(piece)
        try:
            records = open_records(
                path, format_=transfer.format or None, notebook=notebook, remarks=remarks
            )
        except FileRefused as refusal:
            fail(transfer, str(refusal).replace(str(path), transfer.file or "The file"))
            return
        Transfer.objects.filter(pk=transfer.pk).update(total=records.total, format=records.format)
        run = ImportRun(
            by=by,
            set_stock=bool(transfer.options.get("set_stock")),
            dry_run=bool(transfer.options.get("dry_run")),
        )
        follow(run, transfer)
        try:
            for _ in run.take_all(records):
                pass
        except Overtaken:
            return
    finish(transfer)


class _Follower:
    """Writes down how far a run is."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self._noted: dict[str, Any] = {"position": transfer.position}

    def note(self, progress: Progress) -> None:
        """Within the batch's transaction.

        Raises:
            Overtaken: another run goes on, and nothing of this batch stays.
        """
        transfer, found = self.transfer, progress.remarks
        remarks = [
            *transfer.remarks,
            *({"line": one.line, "kind": "rejected", "reason": one.text} for one in found.rejected),
            *({"line": one.line, "kind": "notice", "reason": one.text} for one in found.notices),
        ][:MAX_REMARKS]
        counts = {outcome.value: progress.counts[outcome] for outcome in Outcome}
        was = transfer.counts
        counts["rows_rejected"] = was.get("rows_rejected", 0) + len(found.rejected) + found.unkept
        counts["notices"] = was.get("notices", 0) + len(found.notices)
        self._noted = {"position": progress.position, "counts": counts, "remarks": remarks}
        noted = Transfer.objects.filter(
            pk=transfer.pk, position=transfer.position, state=Transfer.State.RUNNING
        ).update(**self._noted)
        if not noted:
            raise Overtaken(f"Another run of import {transfer.public_id} goes on.")

    def settle(self) -> None:
        """The batch is committed."""
        for name, value in self._noted.items():
            setattr(self.transfer, name, value)


# --- exporting --------------------------------------------------------------------------------


def run_export(*, transfer_id: int) -> None:
    """Make an export's file, a portion per transaction; a run that was killed goes on behind its last portion."""
    transfer = _begin(transfer_id)
    if transfer is None:
        return
    filters = _filters(transfer.options["filters"])
    writer = Writer(transfer.format, transfer.options["kind"])
    number = (
        TransferChunk.objects.filter(transfer=transfer).aggregate(n=Max("number"))["n"] or 0
    ) + 1
    written = transfer.counts.get("written", 0)
    left_out = transfer.counts.get("left_out", 0)
    remarks = transfer.remarks
    if not TransferChunk.objects.filter(transfer=transfer).exists():
        content = gzip.compress(writer.start(), 6)
        TransferChunk.objects.bulk_create(
            [TransferChunk(transfer=transfer, number=0, content=content)], ignore_conflicts=True
        )
        number = 1
    position = transfer.position
    while True:
        last, products = portion(filters, after=position)
        if last == position:
            break
        before = writer.written
        content = gzip.compress(writer.piece(products), 6)
        written += writer.written - before
        left_out += len(writer.left_out)
        told = [
            {"line": 0, "kind": "notice", "reason": f"{slug}: left out: {reason}"}
            for slug, reason in writer.left_out.items()
        ]
        writer.left_out.clear()
        remarks = [*remarks, *told][:MAX_REMARKS]
        with transaction.atomic():
            noted = Transfer.objects.filter(
                pk=transfer.pk, position=position, state=Transfer.State.RUNNING
            ).update(
                position=last,
                counts={"written": written, "left_out": left_out},
                remarks=remarks,
            )
            if not noted:
                return  # another run of this job goes on
            TransferChunk.objects.create(transfer=transfer, number=number, content=content)
        position, number = last, number + 1
    finish(transfer)


def _filters(kept: dict[str, Any]) -> Filters:
    since = kept.get("updated_since")
    return Filters(
        published={"published": True, "draft": False}.get(kept.get("status", "")),
        category=kept.get("category"),
        updated_since=datetime.fromisoformat(since) if since else None,
    )


# --- house-keeping ----------------------------------------------------------------------------


def prune() -> None:
    """Delete files after seven days and rows after ninety; what has stood still for a day has failed."""
    now = timezone.now()
    still = Transfer.objects.filter(state__in=[Transfer.State.WAITING, Transfer.State.RUNNING])
    for transfer in still.filter(created_at__lt=now - GIVEN_UP_AFTER):
        if transfer.chunks.exists():
            fail(transfer, "It did not come to an end within a day.")
    TransferChunk.objects.filter(transfer__finished_at__lt=now - FILES_KEPT).delete()
    Transfer.objects.filter(created_at__lt=now - ROWS_KEPT).delete()


# --- steps ------------------------------------------------------------------------------------


def _begin(transfer_id: int) -> Transfer | None:
    """The transfer, running now; None when it has come to its end before."""
    ended = [Transfer.State.DONE, Transfer.State.FAILED]
    going = Transfer.objects.filter(pk=transfer_id).exclude(state__in=ended)
    going.filter(Q(started_at__isnull=True)).update(started_at=Now())
    going.update(state=Transfer.State.RUNNING)
    return going.first()


def _author(transfer: Transfer) -> Actor:
    """Whoever asked for it, for movements of stock and for the log."""
    program = transfer.options.get("program", "")
    if transfer.user_id is not None:
        context.identify(kind="staff", user_id=transfer.user_id)
        return Actor("staff", transfer.user_id, str(transfer.user)[:60])
    return Actor("key", None, program) if program else Actor("system", name="import")


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in pieces that are a row each."""
    waiting = b""
    for part in content:
        waiting += part
        while len(waiting) >= CHUNK:
            yield waiting[:CHUNK]
            waiting = waiting[CHUNK:]
    if waiting:
        yield waiting


def _stored(transfer: Transfer) -> Iterator[bytes]:
    """A transfer's pieces, one at a time."""
    number = 0
    while True:
        piece = (
            TransferChunk.objects.filter(transfer=transfer, number=number)
            .values_list("content", flat=True)
            .first()
        )
        if piece is None:
            return
        yield bytes(piece)
        number += 1
