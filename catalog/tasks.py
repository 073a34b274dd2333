"""Jobs of the catalogue."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from catalog import low_stock, renditions, transfers
from catalog.reads import warming
from common import jobs

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="catalog.render_ahead", queueing_lock="catalog.render_ahead", pass_context=False)
def render_ahead(timestamp: int) -> None:
    """Render what has changed, so that the first visitor finds it rendered."""
    warming.catch_up()


@app.periodic(cron="37 3 * * *")
@app.task(name="catalog.prune", queueing_lock="catalog.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Remove documents and moments that no reader will ask for."""
    warming.prune()


@app.task(name="catalog.tell_low_stock", retry=jobs.PATIENT)
def tell_low_stock(stock_item_ids: list[int]) -> None:
    """Tell staff that these items run low."""
    low_stock.tell_staff(stock_item_ids=stock_item_ids)


@app.task(name="catalog.make_renditions", retry=jobs.PATIENT, priority=jobs.LATER)
def make_renditions(image_id: int) -> None:
    """Make the smaller copies of a picture."""
    renditions.make_renditions(image_id=image_id)


@app.periodic(cron="53 3 * * *")
@app.task(name="catalog.sweep_files", queueing_lock="catalog.sweep_files", pass_context=False)
def sweep_files(timestamp: int) -> None:
    """Delete files that no picture has."""
    gone = sum(1 for _ in renditions.sweep())
    if gone:
        log.warning("deleted %d files that no picture had", gone)


@app.task(name="catalog.import", retry=jobs.PATIENT, lock="catalog.transfers", priority=jobs.LATER)
def run_import(transfer_id: int) -> None:
    """Import an uploaded file; one at a time, as there are other jobs to do. A killed one goes on where it was."""
    transfers.run_import(transfer_id=transfer_id)


@app.task(name="catalog.export", retry=jobs.PATIENT, lock="catalog.transfers", priority=jobs.LATER)
def run_export(transfer_id: int) -> None:
    """Make the file of an export; a killed one goes on where it was."""
    transfers.run_export(transfer_id=transfer_id)


@app.periodic(cron="37 * * * *")
@app.task(
    name="catalog.prune_transfers", queueing_lock="catalog.prune_transfers", pass_context=False
)
def prune_transfers(timestamp: int) -> None:
    """Delete files and rows of imports and exports that have had their time."""
    transfers.prune()
