"""The outbox in the admin."""

from __future__ import annotations

import pytest

from account.models import User
from events.models import Letter

pytestmark = pytest.mark.django_db


def test_a_filter_does_not_tell_the_texts_that_the_page_hides(client, permit):
    clerk = User.objects.create_user("clerk@nexus.shop", is_staff=True)
    permit(clerk, "view_letter")
    client.force_login(clerk)
    Letter.objects.create(recipient="owner@nexus.shop", subject="x", text="abc", html="abc")

    assert client.get("/admin/events/letter/?channel__exact=email").status_code == 200
    for lookup in ("text__startswith", "text", "html__regex", "text__contains"):
        answer = client.get("/admin/events/letter/", {lookup: "a"})
        assert answer.status_code == 400, lookup
        assert b"owner@nexus.shop" not in answer.content
