"""Two owners who remove each other, on real connections. The control takes the locks away and is lost."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from account import roles
from account.models import Role, User, UserRole

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owners(person):
    both = [person(f"owner{n}@nexus.shop") for n in range(2)]
    for user in both:
        roles.grant(user=user, role=Role.OWNER, by=None)
    return both


def left() -> int:
    return UserRole.objects.filter(role=Role.OWNER, user__is_active=True).count()


def remove_each_other(owners, at_once):
    def call(index):
        try:
            roles.revoke(user=owners[1 - index], role=Role.OWNER, by=owners[index])
        except (roles.LastOwner, PermissionDenied) as refusal:
            return type(refusal)
        return None

    return at_once(2, call)


def test_of_two_who_remove_each_other_one_stays(owners, at_once):
    for _ in range(5):
        for user in owners:
            roles.grant(user=user, role=Role.OWNER, by=None)
        outcomes = remove_each_other(owners, at_once)
        assert outcomes.count(None) == 1, outcomes
        assert left() == 1


def test_of_two_who_leave_at_once_one_stays(owners, at_once):
    def leave(index):
        try:
            roles.revoke(user=owners[index], role=Role.OWNER, by=owners[index])
        except roles.LastOwner:
            return False
        return True

    assert sorted(at_once(2, leave)) == [False, True]
    assert left() == 1


def test_leaving_and_closing_the_other_account_at_once(owners, at_once):
    def close():
        with transaction.atomic():
            roles.refuse_to_lose_last_owner(user=owners[0])
            User.objects.filter(pk=owners[0].pk).update(is_active=False)

    def leave():
        roles.revoke(user=owners[1], role=Role.OWNER, by=owners[1])

    def call(index):
        try:
            (close, leave)[index]()
        except roles.LastOwner:
            return False
        return True

    assert sorted(at_once(2, call)) == [False, True]
    assert left() == 1


def test_control_without_the_locks_nobody_owns_the_shop(owners, at_once, monkeypatch):
    both_have_looked = threading.Barrier(2)
    usual = roles._refuse_to_lose_last_owner

    def without_locks(*user_ids):
        return {user.pk: user for user in User.objects.filter(pk__in=[i for i in user_ids if i])}

    def look_then_wait(*args, **kwargs):
        usual(*args, **kwargs)
        both_have_looked.wait(10)

    monkeypatch.setattr(roles, "_lock_with_owners", without_locks)
    monkeypatch.setattr(roles, "_refuse_to_lose_last_owner", look_then_wait)
    assert remove_each_other(owners, at_once) == [None, None]
    assert left() == 0


def test_a_role_given_twice_at_once_is_there_once(owners, person, at_once):
    user = person()

    def give(index):
        return roles.grant(user=user, role=Role.SUPPORT, by=owners[index % 2])

    assert sorted(at_once(6, give)) == [False] * 5 + [True]
    assert user.roles.count() == 1
