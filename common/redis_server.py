"""The one Redis or Valkey of this shop (`REDIS_URL`): nothing waits for it, and nothing breaks without it.

Connecting and answering have a quarter of a second each. After a failure nobody asks for five seconds; then one call
tries again while the others go on without it.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds for a connection, and for an answer
PAUSE = 5.0  # seconds without a question after a failure
ERRORS = (redis.RedisError, OSError)
Answer = TypeVar("Answer")


class Turn(Enum):
    """What a caller does about the server."""

    ASK = "ask"
    TRY = "try whether it is back"
    GO_ON_WITHOUT = "go on without"


class Breaker:
    """Remembers whether the server is worth asking; shared by the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._broken = False
        self._ask_again_at = 0.0

    def reset(self) -> None:
        """Forget what was wrong."""
        with self._lock:
            self._broken = False

    def turn(self) -> Turn:
        """Whether to ask now. While broken, one caller in every `PAUSE` gets a trial."""
        with self._lock:
            if not self._broken:
                return Turn.ASK
            now = time.monotonic()
            if now < self._ask_again_at:
                return Turn.GO_ON_WITHOUT
            self._ask_again_at = now + PAUSE
            return Turn.TRY

    def failed(self, error: BaseException) -> None:
        """The server did not answer as it should."""
        with self._lock:
            news = not self._broken
            self._broken = True
            self._ask_again_at = time.monotonic() + PAUSE
        if news:
            log.warning("Redis does not answer (%s); going on without it", type(error).__name__)

    def mended(self) -> None:
        """The trial succeeded."""
        with self._lock:
            self._broken = False
        log.warning("Redis answers again")


BREAKER = Breaker()


def options() -> dict[str, Any]:
    """How this house connects: it neither waits long nor tries twice."""
    return {
        "socket_connect_timeout": PATIENCE,
        "socket_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "protocol": 2,
    }


@functools.lru_cache(maxsize=4)
def client(url: str) -> redis.Redis:
    """This process's client of that server; its connections are shared by the threads."""
    return redis.Redis.from_url(url, **options())


def ask(question: Callable[[redis.Redis], Answer]) -> Answer | None:
    """The answer of the server at REDIS_URL, or None when it is away, slow or failing."""
    return guarded(lambda: question(client(settings.REDIS_URL)), None)


def guarded(work: Callable[[], Answer], otherwise: Answer) -> Answer:
    """What `work` finds at the server, or `otherwise` when the server is away, slow or failing."""
    turn = BREAKER.turn()
    if turn is Turn.GO_ON_WITHOUT:
        return otherwise
    try:
        answer = work()
    except ERRORS as error:
        BREAKER.failed(error)
        return otherwise
    if turn is Turn.TRY:
        BREAKER.mended()
    return answer
