"""Django's `runserver` with a whole shop behind it: jobs run, and there is a (simulated) Chapa to pay at."""

import asyncio
import os
import subprocess
import threading
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands.runserver import Command as Runserver
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV, get_child_arguments

from ecommerce.management import queue_worker, simulator
from ecommerce.management.leash import leashed


class Command(Runserver):
    """Adds the worker, in a thread, and in development the simulator."""

    help = "Run the shop for development: web server, background jobs and simulated payments."
    port: str  # set by Django's handle()

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve on `PORT` unless an address is given."""
        self.default_port = str(settings.PORT)
        super().handle(*args, **options)

    def run(self, **options: Any) -> None:
        """Give the serving process its port and gateway by the environment, before it reads the settings."""
        serving = os.environ.get(DJANGO_AUTORELOAD_ENV) == "true"
        if settings.SIMULATED and not serving:
            os.environ["PORT"] = self.port
            self._start_simulator()
            if not options["use_reloader"]:
                # Our own settings are read already. The simulator stays our child.
                arguments = get_child_arguments()
                os.execv(arguments[0], arguments)  # noqa: S606
        super().run(**options)

    def _start_simulator(self) -> None:
        chapa = simulator.prepare(settings.DATA_DIR)
        environment = chapa.environment(settings.DATA_DIR, web_port=int(self.port))
        subprocess.Popen(leashed(chapa.command()), env={**os.environ, **environment})
        os.environ.update(chapa.shop_environment())

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Called in the serving process, and there once."""
        threading.Thread(target=_work, name="worker", daemon=True).start()
        super().inner_run(*args, **options)


def _work() -> None:
    async def forever() -> None:
        await queue_worker.run(asyncio.Event())

    asyncio.run(forever())
