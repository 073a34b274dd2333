"""What settings.py needs to know of the world, and the refusals that keep production safe."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import dj_database_url
import dj_email_url
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from events import sms

LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}
CHAPA_HOST = "api.chapa.co"
SECRET_KEY_CHARACTERS = 32  # Render's generated values have 44

# The API itself needs nothing; documentation, admin and our own pages use only our own files.
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match",
    "x-cart-token", "x-order-token", "x-request-id",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "etag", "idempotency-replayed", "location", "ratelimit-limit", "ratelimit-policy",
    "ratelimit-remaining", "ratelimit-reset", "retry-after", "x-request-id",
]  # fmt: skip
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],  # Swagger UI and Redoc write style attributes
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],  # Redoc searches in a worker
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the program with the complaint alone where the environment is at fault: a traceback would bury it."""
    try:
        yield
    except (ImproperlyConfigured, EnvError) as error:
        sys.exit(f"Nexus cannot start: {error}")


def local_secret_key(data_dir: Path) -> str:
    """The development secret: made once, kept in the data folder with mode 0600.

    Two processes that start at the same moment agree on one key: the file is written aside and linked, and the loser
    of that race reads the winner's.
    """
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f".secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def origins(address: str) -> list[str]:
    """The web origin of an address, as the lists of trusted origins hold it; none for an empty address."""
    parts = urlsplit(address)
    return [f"{parts.scheme}://{parts.netloc}"] if address else []


def database(url: str, *, data_dir: Path, conn_max_age: int) -> dict[str, Any]:
    """Django's DATABASES entry: the embedded PostgreSQL, or the server that `url` names.

    SSL is required unless the host is local or the URL says otherwise (`?sslmode=...`).
    """
    options = {
        "connect_timeout": 5,
        # Nothing is prepared because it is asked often: catalog/reads says what is, and its plans are the same whatever the
        # parameters are. None, Django's default, would forbid even that.
        "prepare_threshold": 2**31,
        # No parallel plans: with as many requests as processor cores they only take the cores from each other.
        "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c plan_cache_mode=force_generic_plan"
        " -c max_parallel_workers_per_gather=0 -c idle_in_transaction_session_timeout=60000",
    }
    common = {
        "CONN_MAX_AGE": conn_max_age,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # a transaction pooler may stand between
    }
    if not url:
        return {
            "ENGINE": "common.postgres",
            "NAME": "nexus",
            "DATA_DIR": str(data_dir / "postgres"),
            "OPTIONS": options,
            **common,
        }
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
    if "postgresql" not in config.get("ENGINE", ""):
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgres://...")
    given = config.get("OPTIONS", {})
    host = str(given.get("host", config["HOST"]))
    if host not in LOCAL_HOSTS and not host.startswith("/") and "sslmode" not in given:
        given["sslmode"] = "require"
    return {**config, **common, "OPTIONS": {**options, **given}}


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Django's CACHES: Redis or Valkey where there is one, and a cache of each process otherwise."""
    if not redis_url:
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    if urlsplit(redis_url).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured("REDIS_URL must be redis://, rediss:// or unix://.")
    return {"default": {"BACKEND": "common.cache.PatientRedisCache", "LOCATION": redis_url}}


def email(url: str, *, production: bool) -> dict[str, Any]:
    """Django's EMAIL_* settings out of EMAIL_URL; in development letters are files, see `events`."""
    if not url:
        backend = "smtp.EmailBackend" if production else "dummy.EmailBackend"
        return {"EMAIL_BACKEND": f"django.core.mail.backends.{backend}"}
    config = dj_email_url.parse(url)
    return {
        key: value
        for key, value in config.items()
        if key.startswith("EMAIL_") and key not in {"EMAIL_FILE_PATH"}
    }


def sms_url(url: str, *, production: bool) -> str:
    """SMS_URL as it was given, once it is known to make sense.

    Raises:
        ImproperlyConfigured: without repeating it, as it may hold a password.
    """
    try:
        gateway = sms.parse(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"SMS_URL cannot be used: {error}.") from None
    if production and gateway.kind == "console":
        raise ImproperlyConfigured("SMS_URL=console: is for development only: it shows codes.")
    return url


def media_storage(url: str, *, production: bool) -> dict[str, Any]:
    """Where uploaded files live: the data folder, the folder of `file:///path`, or an S3-compatible store.

    `s3://key:secret@host/bucket/prefix?region=..&base_url=https://cdn..`; without a host, Amazon's. Key and secret are
    percent-encoded. `s3+http://` is for a store on this machine; in development for any.

    Raises:
        ImproperlyConfigured: without repeating the address, as it holds a secret.
    """
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    try:
        parts = _parts(url)
        if parts.scheme in {"s3", "s3+http"}:
            return _object_storage(parts, production=production)
    except ValueError as error:
        raise ImproperlyConfigured(f"MEDIA_STORAGE_URL cannot be used: {error}.") from None
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ImproperlyConfigured(
            "MEDIA_STORAGE_URL must be empty, file:///an/absolute/folder or s3://key:secret@host/bucket."
        )
    options: dict[str, Any] = {"location": unquote(parts.path)}
    if base := parse_qs(parts.query).get("base_url"):
        options["base_url"] = base[0]
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


def _parts(url: str) -> SplitResult:
    """The parts of an address. The library's own complaint would repeat it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("its host or port is none (percent-encode key and secret)") from None
    return parts


def _object_storage(parts: SplitResult, *, production: bool) -> dict[str, Any]:
    """Django's STORAGES entry of an S3-compatible store; ValueError with half a sentence that holds no secret."""
    host, port = parts.hostname or "", parts.port
    bucket, _, prefix = unquote(parts.path).strip("/").partition("/")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := set(query) - {"region", "base_url"}:
        raise ValueError(f"it knows region and base_url, not {', '.join(sorted(unknown))}")
    if not (parts.username and parts.password):
        raise ValueError("it names no key and secret: s3://key:secret@host/bucket")
    if not bucket:
        raise ValueError("it names no bucket: s3://key:secret@host/bucket")
    plain = parts.scheme == "s3+http"
    if plain and production and host not in LOCAL_HOSTS - {""}:
        raise ValueError(
            "s3+http:// is for a store on this machine; elsewhere use s3://, which is encrypted"
        )
    region = query.get("region", "us-east-1")
    address = f"[{host}]" if ":" in host else host
    authority = f"{address}:{port}" if port else address
    endpoint = f"http{'' if plain else 's'}://{authority}" if host else ""
    own_place = f"{endpoint}/{bucket}" if host else f"https://{bucket}.s3.{region}.amazonaws.com"
    base_url = query.get("base_url", "").rstrip("/") or "/".join(filter(None, (own_place, prefix)))
    if urlsplit(base_url).scheme not in (
        {"https"} if production and not plain else {"http", "https"}
    ):
        raise ValueError("base_url must be an https:// address")
    return {
        "BACKEND": "ecommerce.storage.ObjectStorage",
        "OPTIONS": {
            "access_key": unquote(parts.username),
            "secret_key": unquote(parts.password),
            "bucket_name": bucket,
            "location": prefix,
            "region_name": region,
            "endpoint_url": endpoint or None,
            "path_style": bool(host),
            "base_url": base_url,
        },
    }


def content_security_policy(storage: Mapping[str, Any]) -> dict[str, Any]:
    """The policy of our own pages, which show pictures from where they are stored."""
    pictures = origins(storage.get("OPTIONS", {}).get("base_url", ""))
    directives = dict(CONTENT_SECURITY_POLICY["DIRECTIVES"])
    directives["img-src"] = [*directives["img-src"], *(one for one in pictures if one != "://")]
    return {"DIRECTIVES": directives}


def password_validators(min_length: int) -> list[dict[str, Any]]:
    """What every new password is checked against; NIST 800-63B-4: no rules of composition.

    Raises:
        ImproperlyConfigured: eight characters are the least that NIST allows with a second factor, and 64 must be allowed.
    """
    if not 8 <= min_length <= 64:
        raise ImproperlyConfigured("PASSWORD_MIN_LENGTH must be between 8 and 64 characters.")
    rules = "account.password_rules"
    return [
        {"NAME": f"{rules}.LengthRule", "OPTIONS": {"min_length": min_length}},
        {"NAME": f"{rules}.BlocklistRule"},
        {"NAME": f"{rules}.ContextRule"},
    ]


def refuse_unsafe_production(settings: Mapping[str, Any]) -> None:
    """Raise ImproperlyConfigured, with one sentence that names the variable, for the first unsafe setting."""
    for complaint in _complaints(settings):
        raise ImproperlyConfigured(complaint)


def _complaints(s: Mapping[str, Any]) -> list[str]:
    found = []
    if len(s["SECRET_KEY"]) < SECRET_KEY_CHARACTERS or len(set(s["SECRET_KEY"])) < 10:
        found.append(
            f"SECRET_KEY must be set to at least {SECRET_KEY_CHARACTERS} random characters."
        )
    if not s["ALLOWED_HOSTS"]:
        found.append("ALLOWED_HOSTS must name the host names this shop answers to.")
    if not s["PUBLIC_URL"]:
        found.append("PUBLIC_URL must be the address of this shop, such as https://shop.example.")
    if not s["RATE_LIMITS"]:
        found.append("RATE_LIMITS=off is for development only.")
    found += _chapa_complaints(s)
    return found


def _chapa_complaints(s: Mapping[str, Any]) -> list[str]:
    found = []
    key, public, mode = s["CHAPA_SECRET_KEY"], s["CHAPA_PUBLIC_KEY"], s["CHAPA_MODE"]
    if mode not in {"live", "test"}:
        found.append("CHAPA_MODE must be live or test.")
    address = urlsplit(s["CHAPA_BASE_URL"])
    if address.scheme != "https" or address.hostname != CHAPA_HOST:
        found.append(
            f"CHAPA_BASE_URL must be https://{CHAPA_HOST}/v1: a simulator is for development only."
        )
    if not s["CHAPA_WEBHOOK_SECRET"]:
        found.append("CHAPA_WEBHOOK_SECRET must be the secret hash set in Chapa's dashboard.")
    if not key:
        found.append("CHAPA_SECRET_KEY must be the secret key from Chapa's dashboard.")
    elif key.startswith("CHASECK_TEST-SIM"):
        found.append("CHAPA_SECRET_KEY is a simulator's key: that is for development only.")
    for name, value in (("CHAPA_SECRET_KEY", key), ("CHAPA_PUBLIC_KEY", public)):
        if value and mode == "live" and is_test_key(value):
            found.append(f"{name} is a test key: set CHAPA_MODE=test to run a demonstration shop.")
        if value and mode == "test" and not is_test_key(value):
            found.append(f"{name} is a live key, but CHAPA_MODE is test.")
    return found


def is_test_key(key: str) -> bool:
    """Whether a Chapa key belongs to test mode (`CHASECK_TEST-…`, `CHAPUBK_TEST-…`)."""
    return key.upper().startswith(("CHASECK_TEST-", "CHAPUBK_TEST-"))
