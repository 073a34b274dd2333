"""Rows that tests start from, made by the same verbs as everybody's."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from django.db import transaction
from django.utils import timezone

from account.models import User
from catalog.models import Category, Product, Variant
from common.actors import SYSTEM
from inventory.services import open_item
from orders.checkout import Contact, Item, Wishes, checkout
from orders.models import Order

_number = count(1)
PASSWORD = "correct horse battery staple"


def user(**fields) -> User:
    """A verified customer."""
    number = next(_number)
    fields.setdefault("email", f"customer{number}@buyers.shop")
    password = fields.pop("password", PASSWORD)
    return User.objects.create_user(
        password=password,
        email_verified_at=fields.pop("email_verified_at", timezone.now()),
        **fields,
    )


def staff(**fields) -> User:
    """The owner of the shop: may do everything."""
    return user(is_staff=True, is_superuser=True, **fields)


def category(name: str = "Coffee", **fields) -> Category:
    """A category."""
    return Category.objects.create(
        name=name, slug=fields.pop("slug", f"c-{next(_number)}"), **fields
    )


def variant(
    *, stock: int = 10, price: str = "100.00", product: Product | None = None, **fields
) -> Variant:
    """A variant on sale, with its product (published) and its stock."""
    number = next(_number)
    if product is None:
        product = Product.objects.create(
            name=fields.pop("product_name", f"Coffee {number}"), slug=f"coffee-{number}",
            is_published=True, published_at=timezone.now(),
        )  # fmt: skip
    fields.setdefault("sku", f"SKU-{number}")
    fields.setdefault("options", [{"name": "Number", "value": str(number)}])
    return Variant.objects.create(
        product=product,
        price=Decimal(price),
        stock_item=open_item(on_hand=stock, by=SYSTEM),
        **fields,
    )


a_variant = variant


def place(
    owner: User | None = None, *, variant: Variant | None = None, quantity: int = 1, **contact
) -> Order:
    """A pending order of one line."""
    with transaction.atomic():
        return checkout(
            items=[Item(quantity=quantity, variant_id=(variant or a_variant()).pk)],
            owner=owner,
            contact=Contact(**(contact or {"email": "abebe@buyers.shop"})),
            wishes=Wishes(),
            expected_total=None,
            by=SYSTEM,
        )
