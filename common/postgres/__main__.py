"""`python -m common.postgres status|stop|psql [DATA_DIR]`: a hand on the embedded server."""

import os
import sys
from pathlib import Path

from common.postgres import server

USAGE = "usage: python -m common.postgres status|stop|psql [DATA_DIR]"


def main(arguments: list[str]) -> int:
    """Exit code: 0 done, 1 not running, 2 wrong usage."""
    if not arguments or arguments[0] not in {"status", "stop", "psql"} or len(arguments) > 2:
        print(USAGE, file=sys.stderr)  # noqa: T201
        return 2
    default = Path(os.environ.get("NEXUS_DATA_DIR") or ".nexus") / "postgres"
    data_dir = Path(arguments[1]) if len(arguments) == 2 else default
    if arguments[0] == "psql":
        info = server.ensure_running(data_dir)
        psql = str(server.binaries() / "psql")
        os.set_inheritable(server.user_lock(data_dir), True)  # psql is a user of the server too
        os.execv(psql, [psql, info.dsn])  # noqa: S606
    if arguments[0] == "stop":
        stopped = server.stop(data_dir)
        print("stopped" if stopped else "not running")  # noqa: T201
        return 0 if stopped else 1
    pid = server.postmaster_pid(data_dir)
    print(f"running, process {pid}" if pid else "not running")  # noqa: T201
    return 0 if pid else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
