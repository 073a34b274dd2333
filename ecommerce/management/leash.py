"""Run a command that must not outlive the process which asked for it, however that one dies.

`python -IS leash.py PARENT_PID COMMAND...`. On Linux the kernel does it and this program becomes
the command; elsewhere it stays and watches. Plain standard library: it runs before anything is
installed or imported.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.5


def leashed(command: list[str]) -> list[str]:
    """The command line that runs `command` on a leash held by this process (and this thread)."""
    return [sys.executable, "-IS", str(Path(__file__).resolve()), str(os.getpid()), *command]


def main(parent: int, command: list[str]) -> int:
    """Become the command, or run it and pass signals on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            return 1  # it was gone before the kernel knew
        os.execv(command[0], command)  # noqa: S606
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda signum, frame: child.terminate())
    # A terminal sends its Ctrl-C to the child as well. Not SIG_IGN, which the child would inherit.
    signal.signal(signal.SIGINT, lambda signum, frame: None)
    while child.poll() is None:
        if os.getppid() != parent:
            child.terminate()
        time.sleep(POLL_SECONDS)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
