"""What Django loads for `ENGINE = "common.postgres"`: the stock backend plus a server."""

import os
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient as PostgresClient
from django.utils.asyncio import async_unsafe

RECOVERY_SECONDS = 10.0


class DatabaseClient(PostgresClient):
    """`manage.py dbshell` with the `psql` of the embedded server."""

    connection: "DatabaseWrapper"

    def runshell(self, parameters: Iterable[str]) -> None:
        from common.postgres import server

        info = self.connection.server()
        os.environ["PGHOST"], os.environ["PGUSER"] = info.host, info.user
        self.executable_name = str(server.binaries() / "psql")
        super().runshell(list(parameters))


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects to the embedded server of `DATA_DIR`, which it starts first if need be."""

    client_class = DatabaseClient

    def server(self) -> Any:
        """Where the server listens, as `common.postgres.server.ConnectionInfo`.

        Raises:
            ImproperlyConfigured: this platform has no embedded PostgreSQL.
            psycopg.OperationalError: it could not be started.
        """
        try:
            from common.postgres import server  # needs fcntl, which Windows has not
        except ImportError as error:
            raise ImproperlyConfigured(
                "No embedded PostgreSQL is available on this platform: set DATABASE_URL."
            ) from error
        try:
            return server.ensure_running(self.settings_dict["DATA_DIR"])
        except server.NotAvailable as error:
            raise ImproperlyConfigured(str(error)) from error
        except server.DidNotStart as error:
            raise psycopg.OperationalError(str(error)) from error

    def get_connection_params(self) -> dict[str, Any]:
        """The stock parameters, with the running server's socket directory as the host."""
        info = self.server()
        params: dict[str, Any] = super().get_connection_params()
        params.setdefault("user", info.user)
        return {**params, "host": info.host, "port": info.port}

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; where the server has just died, wait for its recovery (a second or two)."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                if not _passes_by_itself(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
            conn_params |= {"host": self.server().host}


def _passes_by_itself(error: psycopg.OperationalError) -> bool:
    """Whether the server is starting, stopping, recovering or gone: libpq gives only words."""
    signs = (
        "the database system is",
        "Connection refused",
        "No such file",
        "server closed the connection",
    )
    return any(sign in str(error) for sign in signs)
