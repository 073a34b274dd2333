"""Sending webhooks and callbacks: worker threads, retries on the virtual clock, and the log."""

from __future__ import annotations

import functools
import heapq
import itertools
import logging
import secrets
import ssl
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx

from chapa_simulator.clock import VirtualClock, timestamp
from chapa_simulator.config import is_real_chapa
from chapa_simulator.store import Store, StoreError

TIMEOUT_SECONDS = 10.0
RETRY_SECONDS = 600.0
MAXIMUM_ATTEMPTS = 10
WORKERS = 8
_ANSWER_BYTES_READ = 64 * 1024
_ANSWER_CHARACTERS_KEPT = 500

logger = logging.getLogger(__name__)


@functools.cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes longer than all the rest of the start.
    return ssl.create_default_context()


def _new_key() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Job:
    """One thing to deliver. `body` was made once and is sent unchanged each time.

    `due` is in virtual epoch seconds. `copies` requests are made per attempt.
    """

    kind: str
    tx_ref: str
    event: str
    url: str
    due: float
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    forged: bool = False
    copies: int = 1
    concurrent: bool = False
    maximum_attempts: int = MAXIMUM_ATTEMPTS
    attempts: int = 0
    key: str = field(default_factory=_new_key)


class Dispatcher:
    """Delivers jobs when the virtual clock reaches them, never in the thread that asked."""

    def __init__(self, *, store: Store, clock: VirtualClock) -> None:
        self._store = store
        self._clock = clock
        self._client = httpx.Client(
            # A fresh connection each time: a pooled one may belong to a shop that has restarted.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            verify=_tls(),
            headers={"user-agent": "chapa-simulator", "accept": "*/*"},
        )
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._in_flight = 0
        self._stopping = False
        for document in store.load_jobs():
            self._push(Job(**document))
        self._workers = [
            threading.Thread(target=self._work, name=f"delivery-{number}", daemon=True)
            for number in range(WORKERS)
        ]

    def start(self) -> None:
        """Begin delivering, first of all what an earlier process left unfinished."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop within a moment; what is unfinished stays in the store for the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + 0.5
        for worker in self._workers:
            if worker.is_alive():
                worker.join(max(0.0, deadline - time.monotonic()))
        self._client.close()

    def record(self, job: Job) -> None:
        """Keep a job, without releasing it; part of the caller's store transaction."""
        self._store.save_job(job.key, asdict(job))

    def release(self, job: Job) -> None:
        """Let the workers have a recorded job."""
        with self._changed:
            self._push(job)
            self._changed.notify_all()

    def next_due(self) -> float | None:
        """When the earliest waiting job is due, in virtual epoch seconds."""
        with self._changed:
            return self._heap[0][0] if self._heap else None

    def pending(self) -> list[dict[str, Any]]:
        """Every job that waits for its next attempt, soonest first."""
        with self._changed:
            waiting = sorted(self._heap)
        return [
            {
                "kind": job.kind,
                "tx_ref": job.tx_ref,
                "event": job.event,
                "url": job.url,
                "attempts": job.attempts,
                "next_attempt_at": timestamp(due),
            }
            for due, _, job in waiting
        ]

    def wait_until_settled(self, timeout: float) -> bool:
        """Wait (real seconds) until nothing is being sent or due; False if it took longer."""
        with self._changed:
            self._changed.notify_all()
            return self._changed.wait_for(self._settled, timeout)

    def _settled(self) -> bool:
        due = bool(self._heap) and self._heap[0][0] <= self._clock.now()
        return self._stopping or (self._in_flight == 0 and not due)

    def _push(self, job: Job) -> None:
        heapq.heappush(self._heap, (job.due, next(self._order), job))

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                self._attempt(job)
            except StoreError:
                logger.info("%s for %s was cut off by the shutdown", job.kind, job.tx_ref)
            finally:
                with self._changed:
                    self._in_flight -= 1
                    self._changed.notify_all()

    def _take(self) -> Job | None:
        with self._changed:
            while not self._stopping:
                wait = self._heap[0][0] - self._clock.now() if self._heap else None
                if wait is not None and wait <= 0:
                    self._in_flight += 1
                    return heapq.heappop(self._heap)[2]
                # A long wait is cut up, in case the machine's own clock is set.
                self._changed.wait(None if wait is None else min(wait, 60.0))
            return None

    def _attempt(self, job: Job) -> None:
        started = self._clock.now()
        job = replace(job, attempts=job.attempts + 1)
        if job.attempts > 1 or job.copies == 1:
            delivered = self._send(job, copy=1)
        elif job.concurrent:
            delivered = self._send_together(job)
        else:
            results = [self._send(job, copy=copy) for copy in range(1, job.copies + 1)]
            delivered = all(results)
        if delivered or job.attempts >= job.maximum_attempts:
            self._store.delete_job(job.key)
            return
        job = replace(job, due=started + RETRY_SECONDS)
        self._store.save_job(job.key, asdict(job))
        self.release(job)

    def _send_together(self, job: Job) -> bool:
        results: list[bool] = []
        gate = threading.Barrier(job.copies)

        def send(copy: int) -> None:
            gate.wait()
            results.append(self._send(job, copy=copy))

        threads = [
            threading.Thread(target=send, args=(copy,), daemon=True)
            for copy in range(1, job.copies + 1)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(results) == job.copies and all(results)

    def _send(self, job: Job, *, copy: int) -> bool:
        sent_at = self._clock.now()
        started = time.perf_counter()
        status, answer, error = self._exchange(job)
        latency = round((time.perf_counter() - started) * 1000, 1)
        document = {
            "kind": job.kind,
            "tx_ref": job.tx_ref,
            "event": job.event,
            "attempt": job.attempts,
            "copy": copy,
            "forged": job.forged,
            "at": timestamp(sent_at),
            "method": job.method,
            "url": job.url,
            "headers": job.headers,
            "body": job.body,
            "response_status": status,
            "response_body": answer,
            "latency_ms": latency,
            "error": error,
        }
        self._store.add_delivery(job.tx_ref, job.kind, document)
        outcome = status if status is not None else error
        logger.info("%s %s %s -> %s (%s ms)", job.kind, job.event, job.tx_ref, outcome, latency)
        return status == 200

    def _exchange(self, job: Job) -> tuple[int | None, str, str | None]:
        if is_real_chapa(job.url):
            return None, "", "refused: a simulator never calls the real Chapa"
        deadline = time.monotonic() + TIMEOUT_SECONDS
        content = job.body.encode() if job.method == "POST" else None
        try:
            with self._client.stream(
                job.method, job.url, headers=job.headers, content=content
            ) as response:
                received = b""
                for chunk in response.iter_raw():
                    received += chunk
                    if len(received) >= _ANSWER_BYTES_READ or time.monotonic() > deadline:
                        break
                answer = received.decode("utf-8", "replace")[:_ANSWER_CHARACTERS_KEPT]
                return response.status_code, answer, None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            return None, "", f"{type(error).__name__}: {error}"[:300]
        except RuntimeError as error:
            # The client was closed under a request by `stop`.
            return None, "", f"aborted: {error}"
