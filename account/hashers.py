"""Argon2id, sized for a machine with 512 MB."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import unicodedata
from collections.abc import Iterator
from typing import Any

from argon2.exceptions import InvalidHashError
from django.contrib.auth.hashers import Argon2PasswordHasher

from common.errors import Unavailable

# Each hash holds 19 MiB while it runs, so this also caps what passwords can take of the memory of one process.
_slots = threading.BoundedSemaphore(2)
# A hash takes about 30 ms of a processor. Who waits this long stands behind a hundred others, or the machine is overloaded.
LONGEST_WAIT = 5.0  # seconds
# Unicode's normal forms take quadratic time: a megabyte would hold a process for minutes. No door takes a password as long.
_NORMALISED = 1024  # characters


_M_MMAP_THRESHOLD = -3  # of glibc's mallopt
_MIB = 1024 * 1024


def _give_memory_back() -> None:
    """Have each hash's 19 MiB returned to the system when it ends.

    Left to itself glibc learns from the first hash to keep such blocks in its heaps, one for each thread: after fifty
    parallel log-ins two processes held 120 MiB more than before, for good. Other C libraries have no such function.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 4 * _MIB)


_give_memory_back()


class TooManyHashes(Unavailable):
    """So many passwords are being checked that waiting longer helps nobody; known and unknown people wait alike."""

    code = "too_busy"
    title = "Too many people are signing in"

    def __init__(self) -> None:
        super().__init__("Too many people are signing in at this moment. Try again.", retry_after=2)


@contextlib.contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=LONGEST_WAIT):
        raise TooManyHashes
    try:
        yield
    finally:
        _slots.release()


def normalise_password(password: str) -> str:
    """One spelling for passwords that look the same on different keyboards (NFKC, as NIST 800-63B advises).

    One that is longer than any that can be set stays as it is.
    """
    if len(password) > _NORMALISED:
        return password
    return unicodedata.normalize("NFKC", password)


class SmallArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's smallest recommended cost: 19 MiB, two passes, one lane.

    Django's own numbers (100 MiB, eight lanes) let five simultaneous log-ins exhaust a small instance. At most two hashes
    run at once in a process; others wait their turn, and no longer than LONGEST_WAIT.

    Raises:
        TooManyHashes
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> Any:
        with _slot():
            return super().encode(normalise_password(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare. A damaged hash fits no password, and takes as long to say so as a whole one."""
        if self._is_damaged(encoded):
            self.encode(password, self.salt())
            return False
        with _slot():
            return bool(super().verify(normalise_password(password), encoded))

    def must_update(self, encoded: str) -> bool:
        """Whether the hash was made at another cost; of a damaged one nothing can be made."""
        return not self._is_damaged(encoded) and bool(super().must_update(encoded))

    def _is_damaged(self, encoded: str) -> bool:
        try:
            self.decode(encoded)
        except (ValueError, InvalidHashError):
            return True
        return False
