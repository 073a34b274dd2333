"""What operators watch: gauges in the text format of Prometheus, from the last examination and a few counts.

Runner-up of prometheus-client: django-prometheus, which counts requests in each process; behind several processes without a
shared folder its figures are of whichever answered. Ours are the database's, and the same whoever answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from reporting.doctor import INVARIANTS, examine
from reporting.models import Examination

KEPT = 30  # days

# Small by nature, or with an index that knows only these rows.
_COUNTS = """
    SELECT 'orders_waiting_for_money', count(*) FROM orders_order WHERE status = 'pending'
     UNION ALL
    SELECT 'payments_open', count(*) FROM payments_payment WHERE status IN ('pending', 'review')
     UNION ALL
    SELECT 'letters_waiting', count(*) FROM events_letter WHERE sent_at IS NULL
     UNION ALL
    SELECT 'jobs_waiting', count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()
     UNION ALL
    SELECT 'jobs_failed', count(*) FROM procrastinate_jobs WHERE status = 'failed'
"""
_HELP = {
    "orders_waiting_for_money": "Orders that are placed and not paid.",
    "payments_open": "Payments whose outcome is not known yet, or that a person must look at.",
    "letters_waiting": "Letters that have not left.",
    "jobs_waiting": "Jobs whose time has come.",
    "jobs_failed": "Jobs that gave up.",
}


def keep_examination() -> Examination:
    """Examine the shop and write down what was found, for `exposition`."""
    began = timezone.now()
    found = Counter(violation.invariant for violation in examine())
    with transaction.atomic():
        Examination.objects.filter(ended_at__lt=began - timedelta(days=KEPT)).delete()
        return Examination.objects.create(
            began_at=began, ended_at=timezone.now(), violations=dict(found)
        )


def exposition() -> bytes:
    """The gauges, as Prometheus reads them. Two statements."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shop())
    return generate_latest(registry)


class _Shop:
    """Collected when asked: nothing is remembered between two readings."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        last = Examination.objects.order_by("-ended_at").first()
        if last is not None:
            broken = GaugeMetricFamily(
                "nexus_invariant_violations",
                "Violations that the last examination found; see `manage.py doctor`.",
                labels=["invariant"],
            )
            for invariant in INVARIANTS:
                broken.add_metric([invariant], last.violations.get(invariant, 0))
            yield broken
            yield GaugeMetricFamily(
                "nexus_examined_timestamp_seconds",
                "When the last examination ended.",
                value=last.ended_at.timestamp(),
            )
            yield GaugeMetricFamily(
                "nexus_examination_seconds",
                "How long it took.",
                value=(last.ended_at - last.began_at).total_seconds(),
            )
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS)
            for name, number in cursor.fetchall():
                yield GaugeMetricFamily(f"nexus_{name}", _HELP[name], value=number)
