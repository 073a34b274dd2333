"""The shop with two doors that do tell who is known: the control of `benchmarks.enumeration`.

Served only by that benchmark, on a port of its own. To strangers `forgot` gives no job, `login` no hash.
"""

# ruff: noqa: I001
from __future__ import annotations

from typing import Any

from ecommerce.wsgi import application as application  # first: it makes Django ready

from account import services, sessions
from account.models import User
from common.ids import uuid7
from common.jobs import enqueue

_sign_in = sessions.sign_in


def _sign_in_early(**credentials: Any) -> Any:
    if not User.objects.with_email(credentials["email"]).exists():
        raise sessions._wrong(None)
    return _sign_in(**credentials)


def _write_to_known(email: str, task: str) -> None:
    found = User.objects.with_email(email).values_list("pk", flat=True).first()
    if found is not None:
        enqueue(task, user_id=found, occasion=str(uuid7()))


sessions.sign_in = _sign_in_early
services._write_to = _write_to_known
