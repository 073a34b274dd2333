"""Staff who try what their role does not allow are refused, change nothing, and leave a row in the audit log (fault 40)."""

from __future__ import annotations

import pytest

from account.models import Role
from audit.models import AuditEntry
from tests.security.undoing import undone
from tests.security.world import ROLES, SUPPORT, World

pytestmark = pytest.mark.django_db
LOW = sorted(ROLES - {Role.OWNER})


def refused_rows(world: World, who: str):
    return AuditEntry.objects.filter(actor_id=world.users[who].pk, outcome="refused")


@pytest.mark.parametrize("who", LOW)
def test_in_the_api(world, who):
    with undone():
        target = world.users[who].public_id
        answer = world.call(who, "PUT", f"/api/staff/{target}/roles/", {"roles": ["owner"]})
        assert answer.status_code == 403
        (row,) = refused_rows(world, who)
        assert (row.actor_kind, row.action) == ("staff", "security.access_refused")
        assert row.request_id == answer.headers["X-Request-ID"]


def test_a_price(world):
    with undone():
        path = f"/api/products/{world.single.slug}/"
        assert world.call(SUPPORT, "PATCH", path, {"price": "1.00"}).status_code == 403
        assert refused_rows(world, SUPPORT).count() == 1


@pytest.mark.parametrize("who", LOW)
def test_in_the_admin(world, who):
    with undone():
        target = f"/admin/account/user/{world.users[who].pk}/change/"
        assert world.browse(who, "POST", target, {"roles": ["owner"]}).status_code == 403
        assert refused_rows(world, who).exists()
