"""The verbs of price lists: one for each group of customers that pays prices of its own, beside the retail list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from account.models import CustomerGroup
from catalog.models import RETAIL, PriceList
from catalog.price_refusals import (
    BY_CONSTRAINT,
    NoSuchPriceListHere,
    RetailStays,
)
from catalog.refusals import refusing_conflicts


def create_price_list(*, name: str, group: CustomerGroup | None) -> PriceList:
    """Make a price list; while it says nothing, its group pays retail prices.

    Raises:
        PriceListTaken, GroupHasPriceList
    """
    price_list = PriceList(name=name, group=group)
    with refusing_conflicts(BY_CONSTRAINT):
        price_list.save(force_insert=True)
    price_list.refresh_from_db(fields=["created_at"])
    return price_list


def update_price_list(*, price_list_id: int, changes: Mapping[str, Any]) -> PriceList:
    """Change a list's `name` or `group`.

    Raises:
        NoSuchPriceListHere, PriceListTaken, GroupHasPriceList; RetailStays: the retail list belongs to no group.
    """
    with transaction.atomic():
        price_list = lock_price_list(price_list_id)
        if price_list_id == RETAIL and changes.get("group") is not None:
            raise RetailStays
        changed = [name for name, value in changes.items() if getattr(price_list, name) != value]
        for name in changed:
            setattr(price_list, name, changes[name])
        if changed:
            with refusing_conflicts(BY_CONSTRAINT):
                price_list.save(update_fields=changed)
    return price_list


def delete_price_list(*, price_list_id: int) -> None:
    """Delete a list with all its prices; its group pays retail prices then.

    Raises:
        NoSuchPriceListHere; RetailStays: not the retail list.
    """
    with transaction.atomic():
        price_list = lock_price_list(price_list_id)
        if price_list_id == RETAIL:
            raise RetailStays
        price_list.delete()


def lock_price_list(price_list_id: int) -> PriceList:
    """The list, locked against its end.

    Raises:
        NoSuchPriceListHere
    """
    price_list = PriceList.objects.select_for_update().filter(pk=price_list_id).first()
    if price_list is None:
        raise NoSuchPriceListHere("There is no such price list.")
    return price_list
