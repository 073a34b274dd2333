"""The verbs of prices: added, ended, and while they are still to come changed or deleted.

What a price was is never rewritten. Every verb locks the products first, in the order of their ids, as whoever changes a
product does; two writers of one price then meet at the exclusion constraint. Prices begin and end by the database's clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from catalog.models import RETAIL, Price, Product, Variant
from catalog.price_refusals import (
    BY_CONSTRAINT,
    BeginsInThePast,
    EndsTooEarly,
    NoSuchPrice,
    NoSuchPriceList,
    PriceHasBegun,
    PriceHasEnded,
    PriceHasNotBegun,
    SaleAboveRegular,
)
from catalog.prices import currency_key, currency_of, known_currencies, regular_prices_of
from catalog.refusals import refusing_conflicts
from common.errors import Refusal, invalid_field
from common.money import Money, has_minor_units_of
from common.transactions import transaction_time

MAX_AT_ONCE = 1_000
_WHAT_IT_IS_FOR = ("variant_id", "currency", "is_sale", "min_quantity")


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price to be written.

    Args:
        amount: in major units of its currency, tax included.
        valid_from: None: now. valid_until: exclusive; None: until further notice.
    """

    variant_id: int
    amount: Money
    is_sale: bool = False
    min_quantity: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def add_price(*, new: NewPrice, price_list_id: int = RETAIL) -> Price:
    """Add a price to a list.

    Raises:
        PriceOverlaps: such a price holds for a part of that time.
        BeginsInThePast, EndsTooEarly, SaleAboveRegular, NoSuchPriceList.
        common.errors.Invalid: the currency has no such amount, or is not sold in.
    """
    with transaction.atomic():
        _find_list(price_list_id)
        _lock_products([new.variant_id])
        row = _row(new, price_list_id, now=transaction_time())
        _refuse_false_sales([row])
        with refusing_conflicts(BY_CONSTRAINT):
            row.save(force_insert=True)
    return row


def change_price(*, price_id: int, changes: Mapping[str, Any]) -> Price:
    """Change a price that is still to come: `amount` (Money), `min_quantity`, `is_sale`, `valid_from`, `valid_until`.

    Raises:
        PriceHasBegun: it is history. The others as for `add_price`.
    """
    with transaction.atomic():
        price = lock_price(price_id)
        now = transaction_time()
        if price.valid_from <= now:
            raise PriceHasBegun
        wanted = NewPrice(
            variant_id=price.variant_id,
            amount=Money(price.amount, currency_of(price.currency)),
            is_sale=price.is_sale,
            min_quantity=price.min_quantity,
            valid_from=price.valid_from,
            valid_until=price.valid_until,
        )
        fresh = _row(replace(wanted, **changes), price.price_list_id, now=now)
        fresh.pk = price.pk
        fresh.created_at = price.created_at
        _refuse_false_sales([fresh])
        with refusing_conflicts(BY_CONSTRAINT):
            fresh.save(force_update=True)
    return fresh


def delete_price(*, price_id: int) -> None:
    """Delete a price that is still to come.

    Raises:
        PriceHasBegun: it is history.
    """
    with transaction.atomic():
        price = lock_price(price_id)
        if price.valid_from <= transaction_time():
            raise PriceHasBegun
        price.delete()


def end_price(*, price_id: int, at: datetime | None = None) -> Price:
    """End a price that holds: now, or sooner than it would have ended.

    Raises:
        PriceHasNotBegun, PriceHasEnded: it does not hold.
        EndsTooEarly: `at` is in the past.
    """
    with transaction.atomic():
        price = lock_price(price_id)
        now = transaction_time()
        if price.valid_from > now:
            raise PriceHasNotBegun
        if price.valid_until is not None and price.valid_until <= now:
            raise PriceHasEnded
        if at is not None and at < now:
            raise EndsTooEarly
        end = at or now
        if price.valid_until is not None and end > price.valid_until:
            raise PriceHasBegun("A price that has begun can end sooner, not later: add another.")
        price.valid_until = end
        with refusing_conflicts(BY_CONSTRAINT):
            price.save(update_fields=["valid_until"])
    return price


def set_prices(
    *, price_list_id: int, wanted: Sequence[NewPrice], ended: Collection[int] = ()
) -> int:
    """Make these the prices of a list, each for its time: what holds then is ended or cut off, what would begin then goes.

    A price that is so already stays, so that the same call can be made twice. A number of statements that does not grow
    with the number of prices.

    Args:
        wanted: at most 1,000, each for another variant, currency, quantity or kind.
        ended: the places of those that nothing takes the place of; their amount does not matter.

    Returns:
        How many differed.

    Raises:
        As for `add_price`, with the place in the field: `prices.3.price`. Nothing is written then.
    """
    with transaction.atomic():
        _find_list(price_list_id)
        _lock_products({new.variant_id for new in wanted})
        now = transaction_time()
        rows = []
        for place, new in enumerate(wanted):
            with _placed(place):
                rows.append(_row(new, price_list_id, now=now))
        _refuse_repetition(rows)
        _refuse_false_sales(rows, besides=ended, numbered=True)
        present: dict[tuple[Any, ...], list[Price]] = defaultdict(list)
        for price in Price.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=now),
            price_list_id=price_list_id,
            variant_id__in={new.variant_id for new in wanted},
        ).order_by("valid_from"):
            present[_key(price)].append(price)
        plan = _Plan()
        for place, row in enumerate(rows):
            plan.replace(row, present[_key(row)], nothing=place in ended)
        plan.write()
    return plan.changed


class _Plan:
    """What `set_prices` deletes, cuts off and inserts."""

    def __init__(self) -> None:
        self.deleted: list[int] = []
        self.cut: list[Price] = []
        self.inserted: list[Price] = []
        self.changed = 0

    def replace(self, row: Price, present: Iterable[Price], *, nothing: bool) -> None:
        """Make `row` the price from its beginning to its end; with `nothing`, none."""
        since, until = row.valid_from, row.valid_until
        touched = False
        for old in present:
            if (old.valid_until is not None and old.valid_until <= since) or (
                until is not None and old.valid_from >= until
            ):
                continue
            same_end = old.valid_until == until
            if not nothing and old.amount == row.amount and old.valid_from <= since and same_end:
                return
            touched = True
            if until is not None and (old.valid_until is None or old.valid_until > until):
                self.inserted.append(_copy(old, since=until))
            if old.valid_from < since:
                old.valid_until = since
                self.cut.append(old)
            else:
                self.deleted.append(old.pk)
        if not nothing:
            self.inserted.append(row)
        self.changed += touched or not nothing

    def write(self) -> None:
        Price.objects.filter(pk__in=self.deleted).delete()
        with refusing_conflicts(BY_CONSTRAINT):
            Price.objects.bulk_update(self.cut, ["valid_until"])
            Price.objects.bulk_create(self.inserted)


# --- steps ------------------------------------------------------------------------------------


def _lock_products(variant_ids: Collection[int]) -> None:
    of = Variant.objects.filter(pk__in=variant_ids).values("product_id")
    list(
        Product.objects.filter(pk__in=of)
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("pk")
    )


def lock_price(price_id: int) -> Price:
    """The price, locked, and its product.

    Raises:
        NoSuchPrice
    """
    found = Price.objects.filter(pk=price_id)
    _lock_products(list(found.values_list("variant_id", flat=True)))
    price = found.select_for_update(no_key=True).first()
    if price is None:
        raise NoSuchPrice("There is no such price.")
    return price


def _find_list(price_list_id: int) -> None:
    """Make sure that the list is there and stays; before products are locked, as whoever deletes it does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM catalog_pricelist WHERE id = %s FOR KEY SHARE", [price_list_id])
        if not cursor.rowcount:
            raise NoSuchPriceList


def _row(new: NewPrice, price_list_id: int, *, now: datetime) -> Price:
    """The row of a price, checked as far as it alone can be."""
    amount, currency = new.amount.amount, new.amount.currency
    if currency not in known_currencies():
        raise invalid_field("price.currency", "invalid_choice", f"{currency} is not sold in.")
    if not has_minor_units_of(amount, currency):
        raise invalid_field("price", "decimals", f"{currency} has no such small change.")
    since = new.valid_from or now
    if since < now:
        raise BeginsInThePast
    if new.valid_until is not None and new.valid_until <= since:
        raise EndsTooEarly
    return Price(
        variant_id=new.variant_id,
        price_list_id=price_list_id,
        currency=currency_key(currency),
        is_sale=new.is_sale,
        min_quantity=new.min_quantity,
        amount=amount,
        valid_from=since,
        valid_until=new.valid_until,
    )


def _refuse_false_sales(
    rows: Sequence[Price], *, besides: Collection[int] = (), numbered: bool = False
) -> None:
    """A reduction needs a regular price, of the moment it begins, that it is not above."""
    by_list: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.is_sale and place not in besides:
            by_list[row.price_list_id, row.currency].append(place)
    for (price_list_id, currency), places in by_list.items():
        regular = regular_prices_of(
            [(rows[at].variant_id, rows[at].min_quantity, rows[at].valid_from) for at in places],
            price_list=price_list_id,
            currency=currency_of(currency),
        )
        for place, price in zip(places, regular, strict=True):
            with _placed(place) if numbered else nullcontext():
                if price is None:
                    raise SaleAboveRegular("There is no regular price that this would reduce.")
                if rows[place].amount > price:
                    raise SaleAboveRegular


def _refuse_repetition(rows: Sequence[Price]) -> None:
    seen = set()
    for place, row in enumerate(rows):
        if _key(row) in seen:
            raise invalid_field(f"prices.{place}", "repeated", "Say each price once.")
        seen.add(_key(row))


@contextmanager
def _placed(place: int) -> Iterator[None]:
    """Say which of many prices a refusal is about."""
    try:
        yield
    except Refusal as refusal:
        for error in refusal.errors:
            error["field"] = f"prices.{place}.{error['field']}"
        raise


def _key(price: Price) -> tuple[Any, ...]:
    return tuple(getattr(price, name) for name in _WHAT_IT_IS_FOR)


def _copy(price: Price, *, since: datetime) -> Price:
    return Price(
        price_list_id=price.price_list_id, amount=Decimal(price.amount), valid_from=since,
        valid_until=price.valid_until, **dict(zip(_WHAT_IT_IS_FOR, _key(price), strict=True)),
    )  # fmt: skip
