"""The simulator itself, without HTTP: what merchants, customers and testers can do to it."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from chapa_simulator import config as configuration
from chapa_simulator.clock import VirtualClock
from chapa_simulator.config import Config
from chapa_simulator.delivery import Dispatcher
from chapa_simulator.faults import FaultBoard
from chapa_simulator.notifications import callback_jobs, webhook_jobs
from chapa_simulator.store import Store
from chapa_simulator.transactions import Transaction, TransactionBook
from chapa_simulator.validation import PaymentRequest
from chapa_simulator.webhooks import ENCODERS

LIVE = "live"
TEST = "test"
# Real seconds that `advance` waits for deliveries; the rest then goes on in the background.
ADVANCE_PATIENCE = 120.0


class BadSetting(Exception):
    """The control plane was given a setting that does not exist or a value it cannot have."""


@dataclass(frozen=True)
class Settings:
    """What the control plane may change while the simulator runs."""

    verify_variant: str
    failed_attempt: str
    merchant: str
    webhook_encoder: str
    webhook_url: str

    CHOICES = {
        "verify_variant": configuration.VERIFY_VARIANTS,
        "failed_attempt": ("failed", "pending"),
        "merchant": ("active", "not_enabled", "api_disabled"),
        "webhook_encoder": tuple(ENCODERS),
    }

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """A copy with other values. Raises BadSetting."""
        for name, value in values.items():
            if name == "webhook_url" and isinstance(value, str):
                try:
                    configuration.check_outgoing_url("webhook_url", value)
                except configuration.ConfigError as error:
                    raise BadSetting(str(error)) from error
            elif name not in self.CHOICES:
                known = ", ".join((*self.CHOICES, "webhook_url"))
                raise BadSetting(f"unknown setting or wrong type: {name}; known: {known}")
            elif value not in self.CHOICES[name]:
                raise BadSetting(f"{name} must be one of: {', '.join(self.CHOICES[name])}")
        return replace(self, **values)


class Simulator:
    """Joins the book, the clock, the faults and the deliveries."""

    def __init__(self, config: Config, *, real_time: Callable[[], float] = time.time) -> None:
        """Load what an earlier process left in the state file.

        Raises:
            StoreError: the state file cannot be used.
        """
        self.config = config
        self.store = Store(config.state)
        self.clock = VirtualClock(offset=self.store.load_clock_offset(), real_time=real_time)
        self.faults = FaultBoard()
        self.book = TransactionBook(
            store=self.store,
            now=self.clock.now,
            window_minutes=config.checkout_window_minutes,
        )
        self.dispatcher = Dispatcher(store=self.store, clock=self.clock)
        self.settings = Settings(
            verify_variant=config.verify_variant,
            failed_attempt="failed",
            merchant="active",
            webhook_encoder="php",
            webhook_url=config.webhook_url,
        )
        self.public_url = config.public_url
        self.stopping = threading.Event()
        self._advancing = threading.Lock()
        self._keys = [(config.secret_key.encode(), TEST)]
        if config.live_secret_key:
            self._keys.append((config.live_secret_key.encode(), LIVE))

    def start(self) -> None:
        """Begin to deliver webhooks and callbacks."""
        self.dispatcher.start()

    def stop(self) -> None:
        """End at once; hanging requests are released, unfinished deliveries are kept."""
        self.stopping.set()
        self.dispatcher.stop()
        self.store.close()

    def mode_of(self, key: str) -> str | None:
        """test or live for a known secret key, else None."""
        given = key.encode("utf-8", "surrogateescape")
        mode = None
        for known, its_mode in self._keys:
            if hmac.compare_digest(given, known):
                mode = its_mode
        return mode

    def checkout_url(self, transaction: Transaction) -> str:
        """The hosted page of a transaction."""
        return f"{self.public_url}/checkout/payment/{transaction.token}"

    def after_payment_url(self, transaction: Transaction) -> str:
        """Where the browser goes after success: the merchant's page, else our receipt."""
        if transaction.return_url:
            return transaction.return_url
        return f"{self.public_url}/payment-receipt/{transaction.reference}"

    def initialize(self, request: PaymentRequest, *, mode: str) -> Transaction:
        """Open a transaction. Raises ReferenceUsed."""
        return self.book.open(request, mode=mode)

    def pay(self, tx_ref: str, *, method: str, mobile: str) -> Transaction:
        """The customer's payment succeeds. Raises UnknownTransaction, WrongState."""
        return self._conclude(lambda: self.book.succeed(tx_ref, method=method, mobile=mobile))

    def fail(self, tx_ref: str, *, method: str, mobile: str, reason: str) -> Transaction:
        """The customer's attempt fails. Raises UnknownTransaction, WrongState."""
        return self._conclude(
            lambda: self.book.fail(tx_ref, method=method, mobile=mobile, reason=reason)
        )

    def give_up(self, tx_ref: str) -> Transaction:
        """The customer cancels on the page. Raises UnknownTransaction, WrongState."""
        return self._conclude(lambda: self.book.give_up(tx_ref))

    def advance(self, seconds: float) -> bool:
        """Move the clock, stopping at every retry on the way so that each happens at its time.

        Returns whether all that became due was delivered before this returned.
        """
        with self._advancing:
            target = self.clock.now() + seconds
            deadline = time.monotonic() + ADVANCE_PATIENCE
            settled = self._settle(deadline)
            while settled and (due := self.dispatcher.next_due()) is not None and due <= target:
                self.clock.move_to(due)
                self.book.expire_due()
                settled = self._settle(deadline)
            self.clock.move_to(target)
            self.store.save_clock_offset(self.clock.offset)
            self.book.expire_due()
            return self._settle(deadline) and settled

    def verified_amount(self, transaction: Transaction) -> Any:
        """The amount that verify reports: a number, or whatever `amount.mismatch` says."""
        fault = self.faults.strike("amount.mismatch", transaction.tx_ref)
        return fault["amount"] if fault is not None else as_number(transaction.amount)

    def _settle(self, deadline: float) -> bool:
        return self.dispatcher.wait_until_settled(max(0.0, deadline - time.monotonic()))

    def _conclude(self, move: Callable[[], Transaction]) -> Transaction:
        with self.book.lock, self.store.atomic():
            done = move()
            now = self.clock.now()
            jobs = webhook_jobs(
                done,
                url=self.settings.webhook_url,
                secret=self.config.webhook_secret,
                encoder=self.settings.webhook_encoder,
                faults=self.faults,
                now=now,
            )
            jobs += callback_jobs(done, faults=self.faults, now=now)
            for job in jobs:
                self.dispatcher.record(job)
        # Only now, so that nothing is told to the merchant that a crash could still undo.
        for job in jobs:
            self.dispatcher.release(job)
        return done


def as_number(amount: str) -> int | float:
    """Decimal text as the JSON number PHP would write: `1250.00` is 1250, `12.50` is 12.5."""
    value = Decimal(amount)
    return int(value) if value == value.to_integral_value() else float(value)
