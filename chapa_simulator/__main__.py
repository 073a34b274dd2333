"""Start the simulator: `python -m chapa_simulator`, see `--help`."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from chapa_simulator.app import create_app
from chapa_simulator.config import Config, ConfigError, load_config
from chapa_simulator.server import Server
from chapa_simulator.simulator import Simulator
from chapa_simulator.store import StoreError

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 2 when it may not start."""
    try:
        config = load_config(sys.argv[1:] if argv is None else argv)
        simulator = Simulator(config)
    except (ConfigError, StoreError) as error:
        print(f"chapa_simulator: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    server = Server(config.host, config.port, create_app(simulator), verbose=config.verbose)
    host = _WILDCARDS.get(config.host, config.host)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    address = f"http://{host}:{server.port}"
    simulator.public_url = config.public_url or address

    def stop(signum: int, frame: FrameType | None) -> None:
        # `shutdown` waits for the serving loop, which runs in this very thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    simulator.start()
    _print_banner(config, simulator, address)
    server.serve_forever(poll_interval=0.05)
    simulator.stop()
    print("SIMULATOR stopped", flush=True)
    return 0


def _print_banner(config: Config, simulator: Simulator, address: str) -> None:
    modes = "test and live" if config.live_secret_key else "test"
    lines = (
        "SIMULATOR of the Chapa payment gateway. No money moves, nothing is sent to Chapa.",
        f"  listening on   {address}",
        f"  API base URL   {simulator.public_url}/v1  (keys: {modes})",
        f"  webhooks to    {config.webhook_url or 'nowhere: no --webhook-url'}",
        f"  control plane  {address}/_sim/  (header X-Sim-Token)",
        f"  state          {config.state or 'memory only'}",
    )
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
