"""Is the process alive, and may it be sent requests? For platforms, supervisors and people."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from common.json import dumps
from common.problems import problem

WORKER_SECONDS = 60  # a worker sends a heartbeat every ten seconds
RETRY_SECONDS = 2

_migrated = False


def livez(request: HttpRequest) -> HttpResponse:
    """200 while this process can answer. It asks nobody else: a sick database restarts no web."""
    return _refuse_method(request) or _ok({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and is migrated (`?worker=1`: and a worker lives); else 503."""
    if refused := _refuse_method(request):
        return refused
    wanted = ["database", "migrations"]
    if request.GET.get("worker") == "1":
        wanted.append("worker")
    checks: dict[str, str] = {}
    for name in wanted:
        complaint = _CHECKS[name]()
        if complaint:
            code = f"{name}_not_ready"
            answer = problem(
                503,
                "not_ready",
                complaint,
                errors=[{"field": name, "code": code, "detail": complaint}],
                retry_after=RETRY_SECONDS,
            )
            # Django logs every 503 as an error of ours; "not yet" is an answer, asked for each
            # second.
            answer._has_been_logged = True  # type: ignore[attr-defined]
            return answer
        checks[name] = "ok"
    return _ok({"status": "ready", "checks": checks})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return "The database does not answer."
    return ""


def _migrations() -> str:
    """Once all are applied they stay so for the life of this process, and looking is costly."""
    global _migrated
    if _migrated:
        return ""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (OperationalError, InterfaceError):
        return "The database does not answer."
    _migrated = not plan
    return "" if _migrated else f"{len(plan)} migrations are not applied."


def _worker() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM procrastinate_workers"
                " WHERE last_heartbeat > now() - make_interval(secs => %s))",
                [WORKER_SECONDS],
            )
            alive: bool = cursor.fetchone()[0]
    except (OperationalError, InterfaceError):
        return "The database does not answer."
    return "" if alive else f"No worker has sent a heartbeat for {WORKER_SECONDS} seconds."


_CHECKS = {"database": _database, "migrations": _migrations, "worker": _worker}


def _refuse_method(request: HttpRequest) -> HttpResponse | None:
    if request.method in {"GET", "HEAD"}:
        return None
    response = problem(405, "method_not_allowed", "Only GET is possible here.")
    response["Allow"] = "GET, HEAD"
    return response


def _ok(body: dict[str, object]) -> HttpResponse:
    response = HttpResponse(dumps(body), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response
