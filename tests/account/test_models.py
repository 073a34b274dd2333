"""What the database itself refuses."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from account.identifiers import email_key
from account.models import User

pytestmark = pytest.mark.django_db


def refused(constraint, **fields):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        User.objects.create(**fields)


@pytest.mark.parametrize(
    "spelling",
    ["abebe@buyers.shop", "ABEBE@buyers.shop", "abebe@BUYERS.SHOP", "abebe@ｂuyers.shop"],
)
def test_one_user_per_address_in_any_spelling(spelling):
    User.objects.create(email="Abebe@Buyers.shop")
    refused("one_user_per_email|account_user_email", email=spelling)


def test_lookalikes_are_different_people():
    """Fault 37: a dotless ı is not an i, and must not sign in as one."""
    User.objects.create(email="admin@buyers.shop")
    User.objects.create(email="adm\u0131n@buyers.shop")
    assert User.objects.with_email("adm\u0131n@buyers.shop").get().email != "admin@buyers.shop"


def test_folding_is_stable():
    for address in ("Straße@x.et", "ΣΑΣ@x.et", "ﬁ@x.et", "K@x.et", "İ@x.et"):
        assert email_key(email_key(address)) == email_key(address)


def test_somebody_needs_an_address_or_a_number():
    refused("user_has_email_or_phone")
    User.objects.create(phone="+251911234567")
    User.objects.create(phone="+251911234568")


def test_numbers_are_e164_and_unique_once_they_are_verified():
    refused("phone_is_e164", phone="0911234567")
    refused("verified_phone_is_there", email="a@buyers.shop", phone_verified_at=timezone.now())
    User.objects.create(phone="+251911234567", phone_verified_at=timezone.now())
    User.objects.create(phone="+251911234567")
    refused("one_user_per_verified_phone", phone="+251911234567", phone_verified_at=timezone.now())


def test_an_address_cannot_change_behind_its_key():
    User.objects.create(email="abebe@buyers.shop")
    with pytest.raises(IntegrityError, match="email_key_follows_email"), transaction.atomic():
        User.objects.update(email="other@buyers.shop")
    User.objects.update(email="ABEBE@buyers.shop")


def test_superusers_by_command(monkeypatch, client):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "the owner's password")
    call_command("createsuperuser", email="Owner@Nexus.shop", interactive=False)
    owner = User.objects.get()
    assert owner.is_staff
    assert owner.is_superuser
    assert owner.email_verified_at is not None
    assert client.login(username="OWNER@nexus.shop", password="the owner's password")


def test_create_user_understands_local_numbers():
    assert User.objects.create_user(phone="0911234567").phone == "+251911234567"
    assert not User.objects.get().has_usable_password()
