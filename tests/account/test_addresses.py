"""The address book: what an address must say, whose it is, and which one is the default."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from account import addresses
from account.address_serializers import AddressBookSerializer
from account.addresses import TEXTS
from account.models import Address
from orders.models import Order
from orders.serializers import AddressSerializer
from tests import factories

BOOK = "/api/addresses/"
FULL = {
    "label": "home", "name": "Hana Tesfaye", "first_name": "Hana", "last_name": "Tesfaye", "company": "Buna Bet",
    "phone": "0911 23 45 67", "country": "ET", "region": "Oromia", "zone": "East Shewa", "city": "Adama",
    "sub_city": "Bole", "woreda": "03", "kebele": "12", "house_number": "B-104", "line1": "Edna Mall",
    "line2": "third floor", "street": "Cameroon St", "landmark": "behind Edna Mall", "postcode": "1000",
    "latitude": 8.9973125, "longitude": 38.7868219, "note": "call first", "is_default": True,
}  # fmt: skip


@pytest.fixture
def hana(db):
    return factories.user()


@pytest.fixture
def signed_in(api):
    def sign_in(user):
        api.force_authenticate(user)
        return api

    return sign_in


@pytest.fixture
def book(signed_in, hana):
    return signed_in(hana)


def test_everything_an_address_can_say_comes_back(book, hana):
    answer = book.post(BOOK, FULL)
    assert answer.status_code == 201, answer.content
    expected = FULL | {"phone": "+251911234567", "latitude": 8.997312, "longitude": 38.786822}
    body = answer.json()
    assert {name: body[name] for name in FULL} == expected
    assert book.get(f"{BOOK}{body['id']}/").json() == body
    assert Address.objects.get().user == hana


@pytest.mark.parametrize(
    "smallest",
    [{name: "x"} for name in Address.PLACES] + [{"latitude": 0, "longitude": 0}],
    ids=lambda fields: next(iter(fields)),
)
def test_one_word_or_a_pin_is_enough(book, smallest):
    assert book.post(BOOK, smallest).status_code == 201


@pytest.mark.parametrize(
    "nowhere",
    [{}, {"label": "home", "name": "Hana", "phone": "0911234567", "country": "ET", "note": "call"},
     {"city": "   "}],
)  # fmt: skip
def test_an_address_says_where_it_is(book, nowhere):
    answer = book.post(BOOK, nowhere)
    assert (answer.status_code, answer.json()["code"]) == (400, "empty_address")
    assert not Address.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "call me"), ("country", "Ethiopia"), ("country", "et"), ("latitude", 90.5), ("longitude", -181),
     ("latitude", "nan"), ("longitude", "inf"), ("latitude", None), ("city", "x" * 121), ("city", "a\0b"),
     ("note", 7 * ["x"]), ("is_default", "perhaps"), ("is_default", None)],
)  # fmt: skip
def test_bad_input_names_its_field_and_writes_nothing(book, field, value):
    answer = book.post(BOOK, FULL | {field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert not Address.objects.exists()


@pytest.mark.parametrize("stranger", ["user", "user_id", "owner", "pk"])
def test_nobody_writes_into_somebody_elses_book(book, hana, stranger):
    other = factories.user()
    answer = book.post(BOOK, FULL | {stranger: other.pk})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    address = addresses.add_address(user=hana, fields={"city": "Adama"})
    read_only = {"id": str(uuid.uuid4()), "created_at": "2001-01-01T00:00:00Z", "city": "Jimma"}
    answer = book.patch(f"{BOOK}{address.public_id}/", read_only)
    assert answer.json()["id"] == str(address.public_id)
    assert answer.json()["created_at"][:4] != "2001"
    assert not other.addresses.exists()


def test_somebody_elses_address_is_not_there(signed_in, hana):
    address = addresses.add_address(user=hana, fields={"city": "Adama"})
    stranger, path = signed_in(factories.user()), f"{BOOK}{address.public_id}/"
    for answer in (
        stranger.get(path), stranger.patch(path, {"city": "Jimma"}), stranger.put(path, {"city": "Jimma"}),
        stranger.patch(path, {"nonsense": 1}), stranger.delete(path),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert stranger.get(BOOK).json()["results"] == []
    address.refresh_from_db()
    assert address.city == "Adama"


def test_an_address_book_is_for_people_who_are_signed_in(api, db):
    assert api.get(BOOK).status_code == 401
    assert api.post(BOOK, FULL).status_code == 401


def test_patch_keeps_and_put_replaces(book):
    path = f"{BOOK}{book.post(BOOK, FULL).json()['id']}/"
    patched = book.patch(path, {"city": "Jimma", "latitude": None, "longitude": None}).json()
    assert (patched["city"], patched["landmark"], patched["latitude"]) == (
        "Jimma", "behind Edna Mall", None,
    )  # fmt: skip
    replaced = book.put(path, {"city": "Gondar"}).json()
    assert (replaced["city"], replaced["landmark"], replaced["phone"]) == ("Gondar", "", "")
    assert replaced["is_default"], "which one is the default is not said by leaving it out"
    assert replaced["updated_at"] > replaced["created_at"]
    emptied = book.patch(path, {"city": ""})
    assert (emptied.status_code, emptied.json()["code"]) == (400, "empty_address")
    half = book.patch(path, {"latitude": 9})
    assert half.json()["errors"][0]["field"] == "longitude"
    assert book.get(path).json() == replaced


def test_there_is_one_default(book, hana):
    first, second, third = (
        book.post(BOOK, {"city": city} | more).json()
        for city, more in [("Adama", {}), ("Jimma", {}), ("Gondar", {"is_default": True})]
    )
    assert [a["is_default"] for a in (first, second, third)] == [True, False, True]

    def defaults():
        return set(hana.addresses.filter(is_default=True).values_list("city", flat=True))

    assert defaults() == {"Gondar"}
    book.patch(f"{BOOK}{second['id']}/", {"is_default": True})
    assert defaults() == {"Jimma"}
    book.patch(f"{BOOK}{second['id']}/", {"is_default": False})
    assert defaults() == set()
    book.patch(f"{BOOK}{first['id']}/", {"is_default": True})
    assert book.delete(f"{BOOK}{first['id']}/").status_code == 204
    assert defaults() == set()
    assert book.delete(f"{BOOK}{first['id']}/").status_code == 404


def test_a_book_has_an_end(book, hana, monkeypatch):
    monkeypatch.setattr(addresses, "MOST_ADDRESSES", 2)
    for _ in range(2):
        assert book.post(BOOK, {"city": "Adama"}).status_code == 201
    answer = book.post(BOOK, {"city": "Adama"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")
    assert hana.addresses.count() == 2


def test_the_list_costs_the_same_at_one_and_at_many(book, hana):
    addresses.add_address(user=hana, fields={"city": "Adama"})
    with CaptureQueriesContext(connection) as one:
        assert len(book.get(BOOK).json()["results"]) == 1
    for number in range(30):
        addresses.add_address(user=hana, fields={"city": f"City {number}"})
    with CaptureQueriesContext(connection) as many:
        page = book.get(BOOK, {"page_size": 20}).json()
    assert len(page["results"]) == 20
    assert len(one) == len(many) == 1, [query["sql"] for query in many]
    cities = [row["city"] for row in page["results"]]
    while page["next"]:
        page = book.get(page["next"]).json()
        cities += [row["city"] for row in page["results"]]
    assert cities == [f"City {number}" for number in reversed(range(30))] + ["Adama"]


@pytest.mark.parametrize(
    "columns",
    [{"latitude": 9}, {"longitude": 38}, {"latitude": 91, "longitude": 38}, {"latitude": 9, "longitude": 181},
     {"city": ""}, {"city": "Adama", "phone": "0911234567"}],
)  # fmt: skip
def test_the_database_has_the_last_word(hana, columns):
    """A pin with one half passed the CHECK once, because NULL is not false."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Address.objects.create(user=hana, **({"city": "Adama"} | columns))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_twenty_defaults_at_once_leave_one(self, hana, at_once):
        rows = [addresses.add_address(user=hana, fields={"city": str(n)}) for n in range(20)]
        at_once(
            20,
            lambda n: addresses.change_address(
                user=hana, address_id=rows[n].public_id, fields={"is_default": True}
            ),
        )
        assert hana.addresses.filter(is_default=True).count() == 1

    def test_control_without_the_lock_they_collide(self, hana, at_once, monkeypatch):
        rows = [addresses.add_address(user=hana, fields={"city": str(n)}) for n in range(20)]
        monkeypatch.setattr(addresses, "lock_user", lambda user_id: None)

        def choose(n):
            try:
                addresses.change_address(
                    user=hana, address_id=rows[n].public_id, fields={"is_default": True}
                )
            except (IntegrityError, OperationalError):  # two defaults, or a deadlock over them
                return "collided"
            return "fine"

        assert "collided" in at_once(20, choose)

    def test_the_last_place_is_given_once(self, hana, at_once, monkeypatch):
        monkeypatch.setattr(addresses, "MOST_ADDRESSES", 3)

        def add(n):
            try:
                addresses.add_address(user=hana, fields={"city": str(n)})
            except addresses.TooManyAddresses:
                return 0
            return 1

        assert sum(at_once(12, add)) == 3
        assert hana.addresses.filter(is_default=True).count() == 1


# --- at the checkout ----------------------------------------------------------------------------


def test_the_book_and_the_checkout_speak_of_the_same_fields():
    checkout, book = AddressSerializer().fields, AddressBookSerializer().fields
    # The area that decides the fee is chosen at the checkout: what stands in a book may be older than the table of areas.
    assert set(TEXTS) | {"latitude", "longitude", "postal_code", "area"} == set(checkout)
    assert set(book) - set(checkout) == {"id", "label", "is_default", "created_at", "updated_at"}
    for name in TEXTS:
        assert getattr(book[name], "max_length", None) == getattr(
            checkout[name], "max_length", None
        ), name


def test_an_order_copies_an_address_of_the_book(book, hana):
    address = book.post(BOOK, FULL).json()
    body = {
        "items": [{"variant_id": factories.variant().pk, "quantity": 1}],
        "shipping_address_id": address["id"],
    }
    answer = book.post("/api/orders/checkout/", body)
    assert answer.status_code == 201, answer.content
    expected = {name: address[name] for name in (*TEXTS, "latitude", "longitude")}
    assert answer.json()["shipping_address"] == expected
    assert AddressSerializer(data=expected).is_valid()
    book.delete(f"{BOOK}{address['id']}/")
    assert Order.objects.get().shipping_address == expected


def test_an_order_copies_only_ones_own_addresses(book, api, hana):
    theirs = addresses.add_address(user=factories.user(), fields={"city": "Adama"})
    mine = addresses.add_address(user=hana, fields={"city": "Adama"})
    items = [{"variant_id": factories.variant().pk, "quantity": 1}]

    def place(**more):
        answer = api.post("/api/orders/checkout/", {"items": items, "phone": "0911234567"} | more)
        return answer.status_code, answer.json()["errors"][0]["field"]

    refused = (400, "shipping_address_id")
    assert place(shipping_address_id=str(theirs.public_id)) == refused
    assert place(shipping_address_id=str(mine.public_id), shipping_address={}) == refused
    api.force_authenticate(None)
    assert place(shipping_address_id=str(mine.public_id)) == refused
    assert not Order.objects.exists()


def test_a_checkouts_pin_is_a_number(api, db):
    items = [{"variant_id": factories.variant().pk, "quantity": 1}]
    for nonsense in ("nan", "inf", "-Infinity"):
        answer = api.post(
            "/api/orders/checkout/",
            {"items": items, "phone": "0911234567", "shipping_address": {"latitude": nonsense}},
        )
        assert answer.status_code == 400, answer.content
