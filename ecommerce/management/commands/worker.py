"""`manage.py worker`: run background jobs until SIGTERM."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from ecommerce.management import queue_worker


class Command(BaseCommand):
    """Letters, settlements, reconciliation and house-keeping."""

    help = "Run background jobs until SIGTERM or Ctrl-C; jobs that run may finish."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(_main())


async def _main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await queue_worker.run(stop)
