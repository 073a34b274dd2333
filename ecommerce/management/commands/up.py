"""`manage.py up`: the whole shop in one terminal, with one Ctrl-C to stop it."""

import fcntl
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from ecommerce.management import simulator
from ecommerce.management.supervisor import Child, Plan

READY_HOSTS = {"": "127.0.0.1", "*": "127.0.0.1"}


class Command(BaseCommand):
    """Prepares database, demo shop and simulator, then becomes the supervisor of the processes."""

    help = "Start everything: database, migrations, demo shop, simulated Chapa, worker, web server."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            self._claim_data_dir()
            self._check_port()
            self._migrate()
            if not settings.PRODUCTION:
                self._demo()
            self._become_supervisor(self._plan())
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
            sys.exit(0)

    def _claim_data_dir(self) -> None:
        """Two shops in one data directory would share mail, keys and the simulator's port."""
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        self.claim = os.open(settings.DATA_DIR / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"Another shop already runs in {settings.DATA_DIR}:"
                " stop it, or set NEXUS_DATA_DIR to another folder."
            ) from None

    def _check_port(self) -> None:
        host = "0.0.0.0" if settings.PRODUCTION else "127.0.0.1"  # noqa: S104
        if not simulator.is_free(host, settings.PORT):
            raise CommandError(
                f"Port {settings.PORT} is in use by another program:"
                f" stop it, or set PORT to another number, as in PORT={settings.PORT + 1}."
            )

    def _migrate(self) -> None:
        """The first query, which starts an embedded PostgreSQL. Nothing to do costs a glance only."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database ...")
            call_command("migrate", interactive=False, verbosity=0)

    def _demo(self) -> None:
        if not self._credentials().exists() or not get_user_model().objects.exists():
            self.stdout.write("Building the demo shop ...")
            call_command("demo")

    def _credentials(self) -> Path:
        return Path(settings.DATA_DIR) / "credentials.json"

    def _plan(self) -> Plan:
        chapa = None
        shop: dict[str, str] = {"PORT": str(settings.PORT)}
        if settings.SIMULATED:
            chapa = simulator.prepare(settings.DATA_DIR)
            shop |= chapa.shop_environment()
        manage = str(settings.BASE_DIR / "manage.py")
        config = str(settings.BASE_DIR / "gunicorn.conf.py")
        web = [sys.executable, "-m", "gunicorn", "-c", config, "ecommerce.wsgi:application"]
        patience = 20.0 if settings.PRODUCTION else 5.0
        children = [
            Child("web", web, shop, patience),
            Child("worker", [sys.executable, manage, "worker"], shop, patience),
        ]
        if chapa:
            environment = chapa.environment(settings.DATA_DIR, web_port=settings.PORT)
            children.append(Child("chapa", chapa.command(), environment, 3.0))
        host = settings.ALLOWED_HOSTS[0].lstrip(".")
        database_dir, database_lock = self._database()
        return Plan(
            children=children,
            ready_url=f"http://127.0.0.1:{settings.PORT}/readyz?worker=1",
            ready_host=READY_HOSTS.get(host, host),
            panel=self._panel(chapa),
            database_dir=database_dir,
            database_lock=database_lock,
        )

    def _panel(self, chapa: simulator.Simulator | None) -> str:
        base = settings.PUBLIC_URL
        rows = [
            ("Shop API", f"{base}/api/products/"),
            ("Documentation", f"{base}/api/docs"),
            ("Redoc", f"{base}/api/redoc"),
            ("Admin", f"{base}/admin/"),
        ]
        if chapa:
            rows.append(("Simulated Chapa", chapa.url))
        if not settings.PRODUCTION:
            rows.append(("Letters", f"{settings.DATA_DIR / 'mail'}"))
            rows += self._logins()
        lines = [f"  {name:<20}{value}" for name, value in rows]
        rule = "─" * max(map(len, lines))
        heading = f"  {settings.SHOP_NAME} is ready. Ctrl-C stops it."
        return "\n".join(["", rule, heading, "", *lines, rule, ""])

    def _logins(self) -> list[tuple[str, str]]:
        path = self._credentials()
        logins: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
        return [
            (f"Log in as {who}", f"{login['email']}  {login['password']}")
            for who, login in logins.items()
        ]

    def _database(self) -> tuple[str, int]:
        """Data directory of the embedded PostgreSQL, and the lock that makes us its user.

        The lock stays open while this process changes its program, so that the server sees one
        user all the time.
        """
        if connection.settings_dict["ENGINE"] != "common.postgres":
            return "", -1
        from common.postgres import server

        data_dir: str = connection.settings_dict["DATA_DIR"]
        lock = server.user_lock(data_dir)
        os.set_inheritable(lock, True)
        return data_dir, lock

    def _become_supervisor(self, plan: Plan) -> None:
        connections.close_all()
        os.set_inheritable(self.claim, True)
        with tempfile.TemporaryFile("w+") as file:
            file.write(plan.dump())
            file.seek(0)
            os.set_inheritable(file.fileno(), True)
            self.stdout.flush()
            module = "ecommerce.management.supervisor"
            os.chdir(settings.BASE_DIR)
            os.execv(  # noqa: S606
                sys.executable, [sys.executable, "-m", module, str(file.fileno())]
            )


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
