"""How Nexus logs: one line per event, with the request's id, never a token or a key."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from common.http import current_request_id

_SECRETS = re.compile(
    r"""
      (?P<kind> CHA(?:SECK|PUBK)(?:_TEST)?- | Bearer\s+ | eyJ ) [\w\-.~+/=]{6,}
    | (?P<name> (?:token|secret|password|(?<![a-z])key)\d?\\?["']?\s*[=:]\s* )
      (?: \\"(?:(?!\\").)* | "(?:\\.|[^"\\])* | '(?:\\.|[^'\\])* | [^\s"'\\,;&)\]}]{6,} )
    | (?P<login> ://[^/\s:@]*: ) [^@\s/]+ (?=@)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact(text: str) -> str:
    """Blank what looks like a key, a token or a password."""
    return _SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}[redacted]", text)


class RequestIdFilter(logging.Filter):
    """Give every record the id of the request it was written for (or `-`)."""

    def filter(self, record: logging.LogRecord) -> bool:
        meta = getattr(getattr(record, "request", None), "META", {})
        record.request_id = current_request_id() or meta.get("nexus.request_id") or "-"
        return True


class LineFormatter(logging.Formatter):
    """For people: time, level, logger, request, message."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """For machines: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def logging_config(*, json_lines: bool) -> dict[str, Any]:
    """Django's LOGGING: everything to stderr, as JSON lines in production."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "ecommerce.logs.RequestIdFilter"}},
        "formatters": {
            "json": {"()": "ecommerce.logs.JsonFormatter"},
            "line": {
                "()": "ecommerce.logs.LineFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["request_id"],
                "formatter": "json" if json_lines else "line",
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "django.request": {"level": "ERROR"},
            # Anybody can send any Host header; the answer is a 400 and needs no traceback.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # It cuts the body of each answer to a HEAD, and would say so each time.
            "gunicorn.http.wsgi": {"level": "ERROR"},
            "procrastinate": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
        },
    }


def report_errors(dsn: str) -> None:
    """Send unexpected errors to Sentry: no bodies, no local variables, nothing about people."""
    import sentry_sdk  # costs memory and start-up time only where it is wanted

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
    )
