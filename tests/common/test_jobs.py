"""A job exists if and only if its cause was committed, and outlives the worker that died with it."""

from __future__ import annotations

import asyncio
import inspect
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app, utils
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException, TaskNotFound
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector

from common import jobs
from common.models import RateCounter, StoredReply

TASK = "tests.job"
ROOT = Path(__file__).resolve().parents[2]


@app.task(name=TASK)
def nothing(number: int) -> None:
    """Nothing; no worker runs here."""


def execute(statement: str, *values) -> list:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def new_job(**options) -> int:
    jobs.enqueue(TASK, number=1, **options)
    return ProcrastinateJob.objects.order_by("-id").values_list("id", flat=True)[0]


def worker(*, silent_for: int = 0) -> int:
    ((found,),) = execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
    execute(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => %s) WHERE id = %s",
        silent_for, found,
    )  # fmt: skip
    return found


def take(job: int, by: int | None) -> None:
    execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", by, job)


def status(job: int) -> str:
    return ProcrastinateJob.objects.get(pk=job).status


@pytest.mark.usefixtures("no_jobs")
class TestEnqueue:
    def test_a_rolled_back_transaction_leaves_no_job(self):
        with transaction.atomic():
            jobs.enqueue(TASK, number=1)
            assert ProcrastinateJob.objects.count() == 1
            transaction.set_rollback(True)

        assert ProcrastinateJob.objects.count() == 0

    def test_nobody_sees_it_before_the_commit(self):
        other = connection.copy()
        with transaction.atomic():
            jobs.enqueue(TASK, number=1)
            with other.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM procrastinate_jobs")
                assert cursor.fetchone() == (0,)
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs")
            assert cursor.fetchone() == (1,)
        other.close()

    def test_at_most_one_waits(self):
        with transaction.atomic():
            assert jobs.enqueue(TASK, at_most_one="sweep", number=1) is True
            assert jobs.enqueue(TASK, at_most_one="sweep", number=2) is False
            RateCounter.objects.create(key="after", slot=1, count=1, expires_at=timezone.now())

        assert ProcrastinateJob.objects.get().args == {"number": 1}
        assert RateCounter.objects.count() == 1, (
            "the refused duplicate did not spoil the transaction"
        )

    def test_while_one_runs_another_may_wait(self):
        take(new_job(at_most_one="sweep"), worker())

        assert jobs.enqueue(TASK, at_most_one="sweep", number=2) is True

    def test_a_task_with_a_name_of_its_own_waits_once(self):
        with transaction.atomic():
            assert jobs.enqueue("common.prune", timestamp=1) is True
            assert jobs.enqueue("common.prune", timestamp=2) is False
            assert ProcrastinateJob.objects.count() == 1

    def test_an_unknown_task_is_a_bug_and_not_a_job(self):
        with pytest.raises(TaskNotFound):
            jobs.enqueue("common.nonsense")

    def test_delay(self):
        before = timezone.now()
        new_job(delay=timedelta(minutes=5))

        wait = ProcrastinateJob.objects.get().scheduled_at - before
        assert timedelta(minutes=4, seconds=58) < wait < timedelta(minutes=5, seconds=5)


@pytest.mark.usefixtures("no_jobs")
class TestReap:
    @pytest.mark.parametrize("dead", ["silent", "pruned"])
    def test_jobs_of_dead_workers_are_handed_out_again(self, dead):
        job = new_job()
        take(job, worker(silent_for=90))
        if dead == "pruned":
            execute("DELETE FROM procrastinate_workers")

        assert jobs.reap() == 1
        assert status(job) == "todo"
        assert ProcrastinateJob.objects.get(pk=job).attempts == 1
        assert execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", worker()) == [(job,)]

    def test_jobs_of_living_workers_are_left_alone(self):
        job = new_job()
        take(job, worker(silent_for=5))

        assert jobs.reap() == 0
        assert status(job) == "doing"

    def test_a_twin_that_waits_does_the_work(self):
        orphan = new_job(at_most_one="sweep")
        take(orphan, None)
        twin, other = new_job(at_most_one="sweep"), new_job()
        take(other, None)

        assert jobs.reap() == 1, "one twin does not keep the others waiting"
        left = dict(ProcrastinateJob.objects.values_list("id", "status"))
        assert left == {twin: "todo", other: "todo"}

    def test_two_orphans_of_one_name_become_one_job(self):
        for _ in range(2):
            take(new_job(at_most_one="sweep"), None)

        assert jobs.reap() == 1
        assert ProcrastinateJob.objects.get().status == "todo"

    def test_a_job_that_kills_its_workers_is_given_up(self):
        job = new_job()
        for _ in range(jobs.MOST_ATTEMPTS):
            take(job, None)
            jobs.reap()
        assert status(job) == "todo"
        take(job, None)

        assert jobs.reap() == 0
        assert status(job) == "failed"

    def test_a_periodic_job_can_be_reaped_away(self):
        """Its row is referred to by procrastinate's memory of when it ran last."""
        execute(
            "SELECT procrastinate_defer_periodic_job_v2('default', NULL, 'sweep', %s, 0, '', 60, '{}')",
            TASK,
        )
        orphan = ProcrastinateJob.objects.get().pk
        take(orphan, None)
        twin = new_job(at_most_one="sweep")

        jobs.reap()
        assert list(ProcrastinateJob.objects.values_list("id", flat=True)) == [twin]

    def test_the_doctor_sees_what_the_reaper_should_have_taken(self):
        recent, old = new_job(), new_job()
        take(recent, worker(silent_for=90))
        take(old, worker(silent_for=400))
        assert jobs.stalled_jobs() == [], "the reaper is on its way"

        execute(
            "UPDATE procrastinate_events SET at = now() - interval '6 minutes' WHERE job_id = %s",
            old,
        )
        assert jobs.stalled_jobs() == [old]


def fail(job: int, manager_class: type[JobManager]) -> None:
    """What a worker does with a job that raised."""

    async def retry() -> None:
        connector = PsycopgConnector(kwargs=utils.connector_params(), min_size=1, max_size=1)
        async with app.with_connector(connector).open_async():
            failed = Job(id=job, queue="default", lock=None, queueing_lock="sweep", task_name=TASK)
            await manager_class(connector).retry_job(failed, retry_at=timezone.now())

    asyncio.run(retry())


@pytest.mark.usefixtures("no_jobs")
class TestManager:
    def test_a_failing_job_makes_way_for_its_twin(self):
        first = new_job(at_most_one="sweep")
        take(first, worker())
        twin = new_job(at_most_one="sweep")
        fail(first, jobs.Manager)

        assert dict(ProcrastinateJob.objects.values_list("id", "status")) == {twin: "todo"}

    def test_without_a_twin_it_is_tried_again(self):
        job = new_job(at_most_one="sweep")
        take(job, worker())
        fail(job, jobs.Manager)

        assert status(job) == "todo"

    def test_control_the_stock_manager_leaves_it_in_doing(self):
        first = new_job(at_most_one="sweep")
        take(first, worker())
        new_job(at_most_one="sweep")
        with pytest.raises(ConnectorException):
            fail(first, JobManager)

        assert status(first) == "doing"

    def test_the_worker_uses_ours(self):
        from ecommerce.management import queue_worker

        assert "jobs.Manager(" in inspect.getsource(queue_worker)


@pytest.mark.django_db
def test_prune_deletes_what_has_had_its_time():
    now = timezone.now()
    for hours in (23, 25):
        reply = StoredReply.objects.create(
            scope="s", key=f"{hours}", fingerprint="f", status=201, body=b"{}"
        )
        StoredReply.objects.filter(pk=reply.pk).update(created_at=now - timedelta(hours=hours))
        RateCounter.objects.create(
            key="k", slot=hours, count=1, expires_at=now + timedelta(hours=24 - hours)
        )

    jobs.prune()

    assert [reply.key for reply in StoredReply.objects.all()] == ["23"]
    assert [counter.slot for counter in RateCounter.objects.all()] == [23]


def test_every_name_that_is_enqueued_is_a_task():
    """A job of an unknown name would wait for ever."""
    sources = [
        path for app_dir in ROOT.iterdir() if (app_dir / "apps.py").exists() for path in app_dir.rglob("*.py")
    ]  # fmt: skip
    names = {
        name
        for path in sources
        for name in re.findall(r"""enqueue\(\s*["']([\w.]+)["']""", path.read_text())
    }

    assert names
    assert names <= set(app.tasks), "tasks are missing"


@pytest.mark.django_db
def test_a_letter_overtakes_pictures_files_and_reports():
    """A new shop draws the pictures of all its products; somebody who waits for a code does not wait for them."""
    ProcrastinateJob.objects.all().delete()  # what other tests have committed
    slow = ("catalog.make_renditions", "catalog.import", "catalog.export", "privacy.make_export")
    for task, argument in zip(
        slow, ("image_id", "transfer_id", "transfer_id", "export_id"), strict=True
    ):
        jobs.enqueue(task, **{argument: 1})
    urgent = {
        "account.send_phone_code": "code_id",
        "events.send_letter": "letter_id",
        "payments.settle": "payment_id",
    }
    for task, argument in urgent.items():
        jobs.enqueue(task, **{argument: 1})
    taken = [
        execute("SELECT task_name FROM procrastinate_fetch_job_v2(NULL, %s)", worker())[0][0]
        for _ in range(len(urgent) + 1)
    ]
    assert taken[:3] == list(urgent)
    assert taken[3] == slow[0]
