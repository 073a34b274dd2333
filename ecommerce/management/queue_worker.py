"""The worker: runs the jobs that wait in PostgreSQL, through restarts of that PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.utils import ConnectionHandler
from procrastinate.contrib.django import app, utils
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from audit.jobs import audited
from common import jobs
from ecommerce import guards

log = logging.getLogger("worker")
# A lost database is told once, by procrastinate's worker; this logger repeats it with a traceback
# per coroutine.
logging.getLogger("procrastinate.utils").setLevel(logging.CRITICAL)

CONCURRENCY = 4
HEARTBEAT_SECONDS = 10.0  # /readyz?worker=1 allows six missing ones
GRACE_SECONDS = 15.0  # for running jobs when we are asked to stop; the others run again later
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds between attempts to reach the database


async def run(stop: asyncio.Event) -> None:
    """Work until `stop` is set. An unreachable database is waited for, not fatal."""
    pause = FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        started = loop.time()
        try:
            await _work(stop)
        except (ConnectorException, Error, psycopg.Error) as error:
            log.warning("the worker waits for the database: %s", _innermost(error))
        if loop.time() - started > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            pause = min(pause * 2, LONGEST_PAUSE)


async def _work(stop: asyncio.Event) -> None:
    """One worker, until it is told to stop or loses its database."""
    parameters = await sync_to_async(_connection_parameters)()
    connector = PsycopgConnector(kwargs=parameters, min_size=1, max_size=CONCURRENCY, timeout=10)
    # A second app on the same tasks. What a job enqueues goes through the first one, so through
    # Django's connection and into the job's own transaction; replacing the connector of the first
    # would break that.
    own = app.with_connector(connector)
    own.job_manager = jobs.Manager(connector)
    async with own.open_async():
        worker = asyncio.create_task(
            own.run_worker_async(
                concurrency=CONCURRENCY,
                delete_jobs="successful",
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                shutdown_graceful_timeout=GRACE_SECONDS,
                install_signal_handlers=False,
                task_middleware=[audited],
            )
        )
        asked = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        worker.cancel()  # it finishes its jobs first; no effect when it has ended by itself
        with contextlib.suppress(asyncio.CancelledError):
            await worker


def _connection_parameters() -> dict[str, Any]:
    """For connections of the worker's own: direct ones, since a transaction pooler cannot LISTEN.

    Runs in the thread whose Django connection procrastinate's scheduler uses, and replaces that
    connection if it died.
    """
    close_old_connections()
    connection.ensure_connection()
    if not settings.DATABASE_DIRECT_URL:
        return utils.connector_params()
    direct = guards.database(
        settings.DATABASE_DIRECT_URL, data_dir=settings.DATA_DIR, conn_max_age=0
    )
    parameters = ConnectionHandler({"default": direct})["default"].get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    return dict(parameters)


def _innermost(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
