"""How gunicorn serves Nexus; every value can be overridden on its command line."""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecommerce.settings")

from django.conf import settings

from ecommerce.guards import one_sentence

# Reading the settings here, before any worker starts, refuses an unsafe production with one sentence.
with one_sentence():
    bind = f"{'0.0.0.0' if settings.PRODUCTION else '127.0.0.1'}:{settings.PORT}"  # noqa: S104

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 200_000
max_requests_jitter = 20_000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# Each worker opens its own database connections, after the fork.
preload_app = False

# Django decides whom to believe (TRUSTED_PROXY_HOPS); gunicorn believes nobody.
forwarded_allow_ips = ""

# Addresses carry tokens, and the edge logs requests anyway. Errors have their own log lines with a request id.
accesslog = None
errorlog = "-"
loglevel = "warning"

# Nobody asked for a second way in.
control_socket_disable = True

# Addresses as long as gunicorn takes them: what is longer gets its own 414, which is no problem+json.
limit_request_line = 8190

# What gunicorn discards of a body that nobody read, to use the connection again.
_DISCARDED_BYTES = 65_536


def pre_request(worker, req):  # type: ignore[no-untyped-def]
    """Announce that a connection with a large body will be closed.

    A refused body (401, 413) stays unread. Beyond its limit gunicorn then closes the connection, and would do so after it
    announced keep-alive: the client's next request would be lost.
    """
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "")
    if "TRANSFER-ENCODING" in headers or (length.isdigit() and int(length) >= _DISCARDED_BYTES):
        req.force_close()
