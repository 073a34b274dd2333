"""Jobs of carts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from cart import pruning


@app.periodic(cron="53 3 * * *")
@app.task(name="cart.prune", queueing_lock="cart.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Forget carts that nobody has touched for long."""
    pruning.prune()
