"""What people are told about their data, and staff about orders that have lost their customer."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from account.erasure import Identifiers
from account.letters import notify
from account.models import Role, User
from common.money import format_amount
from events.composition import compose
from events.models import Letter
from events.services import post_letter
from orders.models import Order
from privacy.models import Erasure, Export

CARE_FOR_ORDERS = [Role.OWNER, Role.ORDER_DESK, Role.FINANCE]


@dataclass(frozen=True, slots=True)
class LastLetter:
    """Written before the address is gone, posted after everything else that went to it."""

    to: str
    channel: str
    subject: str
    text: str
    html: str
    dedupe_key: str


def farewell(*, erasure: Erasure, known_by: Identifiers) -> LastLetter | None:
    """That it is done; nothing to somebody whose address or number nobody has proved."""
    key = f"erased:{erasure.public_id}"
    kept = (
        "What you bought stays in our books, as the law wants it: goods, prices, dates and order numbers, without your name,"
        " address or number."
    )
    if known_by.emails:
        text, html = compose(
            before=[
                f"As you asked, {settings.SHOP_NAME} has erased your data, and your account is closed for good.",
                kept,
                "Unpaid orders were cancelled. If something that you paid for is still to come, or money to go back, please"
                " write to us with the order's number.",
            ],
            after=["This is our last letter to you, and we have not kept your address."],
        )
        to = known_by.mailbox or min(known_by.emails)
        return LastLetter(
            to,
            Letter.Channel.EMAIL,
            f"Your data at {settings.SHOP_NAME} is erased",
            text,
            html,
            key,
        )
    if known_by.phones:
        text = (
            f"{settings.SHOP_NAME}: as you asked, your data is erased and your account closed. Our books keep what was"
            " bought, without you."
        )
        return LastLetter(min(known_by.phones), Letter.Channel.SMS, "", text, "", key)
    return None


def post(letter: LastLetter | None) -> None:
    """Post a last letter; its recipient is forgotten when it has left."""
    if letter is not None:
        post_letter(
            to=letter.to,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            dedupe_key=letter.dedupe_key,
            channel=letter.channel,
            forget_after_sending=True,
        )


def tell_staff(*, erasure: Erasure, orders: list[Order]) -> None:
    """To whoever looks after orders and money: these have lost their customer, and cannot be delivered as they are."""
    if not orders:
        return
    listed = [
        f"{order.number}: {order.status}, payment {order.payment_status},"
        f" {format_amount(order.total, order.currency)} {order.currency}"
        for order in orders
    ]
    text, html = compose(
        before=[
            "A customer has had their data erased while these orders were under way. Who they were, and where the goods"
            " should go, is no longer known. Please decide about each, as a rule by a refund:",
            *listed,
        ]
    )
    responsible = User.objects.filter(
        Q(is_superuser=True) | Q(roles__role__in=CARE_FOR_ORDERS),
        is_active=True,
        is_staff=True,
        email__isnull=False,
        email_verified_at__isnull=False,
    ).distinct()
    for user in responsible:
        post_letter(
            to=user.email or "",
            subject="Orders whose customer was erased",
            text=text,
            html=html,
            dedupe_key=f"orders-erased:{erasure.public_id}:{user.public_id}",
        )


def tell_export_ready(*, export: Export) -> None:
    """That the copy can be fetched."""
    notify(
        export.user,
        f"export:{export.public_id}",
        subject=f"Your data at {settings.SHOP_NAME} is ready",
        before=[
            "The copy of your data that you asked for is ready. Sign in, and fetch it within seven days; after that it is"
            " deleted."
        ],
        after=["If you did not ask for it, change your password: somebody else is signed in."],
    )
