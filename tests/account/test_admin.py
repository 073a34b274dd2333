"""People in the admin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account import roles
from account.models import Role, Session, User, UserRole
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(person, client):
    user = person("owner@nexus.shop", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def form_of(user, **changes):
    fields = {
        "email": user.email or "", "phone": user.phone or "", "first_name": user.first_name,
        "last_name": user.last_name, "is_active": "on", "groups": [], "user_permissions": [],
    }  # fmt: skip
    return {**fields, **changes}


def test_staff_sign_in_by_email(person, client):
    person("Owner@nexus.shop", is_staff=True, is_superuser=True)
    answer = client.post(
        "/admin/login/?next=/admin/", {"username": "owner@NEXUS.shop", "password": PASSWORD}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_customers_do_not_sign_in(person, client):
    person()
    answer = client.post("/admin/login/", {"username": "abebe@buyers.shop", "password": PASSWORD})
    assert answer.status_code == 200
    assert b"staff account" in answer.content


def test_the_list_is_found_and_costs_the_same_for_many(owner, client, person):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/admin/account/user/?q=buyers").status_code == 200
            assert client.get("/admin/account/session/").status_code == 200
            assert client.get("/admin/events/letter/").status_code == 200
        return len(seen)

    def fill(name):
        user = person(f"{name}@buyers.shop", password=None)
        Session.objects.create(user=user, password_mark="x", expires_at=timezone.now())

    fill("one")
    one = queries()
    for number in range(15):
        fill(f"many{number}")
    assert queries() == one


def test_no_hash_is_shown(owner, client, person):
    user = person()
    page = client.get(f"/admin/account/user/{user.pk}/change/").content.decode()
    assert "argon2" not in page
    assert user.password not in page
    assert "abebe@buyers.shop" in page


def test_change_and_password(owner, client, person):
    user = person()
    answer = client.post(
        f"/admin/account/user/{user.pk}/change/",
        form_of(user, first_name="Abebe", phone="0911234567"),
    )
    assert answer.status_code == 302, answer.context["errors"]
    user.refresh_from_db()
    assert (user.first_name, user.phone) == ("Abebe", "+251911234567")
    assert user.email_verified_at is not None
    client.post(
        f"/admin/account/user/{user.pk}/password/",
        {
            "password1": "ten goats by a lake",
            "password2": "ten goats by a lake",
            "usable_password": "true",
        },
    )
    user.refresh_from_db()
    assert user.check_password("ten goats by a lake")


def test_another_address_has_to_be_proved_anew(owner, client, person):
    user = person()
    client.post(f"/admin/account/user/{user.pk}/change/", form_of(user, email="new@buyers.shop"))
    user.refresh_from_db()
    assert (user.email, user.email_verified_at) == ("new@buyers.shop", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "OTHER@buyers.shop"},
        {"phone": "0911000000", "vouch_for_phone": "on"},
        {"phone": "", "vouch_for_phone": "on"},
        {"phone": "nonsense"},
        {"email": "", "phone": ""},
    ],
)
def test_contradictions_are_form_errors(owner, client, person, changes):
    person("other@buyers.shop", phone="+251911000000", phone_verified_at=timezone.now())
    user = person()
    answer = client.post(f"/admin/account/user/{user.pk}/change/", form_of(user, **changes))
    assert answer.status_code == 200
    assert answer.context["errors"]


def test_people_with_a_number_alone(owner, client, person):
    """Found by any way to write a number; made without e-mail and without password."""
    person("other@buyers.shop")
    answer = client.post(
        "/admin/account/user/add/",
        {"email": "", "phone": "0911 22 33 44", "usable_password": "false"},
    )
    assert answer.status_code == 302, answer.context["errors"]
    made = User.objects.get(phone="+251911223344")
    assert (made.email, made.phone_verified_at, made.has_usable_password()) == (None, None, False)
    for text in ("0911223344", "0911 22", "+251911223344", "251911223344", "911223344"):
        page = client.get("/admin/account/user/", {"q": text})
        assert [user.pk for user in page.context["cl"].result_list] == [made.pk], text
    assert client.get(f"/admin/account/user/{made.pk}/change/").status_code == 200


def test_another_number_signs_in_only_when_staff_vouch_for_it(owner, client, person, mailbox):
    user = person(phone="+251911000000", phone_verified_at=timezone.now())
    url = f"/admin/account/user/{user.pk}/change/"
    client.post(url, form_of(user, first_name="Abebe"))
    user.refresh_from_db()
    assert user.phone_verified_at is not None, "what was not touched stays"
    client.post(url, form_of(user, phone="0911000001"))
    user.refresh_from_db()
    assert (user.phone, user.phone_verified_at) == ("+251911000001", None)
    assert [letter.recipient for letter in mailbox() if letter.channel == "sms"] == [
        "+251911000000"
    ]
    client.post(url, form_of(user, vouch_for_phone="on"))
    user.refresh_from_db()
    assert user.phone_verified_at is not None


def test_add(owner, client):
    password = "ten goats by a lake"
    answer = client.post(
        "/admin/account/user/add/",
        {
            "email": "New@buyers.shop",
            "phone": "",
            "usable_password": "true",
            "password1": password,
            "password2": password,
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    assert User.objects.with_email("new@buyers.shop").get().check_password(password)


# --- roles ------------------------------------------------------------------------------------


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


def test_sessions_and_letters_are_read_only(owner, client, person, mailbox):
    session = Session.objects.create(
        user=person(), password_mark="secretmark", expires_at=timezone.now()
    )
    page = client.get(f"/admin/account/session/{session.pk}/change/")
    assert page.status_code == 200
    assert b"secretmark" not in page.content
    assert client.post(f"/admin/account/session/{session.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/account/session/{session.pk}/delete/", {}).status_code == 403
    assert client.get("/admin/account/session/add/").status_code == 403


def test_letters_show_no_text(owner, client):
    from events.models import Letter

    letter = Letter.objects.create(
        recipient="a@buyers.shop", subject="Hi", text="the token is abc", dedupe_key="x"
    )
    page = client.get(f"/admin/events/letter/{letter.pk}/change/")
    assert page.status_code == 200
    assert b"abc" not in page.content
    assert client.post(f"/admin/events/letter/{letter.pk}/change/", {}).status_code == 403


def test_an_address_typed_for_who_signs_in_by_number_has_to_answer_first(
    owner, client, person, run_jobs, mailbox, api
):
    """A slip of the pen: its owner registers, and once got a letter that led into somebody else's account."""
    customer = person(
        None, email_verified_at=None, phone="+251911000000", phone_verified_at=timezone.now()
    )
    here = f"/admin/account/user/{customer.pk}/change/"
    page = client.post(here, form_of(customer, email="stranger@buyers.shop"), follow=True)
    assert "sent a letter" in page.content.decode()
    customer.refresh_from_db()
    assert (customer.email, customer.email_verified_at) == (None, None)
    run_jobs()
    assert [letter.recipient for letter in mailbox()] == ["stranger@buyers.shop"]
    api.post(
        "/api/auth/register/", {"email": "stranger@buyers.shop", "password": "ten goats by a lake"}
    )
    assert User.objects.with_email("stranger@buyers.shop").get() != customer


def test_what_a_rival_proved_is_not_undone_by_an_old_page(owner, client, person, monkeypatch):
    """The number is given up while staff save another name: once a 500, as a number that is not there was verified."""
    from account import admin

    customer = person(phone="+251911000000", phone_verified_at=timezone.now())
    original = admin.phone_identity.apply_by_staff

    def gives_up_meanwhile(**known):
        User.objects.filter(pk=customer.pk).update(phone=None, phone_verified_at=None)
        return original(**known)

    monkeypatch.setattr(admin.phone_identity, "apply_by_staff", gives_up_meanwhile)
    page = f"/admin/account/user/{customer.pk}/change/"
    assert client.post(page, form_of(customer, first_name="Hana")).status_code == 302
    customer.refresh_from_db()
    assert (customer.first_name, customer.phone) == ("Hana", None)
