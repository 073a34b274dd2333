"""Start-up options: read from the command line or the environment, checked once, then frozen."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

VERIFY_VARIANTS = ("A", "B", "C")
ENVIRONMENT_PREFIX = "CHAPA_SIM_"
REAL_CHAPA_DOMAINS = ("chapa.co", "chapa.link", "chapa.et", "chapaservices.net", "chapalab.xyz")


class ConfigError(Exception):
    """An option is missing or dangerous; the text is one sentence for the terminal."""


@dataclass(frozen=True)
class Config:
    """Everything the simulator is told when it starts."""

    secret_key: str
    token: str
    live_secret_key: str = ""
    public_key: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    host: str = "127.0.0.1"
    port: int = 8899
    public_url: str = ""
    state: Path | None = None
    verify_variant: str = "A"
    checkout_window_minutes: int = 60
    merchant_name: str = "Demo merchant"
    verbose: bool = False

    def __post_init__(self) -> None:
        """Refuse anything that could be, or could reach, the real Chapa.

        Raises:
            ConfigError: names the first option that is wrong.
        """
        _check_key("--secret-key", self.secret_key, "CHASECK_TEST-", required=True)
        _check_key("--live-secret-key", self.live_secret_key, "CHASECK-")
        _check_key("--public-key", self.public_key, "CHAPUBK_TEST-")
        if not self.token:
            raise ConfigError(
                "--token (CHAPA_SIM_TOKEN) is missing: the control plane needs a secret."
            )
        if self.webhook_url and not self.webhook_secret:
            raise ConfigError(
                "--webhook-secret (CHAPA_SIM_WEBHOOK_SECRET) is missing: webhooks are signed."
            )
        check_outgoing_url("--webhook-url", self.webhook_url)
        check_outgoing_url("--public-url", self.public_url)
        if self.verify_variant not in VERIFY_VARIANTS:
            raise ConfigError("--verify-variant must be A, B or C.")
        if not 5 <= self.checkout_window_minutes <= 60:
            raise ConfigError("--checkout-window-minutes must be from 5 to 60, as at Chapa.")
        if not 0 <= self.port <= 65535:
            raise ConfigError("--port must be from 0 to 65535.")


def _check_key(option: str, value: str, prefix: str, *, required: bool = False) -> None:
    if not value:
        if required:
            raise ConfigError(
                f"{option} (CHAPA_SIM_{option[2:].replace('-', '_').upper()}) is missing."
            )
        return
    if not value.startswith(prefix) or "SIM" not in value.removeprefix(prefix):
        # The value itself is not repeated: it may be a real key pasted by mistake.
        raise ConfigError(
            f"{option} does not look fake: a simulator key starts with {prefix} and contains SIM."
        )


def is_real_chapa(url: str) -> bool:
    """Whether the host of `url` belongs to the real Chapa, which is never called."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    return any(host == domain or host.endswith("." + domain) for domain in REAL_CHAPA_DOMAINS)


def check_outgoing_url(option: str, url: str) -> None:
    """Refuse an address that is not plain http(s), or that belongs to the real Chapa.

    Raises:
        ConfigError: the address is malformed or not allowed.
    """
    if not url:
        return
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(f"{option} must be an http or https address.")
    if is_real_chapa(url):
        raise ConfigError(f"{option} points at the real Chapa, which a simulator never calls.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chapa_simulator",
        description="A simulator of Chapa's payment API. No money moves, nothing leaves for Chapa.",
        epilog="Each option may also come from the environment: --webhook-url is"
        " CHAPA_SIM_WEBHOOK_URL, and so on. Give secrets that way: a command line shows in `ps`.",
    )
    for flag, text in (
        ("--host", "address to listen on (default 127.0.0.1)"),
        ("--port", "port to listen on; 0 takes a free one and prints it (default 8899)"),
        ("--secret-key", "the merchant's test key, CHASECK_TEST-... containing SIM"),
        ("--live-secret-key", "the merchant's live-mode key, CHASECK-... containing SIM"),
        ("--public-key", "the merchant's public test key, CHAPUBK_TEST-... containing SIM"),
        ("--webhook-url", "where webhooks go; without it none are sent"),
        ("--webhook-secret", "the merchant's secret hash, which signs webhooks"),
        ("--token", "secret of the control plane (header X-Sim-Token)"),
        ("--state", "file that keeps transactions and webhook retries over a restart"),
        ("--verify-variant", "how verify answers before payment: A, B or C (default A)"),
        ("--checkout-window-minutes", "life of a checkout link, 5 to 60 (default 60)"),
        ("--public-url", "address that browsers use for this server (default: where it listens)"),
        ("--merchant-name", "name shown on the checkout page"),
    ):
        parser.add_argument(flag, help=text)
    parser.add_argument("--verbose", action="store_true", default=None, help="log every request")
    return parser


def _integer(option: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"{option} must be a whole number.") from None


def load_config(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Config:
    """Build the configuration; the command line wins over the environment.

    Raises:
        ConfigError: an option is missing, malformed or dangerous.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, str | bool | None] = vars(_parser().parse_args(argv))
    values: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, str):
            values[name] = value
        elif name != "verbose" and environ.get(ENVIRONMENT_PREFIX + name.upper()):
            values[name] = environ[ENVIRONMENT_PREFIX + name.upper()]
    verbose = bool(given["verbose"]) or environ.get(ENVIRONMENT_PREFIX + "VERBOSE") == "1"
    state = values.get("state")
    return Config(
        secret_key=values.get("secret_key", ""),
        token=values.get("token", ""),
        live_secret_key=values.get("live_secret_key", ""),
        public_key=values.get("public_key", ""),
        webhook_url=values.get("webhook_url", ""),
        webhook_secret=values.get("webhook_secret", ""),
        host=values.get("host", "127.0.0.1"),
        port=_integer("--port", values.get("port", "8899")),
        public_url=values.get("public_url", "").rstrip("/"),
        state=Path(state) if state else None,
        verify_variant=values.get("verify_variant", "A"),
        checkout_window_minutes=_integer(
            "--checkout-window-minutes", values.get("checkout_window_minutes", "60")
        ),
        merchant_name=values.get("merchant_name", "Demo merchant"),
        verbose=verbose,
    )
