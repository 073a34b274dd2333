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
max_requests = 20_000
max_requests_jitter = 2_000
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
