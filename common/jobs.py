"""Background jobs in PostgreSQL (procrastinate).

A service enqueues by name, on its own connection and therefore in its own transaction: a job exists if and only if the
change that asked for it was committed. Every job must be safe to run twice: a worker that is killed leaves its job behind
and the reaper hands it out again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

log = logging.getLogger(__name__)

# Waits 2, 4, 8 ... 4096 seconds between attempts (2 ** attempt): somewhat over two hours in all.
PATIENT = RetryStrategy(max_attempts=12, exponential_wait=2)
STALLED_AFTER = timedelta(seconds=60)
# A job's place in the queue: somebody who waits for a code or a receipt does not wait for pictures, files and reports.
LATER = -10
MOST_ATTEMPTS = 20  # a job that takes its worker along this often would do so for ever


def enqueue(
    task: str, *, at_most_one: str | None = None, delay: timedelta | None = None, **arguments: Any
) -> bool:
    """Enqueue the task of that name (`payments.settle`) within the caller's transaction.

    Args:
        at_most_one: while a job with this name waits, another is not added. Periodic tasks have such a name of their own.
        delay: the earliest moment from now.

    Returns:
        False when such a job waits already.

    Raises:
        procrastinate.exceptions.TaskNotFound: no task has that name; a bug of the caller.
    """
    schedule = {"seconds": int(delay.total_seconds())} if delay else None
    deferrer = app.configure_task(
        task, allow_unknown=False, queueing_lock=at_most_one, schedule_in=schedule
    )
    if deferrer.job.queueing_lock is not None:
        return _defer_once(deferrer, arguments)
    deferrer.defer(**arguments)
    return True


def _defer_once(deferrer: Any, arguments: dict[str, Any]) -> bool:
    try:
        with transaction.atomic():  # a refused duplicate must not spoil the caller's transaction
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


class Manager(JobManager):
    """Procrastinate's own, except that a job may fail while another of its `at_most_one` name waits.

    The stock manager cannot put the failed one back into the queue then and leaves it in `doing` for ever. The one
    that waits was enqueued later and does the work, so this one can go.
    """

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        try:
            await super().retry_job(job, *args, **kwargs)
        except UniqueViolation:
            await self.finish_job(job=job, status=Status.FAILED, delete_job=True)


def reap() -> int:
    """Hand out again the jobs of workers that are gone. Returns how many.

    Procrastinate marks a dead worker by its heartbeat but leaves its jobs in `doing` for ever; when the worker's row is
    pruned, the job's `worker_id` becomes null.
    """
    handed_out = 0
    with transaction.atomic():
        for job_id, attempts in _orphans():
            if attempts >= MOST_ATTEMPTS:
                log.error("job %d has outlived %d workers: given up", job_id, attempts)
                _execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", job_id)
                continue
            try:
                with transaction.atomic():
                    _execute(
                        "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, scheduled_at = now(),"
                        " attempts = attempts + 1, abort_requested = false WHERE id = %s",
                        job_id,
                    )
            except IntegrityError:  # another of its at_most_one name waits and does the work
                _execute("DELETE FROM procrastinate_jobs WHERE id = %s", job_id)
            else:
                handed_out += 1
    if handed_out:
        log.warning("handed out again %d jobs of workers that are gone", handed_out)
    return handed_out


def _orphans() -> list[tuple[int, int]]:
    """Id and attempts of running jobs whose worker is gone or silent; locked, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id, job.attempts
              FROM procrastinate_jobs job
              LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
             WHERE job.status = 'doing'
               AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
             ORDER BY job.id
               FOR UPDATE OF job SKIP LOCKED
            """,
            [STALLED_AFTER.total_seconds()],
        )
        rows: list[tuple[int, int]] = cursor.fetchall()
    return rows


def _execute(statement: str, job_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [job_id])


def stalled_jobs() -> list[int]:
    """For the doctor: ids of jobs begun five minutes ago or earlier on a worker that is gone, so nobody reaps."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id
              FROM procrastinate_jobs job
              LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
             WHERE job.status = 'doing'
               AND (worker.id IS NULL OR worker.last_heartbeat < now() - interval '5 minutes')
               AND NOT EXISTS (
                       SELECT FROM procrastinate_events event
                        WHERE event.job_id = job.id AND event.type = 'started'
                          AND event.at > now() - interval '5 minutes')
             ORDER BY job.id
            """
        )
        return [row[0] for row in cursor.fetchall()]


def prune() -> None:
    """Delete what has had its time: stored replies after 24 hours, old counters, finished jobs after a week."""
    from common.models import RateCounter, StoredReply

    now = timezone.now()
    StoredReply.objects.filter(created_at__lt=now - StoredReply.KEPT_FOR).delete()
    RateCounter.objects.filter(expires_at__lt=now).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'cancelled')"
            " AND id IN (SELECT job_id FROM procrastinate_events"
            " WHERE type IN ('succeeded', 'cancelled') AND at < now() - interval '7 days')"
        )
