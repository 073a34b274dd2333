"""PostgreSQL refuses to run as root: who runs it then, and how that user reaches the files."""

import ctypes
import os
import pwd
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ACCOUNT = "nexus-postgres"

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def owner_for(root: Path, cluster: Path) -> pwd.struct_passwd | None:
    """The user to run PostgreSQL as, or None to run it as ourselves.

    Root steps down to the owner of an existing cluster, else to the owner of the data directory,
    else to a system account of its own.
    """
    if os.geteuid() != 0:
        return None
    for path in (cluster, root):
        if path.exists() and path.stat().st_uid != 0:
            return pwd.getpwuid(path.stat().st_uid)
    return _system_account()


def _system_account() -> pwd.struct_passwd:
    for _ in range(5):
        try:
            return pwd.getpwnam(ACCOUNT)
        except KeyError:
            if not (useradd := shutil.which("useradd")):
                break
            # Fails when another process adds it at the same moment: then it is there at the next
            # look.
            command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
            subprocess.run([*command, ACCOUNT], capture_output=True, check=False)
    return pwd.getpwnam("nobody")


def reachable(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user`, who owns nothing on the way, may enter every parent of `path` and read it."""
    ways = [(parent, 0o1) for parent in path.parents]
    ways += [] if path.stat().st_uid == user.pw_uid else [(path, 0o5)]
    return all(
        place.stat().st_uid == user.pw_uid or place.stat().st_mode & bits == bits
        for place, bits in ways
    )


def become(user: pwd.struct_passwd | None, *, pass_any_door: bool) -> Callable[[], None]:
    """What a child does between fork and exec: become `user`, and end with its parent.

    `pass_any_door` keeps one capability (on Linux), by which the user may enter directories that
    are closed to it. A checkout below /root then works without opening /root to everybody, which is
    what a chmod would do.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    linux = sys.platform == "linux"

    def prctl(*arguments: int) -> None:
        padded = (*arguments, 0, 0, 0, 0)[:5]
        if libc.prctl(*(ctypes.c_ulong(value) for value in padded)) != 0:
            raise OSError(ctypes.get_errno(), "prctl failed")

    def child() -> None:
        if user is not None:
            if linux and pass_any_door:
                prctl(_PR_SET_KEEPCAPS, 1)
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            if linux and pass_any_door:
                mask = 1 << _CAP_DAC_OVERRIDE
                header = struct.pack("=II", _CAPABILITY_VERSION_3, 0)
                if libc.capset(header, struct.pack("=6I", mask, mask, mask, 0, 0, 0)) != 0:
                    raise OSError(ctypes.get_errno(), "capset failed")
                prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)
        if linux:
            # After setuid, which clears it. SIGINT is PostgreSQL's "fast shutdown".
            prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        os.umask(0o077)

    return child
