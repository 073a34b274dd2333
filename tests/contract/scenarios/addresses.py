"""The address book, and a checkout that copies from it."""

from __future__ import annotations

from account import addresses
from tests.contract.recorder import Recorder
from tests.contract.world import variant_of

HOME = {
    "label": "home", "name": "Hana Tesfaye", "phone": "0911234567", "country": "ET", "city": "Addis Ababa",
    "sub_city": "Bole", "woreda": "03", "landmark": "behind Edna Mall, the green gate",
    "latitude": 8.997312, "longitude": 38.786822, "note": "Call when you are at the mall.",
}  # fmt: skip


def address_book(s: Recorder) -> None:
    """Add, read, change, delete."""
    token = s.world.token(s.world.hana)
    home = s.call("addresses_create", "create", "A landmark and a pin say more than a street",
                  token=token, body=HOME, status=201)  # fmt: skip
    s.call(
        "addresses_create", "smallest", "One word is enough",
        token=token, body={"landmark": "Meskel Square, ticket office"}, status=201,
    )  # fmt: skip
    s.call(
        "addresses_create", "empty", "It does not say where it is",
        token=token, body={"label": "work", "phone": "0911234567"}, status=400, code="empty_address",
    )  # fmt: skip
    s.call(
        "addresses_create", "invalid", "Half of a pin",
        token=token, body={"city": "Adama", "latitude": 8.54}, status=400, code="invalid",
    )  # fmt: skip
    s.call("addresses_list", "list", "Your addresses", token=token, status=200)
    s.call(
        "addresses_list", "invalid", "There is no such ordering",
        token=token, query={"ordering": "city"}, status=400, code="invalid",
    )  # fmt: skip
    path = {"public_id": home["id"]}
    s.call("addresses_retrieve", "retrieve", "One address", token=token, path=path, status=200)
    s.call(
        "addresses_update", "update", "Another telephone; the rest stays",
        token=token, path=path, body={"phone": "0922334455"}, status=200,
    )  # fmt: skip
    s.call(
        "addresses_update", "empty", "Nothing would be left to find it by", token=token, path=path,
        body={"city": "", "sub_city": "", "woreda": "", "landmark": "", "latitude": None, "longitude": None},
        status=400, code="empty_address",
    )  # fmt: skip
    s.call(
        "addresses_update", "invalid", "Not a telephone number",
        token=token, path=path, body={"phone": "none"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "addresses_replace", "replace", "What is left out becomes empty",
        token=token, path=path, body={"city": "Adama", "landmark": "Ras Hotel"}, status=200,
    )  # fmt: skip
    s.call(
        "addresses_replace", "empty", "It does not say where it is",
        token=token, path=path, body={}, status=400, code="empty_address",
    )  # fmt: skip
    s.call(
        "addresses_replace", "invalid", "No such country code",
        token=token, path=path, body={"city": "Adama", "country": "Ethiopia"}, status=400, code="invalid",
    )  # fmt: skip
    s.call("addresses_delete", "delete", "Delete it", token=token, path=path, status=204)


def full_book(s: Recorder) -> None:
    """Fifty are the most."""
    for number in range(addresses.MOST_ADDRESSES):
        addresses.add_address(user=s.world.hana, fields={"city": f"City {number}"})
    s.call(
        "addresses_create", "full", "The book is full", token=s.world.token(s.world.hana),
        body={"city": "Adama"}, status=409, code="too_many_addresses",
    )  # fmt: skip


def order_to_an_address_of_the_book(s: Recorder) -> None:
    """The order copies it."""
    home = addresses.add_address(user=s.world.hana, fields={**HOME, "phone": "+251911234567"})
    s.call(
        "checkout", "address_book", "Deliver to an address of the book",
        token=s.world.token(s.world.hana), key="0b7c8a1e-4a55-4a5e-9d5c-2f3f3a7c1d20", status=201,
        untold={"permission_denied"},  # others have other addresses; told in the story of orders
        body={
            "items": [{"variant_id": variant_of(s.world.yirgacheffe).pk, "quantity": 1}],
            "shipping_address_id": str(home.public_id),
        },
    )  # fmt: skip


STORIES = [address_book, full_book, order_to_an_address_of_the_book]
