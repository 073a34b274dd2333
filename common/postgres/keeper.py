"""The process that owns one embedded PostgreSQL server (see the package's docstring for its locks).

It makes the cluster on the first start, starts the server again after a crash, and stops it once no
process uses it. Should the keeper itself be killed, the kernel tells PostgreSQL to shut down (on
Linux), and the next connection starts both again.
"""

import contextlib
import fcntl
import hashlib
import locale
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from common.postgres import privileges
from common.postgres.server import DATABASE, ROLE, SUPERUSER, Places, binaries, try_lock

POLL_SECONDS = 0.2
LINGER_SECONDS = 1.0  # so that `migrate` followed by `runserver` is one start, not two
QUICK_CRASH_SECONDS = 5.0
QUICK_CRASHES = 3
ORPHAN_SECONDS = 8.0
SOCKET_PATH_BYTES = 100  # the kernels allow 104 to 108
LOG_BYTES = 1_000_000

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "fsync": "on",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] %u@%d ",
}


class Stopped(Exception):
    """SIGTERM arrived."""


class Failed(Exception):
    """The server cannot run; the message is for a person."""


def main(root: str, keeper_lock: int) -> None:
    """Keep the server of `root` running while it has users; `keeper_lock` is inherited, locked."""
    if os.fork():
        os._exit(0)  # whoever started us has no child to wait for
    places = Places(root)
    os.chdir(places.root)
    os.ftruncate(keeper_lock, 0)
    os.pwrite(keeper_lock, str(os.getpid()).encode(), 0)
    signal.signal(signal.SIGTERM, _raise_stopped)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if places.keeper_log.stat().st_size > LOG_BYTES:
        os.ftruncate(sys.stderr.fileno(), 0)
    try:
        Keeper(places, keeper_lock).run()
    except Stopped:
        pass
    except (Failed, OSError, subprocess.SubprocessError) as error:
        places.failure.write_text(f"{error}\n")
        _say(str(error))
        sys.exit(1)


def _raise_stopped(signum: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


def _say(text: str) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    print(now, text, file=sys.stderr, flush=True)  # noqa: T201


class Keeper:
    """One server and the process that watches it."""

    def __init__(self, places: Places, keeper_lock: int) -> None:
        self.places = places
        self.keeper_lock = keeper_lock
        self.bin = binaries()
        self.user = privileges.owner_for(places.root, places.cluster)
        self.become = privileges.become(self.user, pass_any_door=not self._reachable())
        self.sockets = self._socket_directory()
        self.users = os.open(places.users_lock, os.O_RDWR | os.O_CLOEXEC)
        self.server: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Returns when the server is stopped because its last user is gone."""
        try:
            if not self.places.cluster.exists():
                with self._server_lock() as lock:
                    self._initialise(lock)
            crashes = 0
            while True:
                started = time.monotonic()
                self._start()
                if self._watch():
                    return
                code = self.server.returncode if self.server else None
                _say(f"PostgreSQL ended by itself ({code}); starting it again")
                quick = time.monotonic() - started < QUICK_CRASH_SECONDS
                crashes = crashes + 1 if quick else 0
                if crashes == QUICK_CRASHES:
                    raise Failed(self._last_words())
        finally:
            self._stop()

    def _watch(self) -> bool:
        """True: nobody uses the server, and nobody can until we are gone. False: it crashed."""
        assert self.server is not None
        unused_since: float | None = None
        while self.server.poll() is None:
            if not self._still_ours():
                _say("the data directory was removed")
                self.server.send_signal(signal.SIGQUIT)
                return True
            if not try_lock(self.users):
                unused_since = None
            elif unused_since is None:
                unused_since = time.monotonic()
            elif time.monotonic() - unused_since >= LINGER_SECONDS:
                return True  # keeping the lock: a new user waits for us, then starts a new server
            fcntl.flock(self.users, fcntl.LOCK_UN)
            time.sleep(POLL_SECONDS)
        return False

    def _still_ours(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self.keeper_lock), self.places.keeper_lock.stat())
        except FileNotFoundError:
            return False

    def _start(self) -> None:
        """Start PostgreSQL."""
        with self._server_lock() as lock:
            # No PostgreSQL process of this cluster lives, so what is left of the last server is
            # rubbish, even if its process id belongs to somebody else by now.
            self.places.pid_file.unlink(missing_ok=True)
            for left in self.sockets.glob(".s.PGSQL.*"):
                left.unlink()
            settings = {**SETTINGS, "unix_socket_directories": str(self.sockets)}
            command = [str(self.bin / "postgres"), "-D", str(self.places.cluster)]
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            self.server = self._popen(command, lock)

    def _stop(self) -> None:
        """Fast shutdown, and harder if that takes too long."""
        if self.server is None:
            return
        for number, seconds in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self.server.poll() is None:
                self.server.send_signal(number)
            try:
                self.server.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        if self.sockets != self.places.root / "run":
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _initialise(self, lock: int) -> None:
        """Make the cluster, role and database aside, then move them to their place: all or none."""
        new = self.places.root / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._give(new)
        initdb = [str(self.bin / "initdb"), "-D", str(new), "-U", SUPERUSER, "--auth=trust"]
        initdb += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        # Word characters (so pg_trgm in Amharic) follow the C library's ctype, the rest the builtin
        # locale.
        initdb += ["--locale=C", f"--lc-ctype={_utf8_ctype()}", "--no-instructions"]
        statements = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        single = [str(self.bin / "postgres"), "--single", "-D", str(new), "template1"]
        for command, text in ((initdb, ""), (single, statements)):
            child = self._popen(command, lock, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            output, _ = child.communicate(text.encode())
            if child.returncode:
                raise Failed(f"{Path(command[0]).name} failed: {_last_line(output.decode())}")
        new.rename(self.places.cluster)

    @contextlib.contextmanager
    def _server_lock(self) -> Iterator[int]:
        """The lock that every PostgreSQL process inherits: nobody else may touch the data.

        Waits for processes that outlived a killed server, and ends those that do not notice it.
        """
        lock = os.open(self.places.server_lock, os.O_RDWR | os.O_CREAT, 0o600)
        waiting_since = time.monotonic()
        try:
            while not try_lock(lock):
                waited = time.monotonic() - waiting_since
                if waited > 2 * ORPHAN_SECONDS:
                    raise Failed("processes of the last server are still running")
                if waited > ORPHAN_SECONDS:
                    self._kill_orphans()
                time.sleep(0.02)
            yield lock
        finally:
            os.close(lock)

    def _kill_orphans(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "cwd") == str(self.places.cluster):
                    os.kill(int(process.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue

    def _popen(
        self,
        command: list[str],
        lock: int,
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> subprocess.Popen[bytes]:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))
        }
        try:
            return subprocess.Popen(
                command,
                cwd="/",
                env=environment,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.STDOUT if stdout else None,
                pass_fds=[lock],
                preexec_fn=self.become,  # safe: this process has one thread
            )
        except subprocess.SubprocessError as error:
            name = self.user.pw_name if self.user else "itself"
            raise Failed(
                f"root may not become the user {name} here: set DATABASE_URL or run as another"
            ) from error

    def _reachable(self) -> bool:
        return self.user is None or (
            privileges.reachable(self.bin / "postgres", self.user)
            and privileges.reachable(self.places.root, self.user)
        )

    def _socket_directory(self) -> Path:
        """A directory only its owner may enter; in the data directory if that path is short."""
        found = self.places.root / "run"
        if len(os.fsencode(found / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES:
            digest = hashlib.sha256(os.fsencode(self.places.root)).hexdigest()[:12]
            short = f"nexus-{os.geteuid()}-{digest}"
            found = Path(tempfile.gettempdir()) / short
            if len(os.fsencode(found / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES:
                found = Path("/tmp") / short  # noqa: S108
        found.mkdir(mode=0o700, exist_ok=True)
        status = found.lstat()
        trusted = {os.geteuid(), self.user.pw_uid if self.user else os.geteuid()}
        if found.is_symlink() or status.st_uid not in trusted or status.st_mode & 0o077:
            raise Failed(f"{found} belongs to somebody else or is open to others: remove it")
        self._give(found)
        return found

    def _give(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _last_words(self) -> str:
        logs = sorted((self.places.cluster / "log").glob("*.log"), key=lambda p: p.stat().st_mtime)
        for path in [*logs[-1:], self.places.keeper_log]:
            for line in reversed(path.read_text(errors="replace").splitlines()[-50:]):
                if "FATAL" in line or "PANIC" in line:
                    return f"{line} (see {path})"
        return f"see {self.places.keeper_log}"


def _utf8_ctype() -> str:
    for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"):
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        return name
    raise Failed("this system has no UTF-8 locale")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
