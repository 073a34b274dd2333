"""The life of a transaction: its states, which moves are allowed, and the book that holds them all.

    INITIALIZED -> PENDING <-> ATTEMPT_FAILED -> FAILED/CANCELLED
    any of the first three -> SUCCESS or EXPIRED

A failed attempt is not the end: the customer may try again until the tenth attempt, until they
give up, or until the link's time is over.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from threading import RLock
from typing import Any

from chapa_simulator.store import Store
from chapa_simulator.validation import PaymentRequest

MAXIMUM_ATTEMPTS = 10
# Chapa publishes no schedule; its samples imply 3 to 3.5 percent.
CHARGE_RATE = Decimal("0.03")
_CENT = Decimal("0.01")
_ALPHANUMERIC = string.ascii_letters + string.digits


class State(StrEnum):
    """Where a transaction stands; the words of the reference's state machine."""

    INITIALIZED = "INITIALIZED"
    PENDING = "PENDING"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED/CANCELLED"
    EXPIRED = "EXPIRED"


OPEN_STATES = frozenset({State.INITIALIZED, State.PENDING, State.ATTEMPT_FAILED})
# PENDING may be reached again: the page of a failed attempt is opened for the next one, but the
# failure stays on record, so a reload does not move the state.
MOVES: dict[State, frozenset[State]] = {
    State.INITIALIZED: frozenset(
        {State.PENDING, State.ATTEMPT_FAILED, State.SUCCESS, State.FAILED, State.EXPIRED}
    ),
    State.PENDING: frozenset({State.ATTEMPT_FAILED, State.SUCCESS, State.FAILED, State.EXPIRED}),
    State.ATTEMPT_FAILED: frozenset(
        {State.ATTEMPT_FAILED, State.SUCCESS, State.FAILED, State.EXPIRED}
    ),
    State.SUCCESS: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
}


class UnknownTransaction(Exception):
    """No transaction has this reference or token."""


class ReferenceUsed(Exception):
    """The merchant's reference belongs to an earlier transaction."""


class WrongState(Exception):
    """The transaction has ended, so it cannot be paid, failed or cancelled any more."""

    def __init__(self, state: State) -> None:
        super().__init__(f"the transaction is {state}")
        self.state = state


@dataclass(frozen=True)
class Attempt:
    """One try of the customer. `at` is in virtual epoch seconds; `reason` is empty on success."""

    number: int
    at: float
    method: str
    mobile: str
    reason: str


@dataclass(frozen=True)
class Transaction:
    """A snapshot; amounts are decimal text with two places, moments are virtual epoch seconds."""

    tx_ref: str
    token: str
    reference: str
    mode: str
    amount: str
    currency: str
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    callback_url: str | None
    return_url: str | None
    title: str | None
    description: str | None
    logo: str | None
    meta: Any
    created_at: float
    updated_at: float
    expires_at: float
    state: State = State.INITIALIZED
    attempts: tuple[Attempt, ...] = ()
    method: str | None = None
    mobile: str | None = None
    charge: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the customer can still pay."""
        return self.state in OPEN_STATES

    @property
    def status(self) -> str:
        """Chapa's word for the state in verify: pending, success or failed."""
        if self.state is State.SUCCESS:
            return "success"
        return "pending" if self.state in {State.INITIALIZED, State.PENDING} else "failed"

    def to_document(self) -> dict[str, Any]:
        """The transaction as plain JSON values."""
        return asdict(self) | {"state": self.state.value}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Transaction:
        """The inverse of `to_document`."""
        attempts = tuple(Attempt(**attempt) for attempt in document["attempts"])
        return cls(**document | {"state": State(document["state"]), "attempts": attempts})


class TransactionBook:
    """All transactions; each move is checked and stored under one lock: a race has one winner."""

    def __init__(self, *, store: Store, now: Callable[[], float], window_minutes: int) -> None:
        self._store = store
        self._now = now
        self._window = window_minutes * 60
        self.lock = RLock()
        self._by_ref: dict[str, Transaction] = {}
        self._ref_by_token: dict[str, str] = {}
        self._ref_by_reference: dict[str, str] = {}
        for document in store.load_transactions():
            self._remember(Transaction.from_document(document))

    def open(self, request: PaymentRequest, *, mode: str) -> Transaction:
        """Start a transaction; without a merchant's reference one is made up.

        Raises:
            ReferenceUsed: the reference exists already, in either mode.
        """
        with self.lock:
            tx_ref = request.tx_ref or "SIM-" + _random(16)
            if tx_ref in self._by_ref:
                raise ReferenceUsed(tx_ref)
            now = self._now()
            return self._save(
                Transaction(
                    tx_ref=tx_ref,
                    token=_random(45),
                    reference="AP" + _random(10),
                    mode=mode,
                    amount=str(request.amount),
                    currency=request.currency,
                    email=request.email,
                    first_name=request.first_name,
                    last_name=request.last_name,
                    phone=request.phone,
                    callback_url=request.callback_url,
                    return_url=request.return_url,
                    title=request.title,
                    description=request.description,
                    logo=request.logo,
                    meta=request.meta,
                    created_at=now,
                    updated_at=now,
                    expires_at=now + self._window,
                )
            )

    def get(self, tx_ref: str) -> Transaction:
        """The transaction with the merchant's reference `tx_ref`, expired if its time is over.

        Raises:
            UnknownTransaction: there is none.
        """
        found = self._by_ref.get(tx_ref)
        if found is None:
            raise UnknownTransaction(tx_ref)
        if found.is_open and self._now() >= found.expires_at:
            with self.lock:
                return self._expire_if_due(self._by_ref[tx_ref])
        return found

    def get_by_token(self, token: str) -> Transaction:
        """The transaction of a checkout link. Raises UnknownTransaction."""
        return self.get(self._ref_by_token.get(token, ""))

    def get_by_reference(self, reference: str) -> Transaction:
        """The transaction with Chapa's own reference. Raises UnknownTransaction."""
        return self.get(self._ref_by_reference.get(reference, ""))

    def all(self) -> list[Transaction]:
        """Every transaction, oldest first."""
        self.expire_due()
        with self.lock:
            return list(self._by_ref.values())

    def mark_opened(self, tx_ref: str) -> Transaction:
        """Record that the customer has opened the page; later visits change nothing."""
        if self.get(tx_ref).state is not State.INITIALIZED:
            return self.get(tx_ref)
        with self.lock:
            current = self.get(tx_ref)
            if current.state is not State.INITIALIZED:
                return current
            return self._move(current, State.PENDING)

    def succeed(self, tx_ref: str, *, method: str, mobile: str) -> Transaction:
        """The customer has paid.

        Raises:
            WrongState: it was paid, cancelled or expired before.
        """
        with self.lock:
            current = self._open_transaction(tx_ref)
            charge = (Decimal(current.amount) * CHARGE_RATE).quantize(_CENT, ROUND_HALF_UP)
            return self._move(
                current,
                State.SUCCESS,
                attempts=self._with_attempt(current, method, mobile, ""),
                method=method,
                mobile=mobile or current.phone,
                charge=str(charge),
            )

    def fail(self, tx_ref: str, *, method: str, mobile: str, reason: str) -> Transaction:
        """An attempt failed; the tenth one ends the transaction. Raises WrongState."""
        with self.lock:
            current = self._open_transaction(tx_ref)
            attempts = self._with_attempt(current, method, mobile, reason)
            last = len(attempts) >= MAXIMUM_ATTEMPTS
            return self._move(
                current,
                State.FAILED if last else State.ATTEMPT_FAILED,
                attempts=attempts,
                method=method,
                mobile=mobile or current.phone,
            )

    def give_up(self, tx_ref: str) -> Transaction:
        """The customer pressed Cancel. Raises WrongState."""
        with self.lock:
            return self._move(self._open_transaction(tx_ref), State.FAILED)

    def expire_link(self, tx_ref: str) -> Transaction:
        """The merchant cancelled the link over the API. Raises WrongState."""
        with self.lock:
            return self._move(self._open_transaction(tx_ref), State.EXPIRED)

    def expire_due(self) -> None:
        """End every open transaction whose window is over."""
        now = self._now()
        with self.lock:
            due = [tx for tx in self._by_ref.values() if tx.is_open and now >= tx.expires_at]
            for transaction in due:
                self._expire_if_due(transaction)

    def _open_transaction(self, tx_ref: str) -> Transaction:
        current = self.get(tx_ref)
        if not current.is_open:
            raise WrongState(current.state)
        return current

    def _expire_if_due(self, current: Transaction) -> Transaction:
        if not current.is_open or self._now() < current.expires_at:
            return current
        # A customer who tried and failed leaves a failed payment, not merely an unused link.
        failed = current.state is State.ATTEMPT_FAILED
        return self._move(current, State.FAILED if failed else State.EXPIRED)

    def _with_attempt(
        self, current: Transaction, method: str, mobile: str, reason: str
    ) -> tuple[Attempt, ...]:
        number = len(current.attempts) + 1
        return (*current.attempts, Attempt(number, self._now(), method, mobile, reason))

    def _move(self, current: Transaction, state: State, **changes: Any) -> Transaction:
        if state not in MOVES[current.state]:
            raise WrongState(current.state)
        return self._save(replace(current, state=state, updated_at=self._now(), **changes))

    def _save(self, transaction: Transaction) -> Transaction:
        self._store.save_transaction(transaction.tx_ref, transaction.to_document())
        self._remember(transaction)
        return transaction

    def _remember(self, transaction: Transaction) -> None:
        self._by_ref[transaction.tx_ref] = transaction
        self._ref_by_token[transaction.token] = transaction.tx_ref
        self._ref_by_reference[transaction.reference] = transaction.tx_ref


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))
