"""Roles: what they allow, who gives them, and that they count at once."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from account import roles, sessions, tokens
from account.backends import RoleBackend, permissions_for
from account.models import Role, User, UserRole
from account.permissions import EVERYTHING, GRANTS
from audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(person):
    user = person("owner@nexus.shop")
    roles.grant(user=user, role=Role.OWNER, by=None)
    return fresh(user)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def signed_in(user: User) -> dict[str, str]:
    session = sessions.open_session(user=user, device=sessions.Device())
    return {"Authorization": f"Bearer {tokens.pair(session)['access']}"}


def roles_of(user: User) -> set[str]:
    return set(UserRole.objects.filter(user=user).values_list("role", flat=True))


# --- what a role allows -----------------------------------------------------------------------


def test_every_role_stands_in_the_table_and_only_the_owner_may_everything():
    assert set(GRANTS) == set(Role)
    assert GRANTS[Role.OWNER] == EVERYTHING
    for role in set(Role) - {Role.OWNER}:
        assert GRANTS[role] < EVERYTHING
        assert roles.CHANGE_ROLES not in GRANTS[role], role
        assert "account.change_user" not in GRANTS[role], role


def test_support_only_looks():
    assert all(name.partition(".")[2].startswith("view_") for name in GRANTS[Role.SUPPORT])


@pytest.mark.parametrize("role", Role)
def test_a_role_allows_what_the_table_says_and_nothing_else(person, role):
    user = person()
    roles.grant(user=user, role=role, by=None)
    user = fresh(user)
    for name in EVERYTHING:
        assert user.has_perm(name) is (name in GRANTS[role]), name
    assert not user.has_perm("auth.change_group")
    assert not user.has_perm("account.delete_user")
    assert not user.has_perm("orders.view_order", object()), "no right on single objects"


def test_roles_add_up(person):
    user = person()
    roles.add_roles(user=user, roles=[Role.STOCK_KEEPER, Role.FINANCE], by=None)
    assert permissions_for(fresh(user)) == GRANTS[Role.STOCK_KEEPER] | GRANTS[Role.FINANCE]


def test_being_staff_groups_and_personal_permissions_grant_nothing(person):
    user = person(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    group = Group.objects.create(name="All")
    group.permissions.set(Permission.objects.all())
    user.groups.add(group)
    assert not fresh(user).has_perm("catalog.view_product")
    assert fresh(user).get_all_permissions() == set()
    assert not fresh(user).has_module_perms("catalog")


def test_asynchronous_code_gets_the_same_answers(person):
    clerk, superuser = person(is_staff=True), person("root@nexus.shop", is_superuser=True)
    clerk.user_permissions.set(Permission.objects.all())
    UserRole.objects.create(user=clerk, role=Role.SUPPORT)
    ask = async_to_sync
    for user in (fresh(clerk), fresh(superuser)):
        assert ask(user.aget_all_permissions)() == user.get_all_permissions()
        assert ask(user.aget_group_permissions)() == ask(user.aget_user_permissions)() == set()
        for name in EVERYTHING:
            assert ask(user.ahas_perm)(name) is user.has_perm(name), name
        assert ask(user.ahas_module_perms)("orders") is user.has_module_perms("orders")
    assert not ask(fresh(clerk).ahas_perm)("catalog.change_price")


@pytest.mark.parametrize("taken", ["is_staff", "is_active"])
def test_a_role_without_being_staff_or_active_is_worth_nothing(person, taken):
    user = person()
    roles.grant(user=user, role=Role.ORDER_DESK, by=None)
    User.objects.filter(pk=user.pk).update(**{taken: False})
    assert not fresh(user).has_perm("orders.view_order")


def test_a_disabled_superuser_may_nothing(person):
    user = person(is_staff=True, is_superuser=True, is_active=False)
    assert not user.has_perm("orders.view_order")
    assert permissions_for(user) == frozenset()


def test_a_role_of_another_release_is_no_error_and_no_right(person):
    user = person(is_staff=True)
    user.__dict__["_roles"] = frozenset({"astronaut", "support"})
    assert permissions_for(user) == GRANTS[Role.SUPPORT]


def test_the_database_knows_the_roles(person):
    user = person()
    with pytest.raises(IntegrityError), transaction.atomic():
        UserRole.objects.create(user=user, role="astronaut")


def test_staff_cost_one_query_and_customers_none(person, django_assert_num_queries):
    customer, clerk = person(), person("clerk@nexus.shop")
    roles.add_roles(user=clerk, roles=[Role.SUPPORT, Role.FINANCE], by=None)
    clerk = fresh(clerk)
    with django_assert_num_queries(0):
        assert not customer.has_perm("orders.view_order")
        assert not RoleBackend().has_module_perms(customer, "orders")
    with django_assert_num_queries(1):
        for name in EVERYTHING:
            clerk.has_perm(name)
        clerk.has_module_perms("orders")


# --- it counts at once ------------------------------------------------------------------------


def test_a_change_counts_at_the_next_request(api, person, owner):
    user = person()
    header = signed_in(user)

    def status():
        return api.get("/api/staff/", headers=header).status_code

    assert status() == 403
    roles.grant(user=user, role=Role.OWNER, by=owner)
    assert status() == 200
    me = api.get("/api/auth/me/", headers=header).json()
    assert (me["is_staff"], me["roles"]) == (True, ["owner"])
    assert me["permissions"] == sorted(EVERYTHING)
    roles.revoke(user=user, role=Role.OWNER, by=owner)
    assert status() == 403
    me = api.get("/api/auth/me/", headers=header).json()
    assert (me["is_staff"], me["roles"], me["permissions"]) == (False, [], [])


def test_customers_read_their_profile_without_a_query_for_roles(api, person):
    header = signed_in(person())
    from django.db import connection

    with CaptureQueriesContext(connection) as seen:
        assert api.get("/api/auth/me/", headers=header).status_code == 200
    assert not [query for query in seen.captured_queries if "account_userrole" in query["sql"]]


# --- giving and taking ------------------------------------------------------------------------


def test_the_person_is_told_and_it_is_written_down(person, owner, mailbox):
    user = person()
    before = len(mailbox())
    assert roles.add_roles(user=user, roles=[Role.FINANCE, Role.SUPPORT], by=owner)
    assert fresh(user).is_staff
    (letter,) = mailbox()[before:]
    assert letter.recipient == user.email
    assert "Finance, Support (read only)" in letter.text
    rows = AuditEntry.objects.filter(action="role.granted", target_public_id=str(user.public_id))
    assert {row.details["role"] for row in rows} == {"finance", "support"}
    assert roles.set_roles(user=user, roles=[], by=owner)
    assert not fresh(user).is_staff
    assert roles_of(user) == set()
    assert "no role" in mailbox()[-1].text
    assert AuditEntry.objects.filter(action="role.revoked").count() == 2


def test_what_is_so_already_changes_nothing_and_tells_nobody(person, owner, mailbox):
    user = person()
    assert roles.grant(user=user, role=Role.SUPPORT, by=owner)
    before, entries = len(mailbox()), AuditEntry.objects.count()
    assert not roles.grant(user=user, role=Role.SUPPORT, by=owner)
    assert not roles.revoke(user=user, role=Role.FINANCE, by=owner)
    assert not roles.set_roles(user=user, roles=[Role.SUPPORT], by=owner)
    assert (len(mailbox()), AuditEntry.objects.count()) == (before, entries)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER}))
def test_nobody_but_an_owner_gives_or_takes_roles(person, owner, role):
    clerk, other = person("clerk@nexus.shop"), person()
    roles.grant(user=clerk, role=role, by=owner)
    roles.grant(user=other, role=Role.SUPPORT, by=owner)
    for target in (clerk, other, owner):
        for wished in Role:
            with pytest.raises(PermissionDenied):
                roles.grant(user=target, role=wished, by=fresh(clerk))
            with pytest.raises(PermissionDenied):
                roles.revoke(user=target, role=wished, by=fresh(clerk))
    assert (roles_of(clerk), roles_of(other), roles_of(owner)) == ({role}, {"support"}, {"owner"})


def test_nobody_gives_what_they_do_not_have(person, owner, permit):
    half, other = permit(person("half@nexus.shop", is_staff=True), "change_userrole"), person()
    import account.roles as module
    from account import backends

    # What `permit` says must hold for the verb, too.
    original, module.permissions_for = module.permissions_for, backends.permissions_for
    try:
        with pytest.raises(roles.MayNotGrant):
            roles.grant(user=other, role=Role.SUPPORT, by=half)
        with pytest.raises(roles.MayNotGrant):
            roles.revoke(user=owner, role=Role.OWNER, by=half)
    finally:
        module.permissions_for = original
    assert (roles_of(other), roles_of(owner)) == (set(), {"owner"})


def test_only_superusers_touch_superusers(person, owner):
    root = person("root@nexus.shop", is_staff=True, is_superuser=True)
    with pytest.raises(roles.MayNotGrant):
        roles.grant(user=root, role=Role.SUPPORT, by=owner)
    assert roles.grant(user=root, role=Role.SUPPORT, by=root)
    assert roles.set_roles(user=root, roles=[], by=root)
    assert fresh(root).is_staff, "a superuser stays staff without a role"


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"email_verified_at": None}], ids=["closed", "unproved"]
)
def test_closed_and_unproved_accounts_get_no_role(person, owner, fields):
    user = person(**fields)
    with pytest.raises(roles.CannotWorkHere):
        roles.grant(user=user, role=Role.SUPPORT, by=owner)
    assert roles_of(user) == set()
    assert not fresh(user).is_staff


def test_the_roles_of_a_closed_account_can_be_taken(person, owner):
    user = person()
    roles.grant(user=user, role=Role.SUPPORT, by=owner)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert roles.revoke(user=user, role=Role.SUPPORT, by=owner)


# --- the last owner ---------------------------------------------------------------------------


def test_the_last_owner_stays(person, owner):
    for by in (owner, None):
        with pytest.raises(roles.LastOwner):
            roles.revoke(user=owner, role=Role.OWNER, by=by)
        with pytest.raises(roles.LastOwner):
            roles.set_roles(user=owner, roles=[Role.FINANCE], by=by)
    assert roles_of(owner) == {"owner"}
    with pytest.raises(roles.LastOwner), transaction.atomic():
        roles.refuse_to_lose_last_owner(user=owner)


def test_an_owner_who_cannot_sign_in_does_not_count(person, owner):
    second = person("second@nexus.shop")
    roles.grant(user=second, role=Role.OWNER, by=owner)
    User.objects.filter(pk=second.pk).update(is_active=False)
    with pytest.raises(roles.LastOwner):
        roles.revoke(user=owner, role=Role.OWNER, by=owner)
    assert roles.revoke(user=second, role=Role.OWNER, by=owner), "nobody is lost with that one"


@pytest.mark.parametrize("other", ["owner", "superuser"])
def test_with_another_owner_one_may_go(person, owner, other):
    if other == "owner":
        roles.grant(user=person("second@nexus.shop"), role=Role.OWNER, by=owner)
    else:
        person("root@nexus.shop", is_staff=True, is_superuser=True)
    with transaction.atomic():
        roles.refuse_to_lose_last_owner(user=owner)
    assert roles.revoke(user=owner, role=Role.OWNER, by=owner)
    assert not fresh(owner).is_staff


def test_whoever_owns_nothing_may_always_go(person, owner):
    with transaction.atomic():
        roles.refuse_to_lose_last_owner(user=person())
