"""Who may do what: Django's question, answered from the role table."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend

from account.models import User, UserRole
from account.permissions import EVERYTHING, permissions_of

_CACHE = "_roles"


class RoleBackend(ModelBackend):
    """Checks passwords as Django does, and permissions by `account.permissions` alone.

    Django's groups and personal permissions grant nothing here: two places that grant are one too many to review. Roles are
    read once per request, and only for staff: a role that is given or taken counts at the next request. `is_staff` by itself
    grants nothing.
    """

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set() if obj is not None else set(permissions_for(user_obj))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return obj is None and perm in permissions_for(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in permissions_for(user_obj))

    # Django's asynchronous twins do not ask the methods above: left alone, they would look at groups again.

    async def aget_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    async def aget_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    async def aget_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return await sync_to_async(self.get_all_permissions)(user_obj, obj)

    async def ahas_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return await sync_to_async(self.has_perm)(user_obj, perm, obj)

    async def ahas_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return await sync_to_async(self.has_module_perms)(user_obj, app_label)


def roles_for(user: Any) -> frozenset[str]:
    """The roles of a user, read once per user object; none for who is no active member of staff."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return frozenset()
    if _CACHE not in user.__dict__:
        found = UserRole.objects.filter(user=user).values_list("role", flat=True)
        user.__dict__[_CACHE] = frozenset(found)
    return user.__dict__[_CACHE]  # type: ignore[no-any-return]


def permissions_for(user: Any) -> frozenset[str]:
    """Everything the user may do. A superuser, made on the command line only, owns the shop."""
    if isinstance(user, User) and user.is_active and user.is_superuser:
        return EVERYTHING
    return permissions_of(roles_for(user))


def works_here(user: Any) -> bool:
    """Whether there is anything in the admin for this user: staff with a role, or a superuser."""
    return bool(user.is_active and user.is_staff and (user.is_superuser or roles_for(user)))
