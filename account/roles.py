"""Who works here: giving and taking roles. `account.permissions` says what each role may do."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from account import letters
from account.backends import permissions_for
from account.models import Role, User, UserRole
from account.permissions import EVERYTHING, GRANTS, PERMISSIONS
from audit.services import record
from common.errors import Conflict, Kind, Refusal
from common.ids import uuid7
from common.transactions import require_transaction

__all__ = [
    "EVERYTHING", "GRANTS", "PERMISSIONS", "CannotWorkHere", "LastOwner", "MayNotGrant", "add_roles", "demote_superuser",
    "grant",    "refuse_to_lose_last_owner", "revoke", "set_roles", "staff",
]  # fmt: skip

CHANGE_ROLES = "account.change_userrole"


class LastOwner(Conflict):
    """Somebody has to own the shop: make another person its owner first."""

    code = "last_owner"
    title = "The last owner stays"


class CannotWorkHere(Conflict):
    """Roles are for people whose account is open and who have proved their address or telephone number."""

    code = "cannot_work_here"
    title = "This account cannot have a role"


class MayNotGrant(Refusal):
    """Nobody gives or takes a role that may do more than they may themselves, or touches who owns the whole installation."""

    kind = Kind.FORBIDDEN
    code = "may_not_grant"
    title = "You may not give or take this role"


def grant(*, user: User, role: Role, by: User | None) -> bool:
    """Give a role. See `set_roles` for who may, and what is refused.

    Returns:
        Whether the person did not have it before.
    """
    return _change(user, give={role}, by=by)


def add_roles(*, user: User, roles: Collection[Role], by: User | None) -> bool:
    """Give several roles beside those there are, by one decision and one letter. Refusals as `set_roles`."""
    return _change(user, give=set(roles), by=by)


def revoke(*, user: User, role: Role, by: User | None) -> bool:
    """Take a role away. See `set_roles` for who may, and what is refused.

    Returns:
        Whether the person had it.
    """
    return _change(user, take={role}, by=by)


def set_roles(*, user: User, roles: Collection[Role], by: User | None) -> bool:
    """Make these the person's roles, all of them and no other. It counts at the next request; the person gets a letter.

    Args:
        by: who decides; None is an operator on the command line, who may do everything.

    Returns:
        Whether anything changed.

    Raises:
        PermissionDenied: `by` may not change roles (any more).
        MayNotGrant: the role may do more than `by`, or the person is a superuser and `by` is not.
        CannotWorkHere: the account is closed, or nobody has proved yet that the address is theirs.
        LastOwner: nobody would own the shop.
    """
    return _change(user, give=set(roles), take=set(Role) - set(roles), by=by)


def demote_superuser(*, user: User) -> bool:
    """Take away what the command line gave; for the command line. Their roles stay.

    Returns:
        Whether they were a superuser.

    Raises:
        LastOwner: nobody would own the shop.
    """
    with transaction.atomic():
        target = _lock_with_owners(user.pk)[user.pk]
        if not target.is_superuser:
            return False
        target.is_superuser = False
        target.is_staff = UserRole.objects.filter(user=target).exists()
        target.save(update_fields=["is_superuser", "is_staff"])
        if not User.objects.filter(_owners(), is_active=True).exists():
            raise LastOwner("Nobody would own the shop. Make somebody else its owner first.")
        record(
            action="role.revoked", target=f"user:{target.public_id}", details={"role": "superuser"}
        )
    return True


def staff() -> QuerySet[User]:
    """Everybody who works here, with or without a role, the open accounts and the closed."""
    return User.objects.filter(
        Q(is_staff=True)
        | Q(is_superuser=True)
        | Exists(UserRole.objects.filter(user=OuterRef("pk")))
    ).prefetch_related("roles")


def lock_for_edit(*, user: User, by: User | None = None) -> User:
    """A person, locked together with whomever the verbs here lock; for a change that rests on what was read.

    Raises:
        User.DoesNotExist
    """
    require_transaction()
    found = _lock_with_owners(user.pk, by.pk if by else None).get(user.pk)
    if found is None:
        raise User.DoesNotExist
    return found


def refuse_to_lose_last_owner(*, user: User) -> None:
    """For verbs that close or delete an account. The caller holds a transaction, and has not locked the user yet.

    Raises:
        LastOwner
    """
    _lock_with_owners(user.pk)
    _refuse_to_lose_last_owner(user.pk)


def _change(
    user: User, *, by: User | None, give: Collection[Role] = (), take: Collection[Role] = ()
) -> bool:
    with transaction.atomic():
        locked = _lock_with_owners(user.pk, by.pk if by else None)
        target = locked[user.pk]
        had = set(UserRole.objects.filter(user=target).values_list("role", flat=True))
        given = sorted(role for role in give if role not in had)
        taken = sorted(role for role in take if role in had)
        if by is not None:
            _refuse_beyond(by=locked.get(by.pk), target=target, roles=[*given, *taken])
        if not given and not taken:
            return False
        if given and not _can_work_here(target):
            raise CannotWorkHere(
                "Let them sign in first, with an address or number that is proved to be theirs."
            )
        UserRole.objects.bulk_create(
            [UserRole(user=target, role=role, granted_by=by) for role in given]
        )
        UserRole.objects.filter(user=target, role__in=taken).delete()
        if Role.OWNER in taken:
            _refuse_to_lose_last_owner(target.pk, already_gone=True)
        _settle(target, has=(had | set(given)) - set(taken), given=given, taken=taken)
    return True


def _settle(target: User, *, has: set[str], given: list[Role], taken: list[Role]) -> None:
    target.is_staff = target.is_superuser or bool(has)
    target.save(update_fields=["is_staff"])
    person = f"user:{target.public_id}"
    for role in given:
        record(action="role.granted", target=person, details={"role": str(role)})
    for role in taken:
        record(action="role.revoked", target=person, details={"role": str(role)})
    names = [role.label for role in Role if role in has]
    letters.post_roles_changed(user=target, roles=names, occasion=str(uuid7()))


def _lock_with_owners(*user_ids: int | None) -> dict[int, User]:
    """These users and all owners, locked by their ids: of two owners who remove each other one waits, and sees."""
    wanted = _owners() | Q(pk__in=[user_id for user_id in user_ids if user_id is not None])
    rows = User.objects.filter(wanted).order_by("pk").select_for_update(no_key=True, of=("self",))
    return {user.pk: user for user in rows}


def _owners() -> Q:
    owns = UserRole.objects.filter(user=OuterRef("pk"), role=Role.OWNER)
    return Q(is_superuser=True) | Q(Exists(owns))


def _refuse_to_lose_last_owner(user_id: int, *, already_gone: bool = False) -> None:
    others = User.objects.filter(_owners(), is_active=True)
    if not already_gone:
        if not others.filter(pk=user_id).exists():
            return
        others = others.exclude(pk=user_id)
    if not others.exists():
        raise LastOwner("Nobody would own the shop. Make somebody else its owner first.")


def _refuse_beyond(*, by: User | None, target: User, roles: Collection[str]) -> None:
    """Look at the rights of `by` under the lock: they may have been taken while we waited."""
    rights = permissions_for(by)
    if by is None or CHANGE_ROLES not in rights:
        raise PermissionDenied
    if target.is_superuser and not by.is_superuser:
        raise MayNotGrant("Only the command line changes what a superuser is.")
    if any(not GRANTS[Role(role)] <= rights for role in roles):
        raise MayNotGrant("The role may do more than you may.")


def _can_work_here(user: User) -> bool:
    proved = user.email_verified_at is not None or user.phone_verified_at is not None
    return user.is_active and proved
