"""Background jobs in PostgreSQL (procrastinate).

A service enqueues by name, on its own connection and therefore in its own transaction: a job exists if and only if the
change that asked for it was committed. Every job must be safe to run twice: a worker that is killed leaves its job behind
and the reaper hands it out again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

log = logging.getLogger(__name__)

# Waits 10 s, 20 s, 40 s ... between attempts: about three hours in all.
PATIENT = RetryStrategy(max_attempts=11, exponential_wait=5)
STALLED_AFTER = timedelta(seconds=60)


def enqueue(
    task: str, *, at_most_one: str | None = None, delay: timedelta | None = None, **arguments: Any
) -> bool:
    """Enqueue the task of that name (`payments.settle`) within the caller's transaction.

    Args:
        at_most_one: while a job with this name waits, another is not added.
        delay: the earliest moment from now.

    Returns:
        False when `at_most_one` found the job waiting already.
    """
    schedule = {"seconds": int(delay.total_seconds())} if delay else None
    deferrer = app.configure_task(task, queueing_lock=at_most_one, schedule_in=schedule)
    if at_most_one is None:
        deferrer.defer(**arguments)
        return True
    return _defer_once(deferrer, at_most_one, arguments)


def _defer_once(deferrer: Any, lock: str, arguments: dict[str, Any]) -> bool:
    from django.db import (
        transaction,
    )  # savepoint: a refused duplicate must not spoil the caller's work

    try:
        with transaction.atomic():
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


def reap() -> int:
    """Hand out again the jobs of workers that are gone. Returns how many.

    Procrastinate marks a dead worker by its heartbeat but leaves its jobs in `doing` for ever; when the worker's row is
    pruned, the job's `worker_id` becomes null.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH stalled AS (
                SELECT job.id
                  FROM procrastinate_jobs job
                  LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
                 WHERE job.status = 'doing'
                   AND (worker.id IS NULL OR worker.last_heartbeat < now() - %(after)s)
                   FOR UPDATE OF job SKIP LOCKED
            )
            UPDATE procrastinate_jobs job
               SET status = 'todo', worker_id = NULL, scheduled_at = now(), attempts = attempts + 1
              FROM stalled
             WHERE job.id = stalled.id
         RETURNING job.id
            """,
            {"after": STALLED_AFTER},
        )
        ids = [row[0] for row in cursor.fetchall()]
    if ids:
        log.warning("handed out again %d jobs of workers that are gone: %s", len(ids), ids)
    return len(ids)


def stalled_jobs() -> list[int]:
    """Ids of jobs that no living worker will ever finish, or that wait far longer than they should; for the doctor."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id
              FROM procrastinate_jobs job
              LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
             WHERE job.status = 'doing'
               AND (worker.id IS NULL OR worker.last_heartbeat < now() - interval '5 minutes')
             ORDER BY job.id
            """
        )
        return [row[0] for row in cursor.fetchall()]


def prune() -> None:
    """Delete what has had its time: stored replies after 24 hours, old counters, finished jobs after a week."""
    from common.models import RateCounter, StoredReply

    now = timezone.now()
    StoredReply.objects.filter(created_at__lt=now - timedelta(hours=24)).delete()
    RateCounter.objects.filter(expires_at__lt=now).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'cancelled')"
            " AND id IN (SELECT job_id FROM procrastinate_events"
            " WHERE type IN ('succeeded', 'cancelled') AND at < now() - interval '7 days')"
        )
