"""The audit log, as those who may read it see it."""

from __future__ import annotations

from account.models import ApiKey
from audit.models import AuditEntry
from tests.contract.recorder import Recorder


def read_log(s: Recorder) -> None:
    """A price was changed: by whom?"""
    AuditEntry.objects.create(
        pk=5001, actor_kind="staff", actor_id=s.world.owner.pk, address="196.188.1.10", request_id="an-invented-request-id",
        action="variant.updated", target_table="catalog_variant", target_id="201", target_public_id="YRG-W-500",
        changes={"price": {"from": "850.00", "to": "790.00"}}, details={"product_id": 101},
    )  # fmt: skip
    till = ApiKey.objects.create(name="Till", scopes=["orders:read"])
    AuditEntry.objects.create(
        pk=5002, actor_kind="key", key_id=till.pk, actor_name="Till", address="196.188.1.11",
        request_id="another-invented-id", action="user.updated", target_table="account_user", target_id="7",
        target_public_id=str(s.world.hana.public_id), changes={"phone": {"changed": True}},
    )  # fmt: skip
    token = s.world.staff_token
    s.call(
        "audit_list", "prices", "Who changed this price, and what was it before",
        token=token, query={"target": "YRG-W-500", "action": "variant.updated"}, status=200,
    )  # fmt: skip
    s.call(
        "audit_list", "person", "What happened to a person: that it changed, not into what",
        token=token, query={"target": str(s.world.hana.public_id), "action": "user.updated"}, status=200,
    )  # fmt: skip
    s.call(
        "audit_list", "invalid", "There is no such outcome",
        token=token, query={"outcome": "lost"}, status=400, code="invalid",
    )  # fmt: skip


STORIES = [read_log]
