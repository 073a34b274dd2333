"""Roles in the admin: who gives them, what they show, and what they do not let through."""

from __future__ import annotations

import pytest

from account import roles
from account.models import Role, User, UserRole
from tests.account.conftest import PASSWORD
from tests.account.test_admin import form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(person, client):
    user = person("owner@nexus.shop", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def with_role(person, *names, email="clerk@nexus.shop"):
    user = person(email)
    roles.add_roles(user=user, roles=names, by=None)
    return User.objects.get(pk=user.pk)


def page(user):
    return f"/admin/account/user/{user.pk}/change/"


POWER = {"is_superuser": "on", "is_staff": "on", "roles": ["owner"], "user_permissions": ["1"]}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER}))
def test_staff_with_less_power_do_not_give_themselves_more(client, person, role):
    """Field defect 9: `is_Staff` did not exist, so that nothing about staff worked."""
    clerk = with_role(person, role)
    boss, customer = with_role(person, Role.OWNER, email="boss@nexus.shop"), person()
    client.force_login(clerk)
    before = list(User.objects.order_by("pk").values())
    for target in (clerk, boss, customer):
        answer = client.post(page(target), form_of(target, **POWER, email="x@y.shop"))
        assert answer.status_code == 403
        for path, form in (
            ("password", {"password1": "a" * 20, "password2": "a" * 20, "usable_password": "true"}),
            ("delete", {"post": "yes"}),
        ):
            address = f"/admin/account/user/{target.pk}/{path}/"
            assert client.post(address, form).status_code in {302, 403, 404}
    assert client.post("/admin/account/user/add/", {"email": "n@y.shop"}).status_code == 403
    assert list(User.objects.order_by("pk").values()) == before
    assert set(UserRole.objects.values_list("user__email", "role")) == {
        ("clerk@nexus.shop", role),
        ("boss@nexus.shop", "owner"),
    }


LOOKERS = {Role.SUPPORT, Role.ORDER_DESK}


@pytest.mark.parametrize("role", sorted(LOOKERS))
def test_who_looks_customers_up_sees_no_staff_and_no_access(client, person, role):
    client.force_login(with_role(person, role))
    boss, customer = with_role(person, Role.OWNER, email="boss@nexus.shop"), person()
    listed = client.get("/admin/account/user/").content.decode()
    assert customer.email in listed
    assert boss.email not in listed.partition("user-tools")[2].partition("result_list")[2]
    shown = client.get(page(customer)).content.decode()
    assert customer.email in shown
    assert "Superuser" not in shown
    assert 'name="_save"' not in shown
    assert client.get(page(boss)).status_code == 302
    for lookup in ("password__startswith", "roles__role", "is_superuser__exact"):
        assert client.get("/admin/account/user/", {lookup: "a"}).status_code in {302, 400}


def test_an_owner_gives_and_takes_roles(client, person):
    boss = with_role(person, Role.OWNER, email="boss@nexus.shop")
    client.force_login(boss)
    clerk = person("clerk@nexus.shop")
    assert client.get(page(clerk)).status_code == 200
    answer = client.post(page(clerk), form_of(clerk, roles=["finance", "support"]))
    assert answer.status_code == 302, answer.context["errors"]
    clerk.refresh_from_db()
    assert clerk.is_staff
    assert set(clerk.roles.values_list("role", "granted_by")) == {
        ("finance", boss.pk),
        ("support", boss.pk),
    }
    client.post(page(clerk), form_of(clerk, roles=["support"]))
    assert set(clerk.roles.values_list("role", flat=True)) == {"support"}
    client.post(page(clerk), form_of(clerk, **POWER))
    clerk.refresh_from_db()
    assert not clerk.is_superuser, "no form makes one"
    assert not clerk.user_permissions.exists()
    client.post(page(clerk), form_of(clerk, roles=[]))
    clerk.refresh_from_db()
    assert not clerk.is_staff


def test_an_owner_does_not_touch_superusers(client, person):
    root = person("root@nexus.shop", is_staff=True, is_superuser=True)
    client.force_login(with_role(person, Role.OWNER, email="boss@nexus.shop"))
    assert client.get(page(root)).status_code == 200, "to look at"
    before = User.objects.filter(pk=root.pk).values().get()
    assert client.post(page(root), form_of(root, roles=["support"])).status_code == 403
    form = {
        "password1": "ten goats by a lake",
        "password2": "ten goats by a lake",
        "usable_password": "true",
    }
    assert client.post(f"/admin/account/user/{root.pk}/password/", form).status_code == 403
    assert User.objects.filter(pk=root.pk).values().get() == before


@pytest.mark.parametrize("change", [{"roles": ["finance"]}, {"is_active": ""}])
def test_the_last_owner_stays(client, person, change):
    boss = with_role(person, Role.OWNER, email="boss@nexus.shop")
    client.force_login(boss)
    form = form_of(boss, **{"roles": ["owner"], **change})
    answer = client.post(
        page(boss), {key: value for key, value in form.items() if value}, follow=True
    )
    assert "Nobody would own the shop" in answer.content.decode()
    boss.refresh_from_db()
    assert (boss.is_active, boss.is_staff) == (True, True)
    assert set(boss.roles.values_list("role", flat=True)) == {"owner"}


def test_a_rival_s_change_is_not_undone_by_an_open_page(owner, client, person, monkeypatch):
    """The form holds a whole person; only what was changed in it is written."""
    user = person()
    usual = User.save

    def changed_meanwhile(self, *args, **kwargs):
        User.objects.filter(pk=user.pk).update(last_name="Rival", token_version=9)
        usual(self, *args, **kwargs)

    monkeypatch.setattr(User, "save", changed_meanwhile)
    client.post(page(user), form_of(user, first_name="Abebe"))
    user.refresh_from_db()
    assert (user.first_name, user.last_name, user.token_version) == ("Abebe", "Rival", 9)


def test_staff_without_a_role_do_not_enter(person, client):
    idle = person("idle@nexus.shop", is_staff=True)
    form = {"username": "idle@nexus.shop", "password": PASSWORD}
    answer = client.post("/admin/login/", form)
    assert answer.status_code == 200
    assert b"staff account" in answer.content
    client.force_login(idle)
    assert client.get("/admin/").status_code == 302
    roles.grant(user=idle, role=Role.SUPPORT, by=None)
    assert client.get("/admin/").status_code == 200, "it counts at once"
    roles.revoke(user=idle, role=Role.SUPPORT, by=None)
    assert client.get("/admin/").status_code == 302


CATALOG = {
    "attribute", "brand", "category", "collection", "language", "price", "pricelist", "product", "producttype", "term",
    "variant",
}  # fmt: skip
PROMOTIONS, DELIVERY = {"promotion", "coupon"}, {"area", "pickuppoint", "deliverymethod"}
SHIPMENTS, ORDERS = {"shipment", "returnrequest"}, {"order", "payment", "cart"}
SHOWN = {
    Role.CATALOG_EDITOR: CATALOG | PROMOTIONS | {"transfer"},
    Role.STOCK_KEEPER: CATALOG | DELIVERY | SHIPMENTS | {"stockitem", "movement", "reservation", "location"},
    Role.ORDER_DESK: CATALOG | PROMOTIONS | DELIVERY | SHIPMENTS | ORDERS | {"draftorder", "user"},
    Role.FINANCE: CATALOG | PROMOTIONS | DELIVERY | SHIPMENTS | ORDERS
    | {"webhookevent", "taxrate", "taxcategory", "taxexemption", "auditentry", "account", "entry", "document",
       "legaldetails"},
    Role.SUPPORT: CATALOG | PROMOTIONS | DELIVERY | SHIPMENTS | ORDERS | {"user", "letter"},
}  # fmt: skip


@pytest.mark.parametrize("role", SHOWN)
def test_the_index_shows_what_the_role_may_see(client, person, role):
    client.force_login(with_role(person, role))
    apps = client.get("/admin/").context["app_list"]
    assert {model["object_name"].lower() for app in apps for model in app["models"]} == SHOWN[role]


def test_groups_are_not_to_be_found(owner, client):
    assert client.get("/admin/auth/group/").status_code == 404
