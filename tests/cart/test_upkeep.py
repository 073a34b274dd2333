"""Carts that nobody comes back to: listed for staff, forgotten after a while; and what the database refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cart.models import Cart, CartItem
from cart.pruning import prune
from cart.services import open_cart
from tests import factories

pytestmark = pytest.mark.django_db


def an_abandoned(user=None, days=3, pieces=2):
    cart = open_cart(user=user)
    if pieces:
        CartItem.objects.create(
            cart=cart, variant=factories.variant(), quantity=pieces, shown_price="10.00"
        )
    Cart.objects.filter(pk=cart.pk).update(updated_at=timezone.now() - timedelta(days=days))
    return cart


@pytest.fixture
def staff(api, permit):
    member = permit(factories.user(is_staff=True), "cart.view_cart")
    api.force_authenticate(member)
    return api


def ids(answer):
    assert answer.status_code == 200, answer.json()
    return [one["id"] for one in answer.json()["results"]]


def test_staff_list_abandoned_carts(staff):
    customer = factories.user(email="abebe@buyers.shop")
    old, older = an_abandoned(customer, days=3), an_abandoned(days=5)
    fresh, empty = an_abandoned(days=0), an_abandoned(pieces=0)
    answer = staff.get("/api/carts/?abandoned=true")
    assert ids(answer) == [str(old.public_id), str(older.public_id)]
    [first, second] = answer.json()["results"]
    assert (first["customer"], second["customer"]) == ("abebe@buyers.shop", None)
    assert (first["lines"], first["pieces"], first["is_abandoned"]) == (1, 2, True)
    assert first["value"] == {"amount": "20.00", "currency": "ETB"}
    assert set(ids(staff.get("/api/carts/?abandoned=false"))) == {
        str(fresh.public_id), str(empty.public_id)
    }  # fmt: skip
    then = (timezone.now() - timedelta(days=4)).isoformat().replace("+00:00", "Z")
    assert ids(staff.get(f"/api/carts/?updated_before={then}")) == [str(older.public_id)]
    assert str(older.public_id) not in ids(staff.get(f"/api/carts/?updated_after={then}"))
    assert ids(staff.get("/api/carts/?status=ordered")) == []
    assert staff.get("/api/carts/?updated_before=soon").status_code == 400
    read = staff.get(f"/api/carts/{old.public_id}/")
    assert (read.status_code, read.json()["pieces"]) == (200, 2)
    # Reading is not holding.
    assert staff.patch(f"/api/carts/{old.public_id}/", {"note": "x"}).status_code == 404


def test_customers_list_their_own(api):
    who = factories.user()
    mine, _ = an_abandoned(who), an_abandoned(factories.user())
    assert api.get("/api/carts/").status_code == 401
    assert api.get("/api/carts/", headers={"X-Cart-Token": "wrong"}).status_code == 401
    api.force_authenticate(who)
    answer = api.get("/api/carts/")
    assert ids(answer) == [str(mine.public_id)]
    assert answer.json()["results"][0]["customer"] is None


def test_a_list_costs_the_same_for_one_and_many(staff):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            found = len(ids(staff.get("/api/carts/?abandoned=true")))
        return found, len(captured)

    an_abandoned(factories.user())
    one = statements()
    for _ in range(15):
        an_abandoned(factories.user())
    many = statements()
    assert (one, many) == ((1, one[1]), (16, one[1]))
    assert one[1] <= 2


def test_carts_are_kept_for_their_time_and_then_forgotten(settings, capsys):
    settings.CART_EXPIRY_DAYS, settings.USER_CART_EXPIRY_DAYS = 30, 90
    guests, customers = open_cart(user=None), open_cart(user=factories.user())
    CartItem.objects.create(cart=guests, variant=factories.variant(), quantity=1)
    for cart, days in [(guests, 30), (customers, 90)]:
        left = cart.expires_at - timezone.now()
        assert timedelta(days=days - 1) < left <= timedelta(days=days)
    assert prune() == 0
    Cart.objects.filter(pk=guests.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    call_command("prune_carts")
    assert "1 carts deleted" in capsys.readouterr().out
    assert list(Cart.objects.all()) == [customers]
    assert not CartItem.objects.exists()


def test_pruning_goes_in_batches():
    for _ in range(5):
        an_abandoned()
    Cart.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert prune(batch=2) == 5


def test_touching_a_cart_keeps_it(holder):
    guest = holder()
    Cart.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    guest.add(factories.variant())
    assert Cart.objects.get().expires_at > timezone.now() + timedelta(days=29)


@pytest.mark.parametrize(
    ("table", "change", "constraint"),
    [
        ("cart", "token_hash = ''", "cart_is_a_users_or_a_guests"),
        ("cart", "status = 'ordered'", "cart_says_what_became_of_it"),
        ("cart", "status = 'lost'", "cart_says_what_became_of_it"),
        ("cart", "status = 'merged', merged_into_id = id", "cart_is_not_merged_into_itself"),
        ("cart", "currency = 'XXX'", "cart_currency_is_known"),
        ("cart", "codes = array_fill('X'::varchar, ARRAY[11])", "cart_has_few_codes"),
        ("cart", "delivery_area = 'ET', pickup_point = 'x'", "cart_goes_to_an_area_or_a_pickup_point"),
        ("cartitem", "quantity = 0", "cart_item_has_a_sane_quantity"),
        ("cartitem", "quantity = 10001", "cart_item_has_a_sane_quantity"),
        ("cartitem", "shown_price = -1", "cart_item_was_shown_no_negative_price"),
    ],
)  # fmt: skip
def test_the_database_has_the_last_word(table, change, constraint):
    an_abandoned()
    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE cart_{table} SET {change}")


def test_a_variant_is_in_a_cart_once():
    cart = an_abandoned()
    with pytest.raises(IntegrityError, match="cart_names_each_variant_once"), transaction.atomic():
        CartItem.objects.create(cart=cart, variant=cart.items.get().variant, quantity=1)
