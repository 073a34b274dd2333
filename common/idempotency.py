"""`Idempotency-Key`: a repeated call gives the first answer again, and does nothing twice.

`@idempotent` on a view's method opens the one durable transaction of the request:

    advisory lock on the key (busy: 409) -> stored reply? replay it -> the verb -> store the reply's bytes -> commit

Work and reply commit together: there is no lease that could be left behind by a killed process, and no moment at which the
work is done but the reply is not. The same transaction is the retry boundary for deadlocks and serialization failures.
Sources: draft-ietf-httpapi-idempotency-key-header-07 for the codes.
"""

from __future__ import annotations

import functools
import hashlib
import random
import re
import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Conflict, Invalid, Kind, Refusal
from common.json import dumps
from common.models import StoredReply
from common.transactions import has_written

ATTEMPTS = 4
RETRYABLE = {"40001", "40P01"}  # serialization failure, deadlock
HONOURS_KEY = "honours_idempotency_key"  # tells the OpenAPI document which methods do
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_HEX = re.compile(r"[0-9a-fA-F-]+")

Reveal = Callable[[bytes], bytes]


class InvalidKey(Invalid):
    """The key is empty, too long, or (for guests, whose key is all that protects the reply) guessable."""

    code = "invalid_idempotency_key"
    title = "Invalid Idempotency-Key"


class KeyInUse(Conflict):
    """A call with this key is still running."""

    code = "idempotency_key_in_use"
    title = "A call with this Idempotency-Key is still running"


class KeyReused(Refusal):
    """The key was used before with another body."""

    kind = Kind.KEY_REUSED
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used with another request body"


def read_key(request: Request) -> str | None:
    """The request's Idempotency-Key, if any.

    Raises:
        InvalidKey: malformed, or an anonymous caller's key that cannot hold 128 random bits.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidKey("A key is 1 to 255 visible ASCII characters.")
    if not request.user.is_authenticated and not _could_be_random(key):
        raise InvalidKey(
            "Without signing in, a key needs 128 random bits: 32 hexadecimal digits, or a UUID."
        )
    return key


def _could_be_random(key: str) -> bool:
    bits = 4 if _HEX.fullmatch(key) else 6
    return len(key.replace("-", "")) * bits >= 128 and len(set(key)) >= 8


def principal(request: Request) -> str:
    """Whose an Idempotency-Key is: a user's, a program's, a guest token's holder's, or (by its own secrecy) nobody's."""
    if request.user.is_authenticated:
        program: str = getattr(request.user, "principal", "")  # an API key's; people have none
        return program or f"user:{request.user.pk}"
    if token := request.headers.get("X-Order-Token", ""):
        return "order:" + hashlib.sha256(token.encode()).hexdigest()[:32]
    if token := request.headers.get("X-Cart-Token", ""):
        return "cart:" + hashlib.sha256(token.encode()).hexdigest()[:32]
    return "anonymous"


def scope_of(request: Request) -> str:
    """Principal, method and path; hashed when long."""
    scope = f"{principal(request)} {request.method} {request.path}"
    return scope if len(scope) <= 200 else hashlib.sha256(scope.encode()).hexdigest()


def fingerprint_of(request: Request) -> str:
    """SHA-256 of the parsed body, so that white space and the order of fields do not matter."""
    canonical = _canonical(request.data)
    return hashlib.sha256(dumps(canonical)).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value


def stored_reply(scope: str, key: str, fingerprint: str) -> StoredReply | None:
    """The reply stored under a key within the last 24 hours.

    Raises:
        KeyReused: it answered another body.
    """
    found = StoredReply.objects.filter(scope=scope, key=key).first()
    if found is not None and found.created_at < timezone.now() - StoredReply.KEPT_FOR:
        found.delete()
        return None
    if found is not None and found.fingerprint != fingerprint:
        raise KeyReused("Use a new key for a new request.")
    return found


def replay(reply: StoredReply, reveal: Reveal | None = None) -> HttpResponse:
    """The stored reply as an answer, marked as a repetition."""
    body = bytes(reply.body)
    response = _answer(reply.status, reveal(body) if reveal else body)
    response["Idempotency-Replayed"] = "true"
    return response


def _answer(status: int, body: bytes) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def try_lock(scope: str, key: str) -> bool:
    """Take the key for the rest of this transaction, or return False at once when it is taken."""
    digest = hashlib.sha256(f"{scope}\0{key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    return bool(row[0])


def with_retries(work: Callable[[], Any]) -> Any:
    """Run one whole transaction, again after a deadlock or serialization failure: at most 4 times, with jitter.

    A refusal that comes before anything was written ends its transaction by COMMIT. A ROLLBACK makes psycopg forget all
    that this connection has prepared, and planning the question "is it sold out?" takes longer than answering it.
    """
    for attempt in range(1, ATTEMPTS + 1):
        refusal: Refusal | None = None
        try:
            with transaction.atomic(durable=True):
                try:
                    return work()
                except Refusal as refused:
                    if has_written():
                        raise
                    refusal = refused
            raise refusal
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in RETRYABLE or attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311
    raise AssertionError("unreachable")


def honours_key(method: Any) -> Any:
    """Say in the OpenAPI document that this method honours Idempotency-Key; the decorators below do so themselves."""
    setattr(method, HONOURS_KEY, True)
    return method


def idempotent(*, reveal: Reveal | None = None) -> Callable[[Any], Any]:
    """Make a view's POST method one transaction that honours Idempotency-Key.

    The method returns a DRF Response with JSON data. Only a success is stored; anything else undoes what was done.

    Args:
        reveal: applied to the stored bytes on the way out, at first and at every replay; it adds what must not be stored
            (an order token), and must give equal bytes for equal input.
    """

    def decorate(method: Callable[..., Response]) -> Callable[..., HttpResponse]:
        @functools.wraps(method)
        def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            key = read_key(request)
            scope, fingerprint = scope_of(request), fingerprint_of(request) if key else ""

            def work() -> HttpResponse:
                if key is not None:
                    if not try_lock(scope, key):
                        raise KeyInUse("Wait for the first call to end.", retry_after=1)
                    if (found := stored_reply(scope, key, fingerprint)) is not None:
                        return replay(found, reveal)
                response = method(view, request, *args, **kwargs)
                body = dumps(response.data)
                if response.status_code >= 400:
                    transaction.set_rollback(True)
                elif key is not None:
                    StoredReply.objects.create(
                        scope=scope, key=key, fingerprint=fingerprint,
                        status=response.status_code, body=body,
                    )  # fmt: skip
                return _answer(response.status_code, reveal(body) if reveal else body)

            answer: HttpResponse = with_retries(work)
            return answer

        honours_key(wrapper)
        return wrapper

    return decorate


def idempotent_conversation(method: Callable[..., Response]) -> Callable[..., HttpResponse]:
    """Make a view's POST method honour Idempotency-Key where its verb is a conversation with a gateway.

    Such a verb cannot share one transaction with its reply, so the key is also unique on the row that the verb commits
    first (`conversation_key`): a repetition resumes that row, and one that comes too early is refused there with `KeyInUse`.
    The reply is stored afterwards; whoever stores first has said what all repetitions get.
    """

    @functools.wraps(method)
    def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = read_key(request)
        if key is not None:
            scope, fingerprint = scope_of(request), fingerprint_of(request)
            if (found := stored_reply(scope, key, fingerprint)) is not None:
                return replay(found)
        response = method(view, request, *args, **kwargs)
        body = dumps(response.data)
        if key is not None and 200 <= response.status_code < 300:
            StoredReply.objects.bulk_create(
                [
                    StoredReply(
                        scope=scope,
                        key=key,
                        fingerprint=fingerprint,
                        status=response.status_code,
                        body=body,
                    )
                ],
                ignore_conflicts=True,
            )
            first = stored_reply(scope, key, fingerprint)
            if first is not None and bytes(first.body) != body:
                return replay(first)
        return _answer(response.status_code, body)

    honours_key(wrapper)
    return wrapper


def conversation_key(request: Request) -> str | None:
    """The request's key for a conversation's row: SHA-256 of scope and key, or None without a key."""
    key = read_key(request)
    if key is None:
        return None
    return hashlib.sha256(f"{scope_of(request)}\0{key}".encode()).hexdigest()
