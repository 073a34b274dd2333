"""How the shop gets a Chapa to talk to in development: keys, port and command of the simulator."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Simulator:
    """One data directory's simulator. Keys stay the same for good; the port as long as it is free,
    so that links to its
    checkout page survive a restart."""

    port: int
    secret_key: str
    public_key: str
    webhook_secret: str
    token: str

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        """The command line, which shows in `ps` and so holds no secret."""
        return [sys.executable, "-m", "chapa_simulator"]

    def environment(self, data_dir: Path, *, web_port: int) -> dict[str, str]:
        """What the simulator itself is told. Webhooks go to the shop on `web_port`."""
        return {
            "CHAPA_SIM_HOST": HOST,
            "CHAPA_SIM_PORT": str(self.port),
            "CHAPA_SIM_SECRET_KEY": self.secret_key,
            "CHAPA_SIM_PUBLIC_KEY": self.public_key,
            "CHAPA_SIM_WEBHOOK_URL": f"http://127.0.0.1:{web_port}/api/payments/chapa/webhook/",
            "CHAPA_SIM_WEBHOOK_SECRET": self.webhook_secret,
            "CHAPA_SIM_TOKEN": self.token,
            "CHAPA_SIM_STATE": str(data_dir / "simulator.sqlite3"),
        }

    def shop_environment(self) -> dict[str, str]:
        """What the shop's processes are told of it."""
        return {
            "CHAPA_SECRET_KEY": self.secret_key,
            "CHAPA_PUBLIC_KEY": self.public_key,
            "CHAPA_BASE_URL": f"{self.url}/v1",
            "CHAPA_WEBHOOK_SECRET": self.webhook_secret,
            "CHAPA_MODE": "test",
            "NEXUS_SIMULATOR_URL": self.url,
            "NEXUS_SIMULATOR_TOKEN": self.token,
        }


def prepare(data_dir: Path) -> Simulator:
    """The simulator of this data directory, made up at the first call; kept in a file only its owner may read."""
    path = data_dir / "simulator.json"
    if path.exists():
        found = Simulator(**json.loads(path.read_text()))
        if is_free(HOST, found.port):
            return found
        found = Simulator(**{**asdict(found), "port": _free_port()})
    else:
        found = Simulator(
            port=_free_port(),
            secret_key=f"CHASECK_TEST-SIM{secrets.token_hex(16)}",
            public_key=f"CHAPUBK_TEST-SIM{secrets.token_hex(16)}",
            webhook_secret=secrets.token_urlsafe(32),
            token=secrets.token_urlsafe(32),
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".simulator.{os.getpid()}.json")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(found), indent=2))
    draft.replace(path)
    return found


def known(data_dir: Path) -> dict[str, str]:
    """What the shop's processes need to know of this data directory's simulator; empty if it never had one.

    So a command typed beside a running shop talks to the same gateway as the shop.
    """
    path = data_dir / "simulator.json"
    if not path.exists():
        return {}
    return Simulator(**json.loads(path.read_text())).shop_environment()


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
