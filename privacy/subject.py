"""Whose data: what the shop knows somebody by, and which rows that leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

from account.erasure import Identifiers, identifiers_of
from account.models import User
from events.models import Letter
from orders.models import Order
from orders.redaction import orders_of_person
from payments.models import Payment


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, with or without an account, and their orders as they were when it was made."""

    known_by: Identifiers
    order_ids: tuple[int, ...]
    order_public_ids: frozenset[str]
    payment_public_ids: frozenset[str]

    @property
    def user_id(self) -> int | None:
        """Of their account, if they have one."""
        return self.known_by.user_id

    @property
    def marks(self) -> frozenset[str]:
        """How the addresses and numbers that are proved to be theirs stand in free text, in lower case."""
        numbers = {word for number in self.known_by.phones for word in spellings(number)}
        return self.known_by.emails | numbers


def spellings(number: str) -> Iterator[str]:
    """An E.164 number as gateways and people write it. Without its +, it is found in the form with + as well."""
    yield number.removeprefix("+")
    if number.startswith("+251"):
        yield "0" + number.removeprefix("+251")


def subject_of(user: User | None, *, email: str = "", phone: str = "") -> Subject:
    """Somebody with an account, or who has only orders: theirs, and the guests' orders of an address or number of theirs.

    Args:
        email, phone: what staff vouch for, beside what the account has proved.
    """
    known_by = identifiers_of(user, email=email, phone=phone)
    found = list(orders_of(known_by).order_by("pk").values_list("pk", "public_id"))
    payments = Payment.objects.filter(order_id__in=[pk for pk, _ in found])
    return Subject(
        known_by,
        order_ids=tuple(pk for pk, _ in found),
        order_public_ids=frozenset(str(public_id) for _, public_id in found),
        payment_public_ids=frozenset(map(str, payments.values_list("public_id", flat=True))),
    )


def orders_of(known_by: Identifiers) -> QuerySet[Order]:
    """Every order of a person."""
    return orders_of_person(
        user_id=known_by.user_id, emails=known_by.emails, phones=known_by.phones
    )


def letters_of(subject: Subject) -> QuerySet[Letter]:
    """Letters to a person, and those about their orders, whoever they went to.

    An address that nobody has proved to be theirs may be somebody else's: of the letters there those count that are not
    about an order and, unless it is their account's own address, have left.
    """
    known_by = subject.known_by
    proved = {*known_by.emails, *known_by.phones}
    letters = Letter.objects.annotate(
        folded=Lower("recipient"),
        # As in `order:<public id>:paid:2`.
        about=Func(
            F("dedupe_key"), Value(":"), Value(2), function="split_part", output_field=TextField()
        ),
    )
    perhaps = Q(folded=known_by.mailbox.lower()) | Q(
        folded__in=[address.lower() for address in known_by.perhaps], sent_at__isnull=False
    )
    return letters.filter(
        Q(folded__in=proved)
        | Q(about__in=subject.order_public_ids)
        | (perhaps & ~Q(folded="") & ~Q(dedupe_key__startswith="order:"))
    )
