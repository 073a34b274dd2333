"""Jobs of the catalogue."""

from __future__ import annotations

from procrastinate.contrib.django import app

from catalog.reads import warming


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
