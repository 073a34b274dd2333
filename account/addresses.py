"""The address book: where people like things to be brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from account.models import Address, User
from account.services import lock_user
from common.errors import Conflict, Invalid, NotFound, invalid_field
from common.transactions import require_transaction

MOST_ADDRESSES = 50  # for one person

# What an order keeps of an address, under the names that its `shipping_address` has.
TEXTS = (
    "name", "first_name", "last_name", "company", "phone", "country", "note", *Address.PLACES,
)  # fmt: skip


class TooManyAddresses(Conflict):
    """The address book is full: 50 addresses."""

    code = "too_many_addresses"
    title = "The address book is full"


class EmptyAddress(Invalid):
    """The address does not say where it is: a city, a landmark or a pin would."""

    code = "empty_address"
    title = "Where is it?"


def add_address(*, user: User, fields: Mapping[str, Any]) -> Address:
    """Write an address into somebody's book. The first one is the default, whatever `fields` say.

    Raises:
        TooManyAddresses, EmptyAddress
        Invalid: half of a pin.
    """
    address = Address(user=user, **fields)
    _refuse_nowhere(address)
    with transaction.atomic():
        lock_user(user.pk)
        others = Address.objects.filter(user=user)
        count = others.count()
        if count >= MOST_ADDRESSES:
            raise TooManyAddresses(f"Delete one first: {MOST_ADDRESSES} are the most.")
        if count == 0:
            address.is_default = True
        if address.is_default:
            others.filter(is_default=True).update(is_default=False)
        address.save()
    address.refresh_from_db(fields=["created_at", "updated_at"])
    return address


def change_address(*, user: User, address_id: UUID, fields: Mapping[str, Any]) -> Address:
    """Change what `fields` names. Making it the default makes the present default an ordinary one.

    Raises:
        NotFound: there is none, or it is somebody else's.
        EmptyAddress
        Invalid: half of a pin.
    """
    with transaction.atomic():
        lock_user(user.pk)
        address = find_address(user=user, address_id=address_id)
        for name, value in fields.items():
            setattr(address, name, value)
        _refuse_nowhere(address)
        if address.is_default:
            others = Address.objects.filter(user=user, is_default=True).exclude(pk=address.pk)
            others.update(is_default=False)
        address.updated_at = timezone.now()
        address.save(update_fields=[*fields, "updated_at"])
    return address


def delete_address(*, user: User, address_id: UUID) -> None:
    """Forget an address. Orders keep their own copy. When the default goes, there is none until one is chosen.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    with transaction.atomic():
        lock_user(user.pk)  # nobody who compares it with what they read is surprised
        deleted, _ = Address.objects.filter(user=user, public_id=address_id).delete()
    if not deleted:
        raise NotFound("There is no such address, or it is not yours.")


def lock_for_edit(*, user: User, address_id: UUID) -> Address:
    """One of somebody's own addresses, locked with its owner as every verb above does.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    require_transaction()
    lock_user(user.pk)
    return find_address(user=user, address_id=address_id)


def find_address(*, user: User, address_id: UUID) -> Address:
    """One of somebody's own addresses.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    address = Address.objects.filter(user=user, public_id=address_id).first()
    if address is None:
        raise NotFound("There is no such address, or it is not yours.")
    return address


def as_shipping_address(address: Address) -> dict[str, Any]:
    """What an order copies: the fields that say something, under the names of its `shipping_address`."""
    copied: dict[str, Any] = {
        name: value for name in TEXTS if (value := getattr(address, name)) != ""
    }
    if address.latitude is not None and address.longitude is not None:
        copied |= {"latitude": float(address.latitude), "longitude": float(address.longitude)}
    return copied


def _refuse_nowhere(address: Address) -> None:
    has_pin = address.latitude is not None
    if has_pin != (address.longitude is not None):
        missing = "longitude" if has_pin else "latitude"
        raise invalid_field(missing, "required", "A pin has a latitude and a longitude.")
    if not has_pin and not any(getattr(address, name) for name in Address.PLACES):
        detail = "Say where it is: a city, a street, a landmark, or a pin on the map."
        raise EmptyAddress(
            detail, errors=[{"field": "landmark", "code": EmptyAddress.code, "detail": detail}]
        )
