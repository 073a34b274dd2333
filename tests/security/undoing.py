"""Trying what would change the world, and having it undone; and what of the world a request changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

from django.apps import apps
from django.db import connection, transaction

# What a request may leave behind although it was refused: that somebody was here.
_TRACES = {
    "audit_auditentry", "django_session", "common_ratecounter", "common_spend", "django_migrations",
    "django_content_type", "auth_permission",
}  # fmt: skip
_TRACE_COLUMNS = ["last_used_at", "last_used_address", "reply_seen"]


def state() -> dict[str, str]:
    """A digest of every row of every table, but for the traces that a refused request may leave."""
    tables = sorted(set(connection.introspection.table_names()) - _TRACES)
    digest = (
        "SELECT '{0}' AS name, md5(coalesce(string_agg(md5((to_jsonb(t) - %s::text[])::text), ''"
        " ORDER BY md5((to_jsonb(t) - %s::text[])::text)), '')) AS sum FROM \"{0}\" t"
    )
    parts = " UNION ALL ".join(digest.format(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(parts, [_TRACE_COLUMNS] * (2 * len(tables)))
        return dict(cursor.fetchall())


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens in here is rolled back, and may believe that it committed."""
    block = transaction.atomic()
    block._from_testcase = True  # a durable transaction may begin in it, as in Django's own tests
    with block:
        yield
        transaction.set_rollback(True)


@contextmanager
def conversations_in_a_transaction() -> Iterator[None]:
    """Lets verbs that talk to the gateway run inside the test's transaction, which is rolled back."""
    ours = {config.name for config in apps.get_app_configs()}
    with ExitStack() as patches:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in ours and hasattr(module, "refuse_transaction"):
                patches.enter_context(
                    mock.patch.object(module, "refuse_transaction", return_value=None)
                )
        yield
