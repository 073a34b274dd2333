"""A shop in which every writable door has something to write to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from account import addresses, api_keys, email_tokens, phone_codes, sessions, tokens
from account.email_tokens import Purpose
from account.models import PhoneCode, User
from catalog.models import Category, Image
from common.actors import SYSTEM
from orders.checkout import Contact, Item, Wishes, checkout
from orders.tokens import order_token
from payments.models import Payment
from tests.contract import world as contract

PASSWORD = contract.PASSWORD
NEW_PASSWORD = "sheger-tej-meskel-27"
CODE = "246810"
ADDRESS = {"name": "Hana Tesfaye", "city": "Addis Ababa", "landmark": "Behind Edna Mall"}


@dataclass
class FilledShop:
    """Who calls, with what, about which rows."""

    people: contract.World
    orders: dict[str, Any]  # waiting for payment, by caller
    payments: dict[str, Any]  # each of an order of its own, by caller
    headers: dict[str, dict[str, str]]
    paths: dict[Any, Any]  # values of path parameters
    values: dict[str, Any]  # what names in bodies mean here
    by_operation: dict[str, dict[str, Any]] = field(default_factory=dict)


def fill() -> FilledShop:
    """Customers, the owner, a guest, and what each of them has."""
    shop = contract.build()
    shop.dawit.phone = "+251911234599"
    shop.dawit.save()
    owners = {"anonymous": None, "guest": None, "customer": shop.dawit, "owner": shop.owner}
    orders = {name: _order(user, shop) for name, user in owners.items()}
    payments = {name: _payment(_order(user, shop)) for name, user in owners.items()}
    signed_in = {name: _session(user) for name, user in owners.items() if user}
    for user in (shop.dawit, shop.owner):
        addresses.add_address(user=user, fields={"label": "home", "city": "Addis Ababa"})
    Image.objects.create(
        product=shop.jebena, file="products/a.jpg", alt="a", position=0, width=1, height=1
    )
    waiting = User.objects.create_user("waiting@example.com", PASSWORD)
    variant = contract.variant_of(shop.jebena)
    key = api_keys.create(name="a till", scopes=["catalog:read"], by=shop.owner).key
    return FilledShop(
        people=shop,
        orders=orders,
        payments=payments,
        headers={
            "anonymous": {},
            "guest": {"X-Order-Token": order_token(orders["guest"].public_id)},
            **{name: {"Authorization": f"Bearer {pair['access']}"} for name, pair in signed_in.items()},
        },
        paths={
            "variant_id": variant.pk,
            ("/api/products/{key}/", "key"): shop.yirgacheffe.pk,
            ("/api/products", "key"): shop.jebena.pk,
            ("/api/categories", "key"): Category.objects.create(name="Empty", slug="empty").pk,
            ("/api/keys", "public_id"): key.public_id,
            ("/api/staff", "public_id"): shop.clerk.public_id,
        },
        values={
            "email": "somebody.new@example.com", "password": PASSWORD, "new_password": NEW_PASSWORD,
            "old_password": PASSWORD, "phone": "0911555666", "code": CODE, "quantity": 1, "variant_id": variant.pk,
            "price": "10.00", "product_id": shop.yirgacheffe.pk,
            "items": [{"product_id": shop.yirgacheffe.pk, "quantity": 1}],
            "shipping_address": dict(ADDRESS), "method": "chapa", "name": "Something new", "city": "Addis Ababa",
            "landmark": "Behind Edna Mall", "slug": "something-new", "sku": "NEW-1", "alt": "seen from above",
            "scopes": ["catalog:read"], "roles": ["support"], "role": "support", "first_name": "Somebody",
        },
        by_operation={
            "staff_add": {"email": shop.hana.email},
            "auth_verify_email": {"token": _letter(waiting, Purpose.VERIFY)},
            "auth_password_reset": {"token": _letter(shop.hana, Purpose.RESET)},
            "auth_login": {"email": shop.hana.email, "phone": None},
            "auth_refresh": {"refresh": _session(shop.hana)["refresh"]},
            "auth_logout": {"refresh": _session(shop.hana)["refresh"]},
            "auth_phone_login": {"phone": _code("+251911777888", PhoneCode.Purpose.SIGN_IN, None)},
            "auth_phone_confirm": {"phone": _code("+251911777889", PhoneCode.Purpose.VERIFY, shop.dawit)},
            "variants_create": {"options": [{"name": "Size", "value": "Huge"}], "sku": "NEW-2"},
            "keys_create": {"expires_at": (timezone.now() + timedelta(days=30)).isoformat()},
        },
    )  # fmt: skip


def _order(owner: User | None, shop: contract.World) -> Any:
    with transaction.atomic():
        return checkout(
            items=[Item(quantity=1, product_id=shop.yirgacheffe.pk)], owner=owner,
            contact=Contact(email="hana.tesfaye@example.com", phone="+251911234567"),
            wishes=Wishes(shipping_address=dict(ADDRESS)), expected_total=None, by=SYSTEM,
        )  # fmt: skip


def _payment(order: Any) -> Any:
    return Payment.objects.create(
        order=order, method="chapa", amount=order.total, currency=order.currency, reference=f"NX{order.number}",
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


def _session(user: User) -> dict[str, str]:
    return tokens.pair(sessions.open_session(user=user, device=sessions.Device()))


def _letter(user: User, purpose: Purpose) -> str:
    with transaction.atomic():
        return email_tokens.issue(user=user, purpose=purpose)


def _code(phone: str, purpose: Any, user: User | None) -> str:
    """A phone that was just sent CODE."""
    row = PhoneCode.objects.create(
        phone=phone, purpose=purpose, user=user, expires_at=timezone.now() + phone_codes.LIFETIME
    )
    row.digest = phone_codes._digest(row, CODE)
    row.save()
    return phone
