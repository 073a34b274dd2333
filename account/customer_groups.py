"""Groups of customers, and who is in which: a customer is in one group or in none. What a group pays is the catalogue's."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet

from account.models import CustomerGroup, User
from account.services import lock_user
from common.errors import Conflict, NotFound


class GroupNameTaken(Conflict):
    """Another group has this name."""

    code = "group_name_taken"
    title = "Another group has this name"


class GroupInUse(Conflict):
    """A price list is for this group: delete that first."""

    code = "group_in_use"
    title = "A price list is for this group"


class NoSuchGroup(NotFound):
    """There is no such group."""


class NoSuchCustomer(NotFound):
    """Nobody has such an account, or nobody has proved to own this address."""


def create_group(*, name: str) -> CustomerGroup:
    """Make a group, with nobody in it.

    Raises:
        GroupNameTaken
    """
    return _write(CustomerGroup(name=name), insert=True)


def rename_group(*, group_id: int, name: str) -> CustomerGroup:
    """Give a group another name.

    Raises:
        NoSuchGroup, GroupNameTaken
    """
    with transaction.atomic():
        group = lock_group(group_id)
        group.name = name
        return _write(group, insert=False)


def delete_group(*, group_id: int) -> None:
    """Delete a group; its customers are in none then, and pay what everybody pays.

    Raises:
        NoSuchGroup; GroupInUse: it has a price list.
    """
    with transaction.atomic():
        group = lock_group(group_id)
        try:
            group.delete()
        except ProtectedError:
            raise GroupInUse from None


def put_customer(*, user_id: int, group_id: int | None) -> User:
    """Put somebody into a group, out of any other; with None, out of theirs. It counts from their next request.

    Raises:
        NoSuchGroup, NoSuchCustomer
    """
    with transaction.atomic():
        if group_id is not None:
            lock_group(group_id)
        lock_user(user_id)
        user = customers().filter(pk=user_id).first()
        if user is None:
            raise NoSuchCustomer("There is no such customer.")
        if user.customer_group_id != group_id:
            user.customer_group_id = group_id
            user.save(update_fields=["customer_group"])
    return user


def customers() -> QuerySet[User]:
    """Who can be in a group: accounts that were not erased."""
    return User.objects.filter(erased_at__isnull=True)


def customer_by_email(address: str) -> User:
    """Who has proved to own this address. An unproved one gets nobody a discount.

    Raises:
        NoSuchCustomer
    """
    found = customers().filter(
        pk__in=User.objects.with_email(address), email_verified_at__isnull=False
    )
    user = found.first()
    if user is None:
        raise NoSuchCustomer("Nobody has proved to own this address.")
    return user


def lock_group(group_id: int) -> CustomerGroup:
    """The group, locked.

    Raises:
        NoSuchGroup
    """
    group = CustomerGroup.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    if group is None:
        raise NoSuchGroup("There is no such group.")
    return group


def _write(group: CustomerGroup, *, insert: bool) -> CustomerGroup:
    try:
        with transaction.atomic():
            group.save(force_insert=insert, force_update=not insert)
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", None) != "customer_group_name_is_unique":
            raise
        raise GroupNameTaken(
            errors=[{"field": "name", "code": GroupNameTaken.code, "detail": GroupNameTaken.title}]
        ) from error
    if insert:
        group.refresh_from_db()
    return group
