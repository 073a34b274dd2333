"""Who works here: taken on, given other roles, let go."""

from __future__ import annotations

from account import roles
from account.models import Role, User
from tests.contract.recorder import Recorder


def working_here(s: Recorder) -> None:
    """A customer becomes staff, and a customer again."""
    token = s.world.staff_token
    body = {"email": "dawit.lemma@example.com", "roles": ["order_desk"]}
    taken_on = s.call(
        "staff_add", "add", "Take somebody on",
        token=token, body=body, status=200, untold={"not_found"},
    )  # fmt: skip
    s.call(
        "staff_add", "unknown", "Nobody has this address: they register first",
        token=token, body={**body, "email": "nobody@example.com"}, status=404, code="not_found",
    )  # fmt: skip
    s.call(
        "staff_add", "invalid", "There is no such role",
        token=token, body={**body, "roles": ["astronaut"]}, status=400, code="invalid",
    )  # fmt: skip
    User.objects.create_user("yonas@example.com")
    s.call(
        "staff_add", "cannot_work_here", "Nobody has proved yet that the address is theirs",
        token=token, body={**body, "email": "yonas@example.com"},
        status=409, code="cannot_work_here",
    )  # fmt: skip
    s.call(
        "auth_me", "staff", "What staff may do: a front end shows these buttons and no other",
        token=s.world.token(User.objects.get(pk=s.world.dawit.pk)), status=200,
    )  # fmt: skip
    s.call(
        "staff_list",
        "list",
        "Who works here",
        token=token,
        status=200,
        untold={"permission_denied"},
    )
    s.call(
        "staff_list", "invalid", "There is no such ordering",
        token=token, query={"ordering": "salary"}, status=400, code="invalid",
    )  # fmt: skip
    at = {"public_id": taken_on["id"]}
    s.call("staff_retrieve", "show", "One of them", token=token, path=at, status=200)
    s.call(
        "staff_set_roles", "set", "Other roles, from the next request on",
        token=token, path=at, body={"roles": ["finance", "support"]}, status=200,
    )  # fmt: skip
    s.call(
        "staff_set_roles", "invalid", "The roles are missing",
        token=token, path=at, body={}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "staff_set_roles", "end", "Their work here ends",
        token=token, path=at, body={"roles": []}, status=200,
    )  # fmt: skip


def limits_of_power(s: Recorder) -> None:
    """Who gives roles cannot give everything, nor take it."""
    roles.grant(user=s.world.clerk, role=Role.OWNER, by=None)
    clerk = User.objects.get(pk=s.world.clerk.pk)
    token, root = s.world.token(clerk), {"public_id": str(s.world.owner.public_id)}
    s.call(
        "staff_set_roles", "may_not_grant", "Only the command line changes what a superuser is",
        token=token, path=root, body={"roles": ["support"]}, status=403, code="may_not_grant",
    )  # fmt: skip
    s.call(
        "staff_add", "may_not_grant", "The same, by address",
        token=token, body={"email": s.world.owner.email, "roles": ["support"]},
        status=403, code="may_not_grant",
    )  # fmt: skip
    User.objects.filter(pk=s.world.owner.pk).update(is_superuser=False)
    s.call(
        "staff_set_roles", "last_owner", "Somebody has to own the shop",
        token=token, path={"public_id": str(clerk.public_id)}, body={"roles": ["support"]},
        status=409, code="last_owner",
    )  # fmt: skip
    User.objects.filter(pk=s.world.hana.pk).update(is_active=False)
    s.call(
        "staff_set_roles", "cannot_work_here", "The account is closed",
        token=token, path={"public_id": str(s.world.hana.public_id)}, body={"roles": ["support"]},
        status=409, code="cannot_work_here",
    )  # fmt: skip
    s.call(
        "staff_list", "not_allowed", "Customers do not see it",
        token=s.world.customer_token, status=403, code="permission_denied",
    )  # fmt: skip


STORIES = [working_here, limits_of_power]
