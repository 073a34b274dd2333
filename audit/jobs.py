"""Jobs act as the system, each under its own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from procrastinate import JobContext

from audit import context, injection, services


def audited(call_next: Callable[[], Any], job: JobContext, worker: Any) -> Any:
    """Around each job of a worker: what it writes is written by the system, with the job's name."""
    injection.install_here()
    with context.acting(kind="system", name=job.job.task_name) as ambient:
        try:
            return call_next()
        finally:
            services.write_deferred(ambient)
