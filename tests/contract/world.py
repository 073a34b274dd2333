"""The small shop in which every example takes place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from account import api_keys, sessions, tokens
from account.models import User
from account.scopes import SCOPES
from catalog.models import Category, Product
from catalog.services import NewProduct, NewVariant, create_product
from common.actors import SYSTEM

PASSWORD = "buna-teff-injera-94"
# First ids by model, so that a reader sees at a glance what an id belongs to, and every run gives the same.
FIRST_IDS = {
    "catalog.Category": 11,
    "catalog.Product": 101,
    "catalog.Variant": 201,
    "catalog.Image": 301,
    "catalog.Attribute": 401,
    "catalog.ProductType": 451,
    "catalog.Brand": 501,
    "catalog.Collection": 551,
    "catalog.Term": 601,
    "catalog.PriceList": 2,  # the first is everybody's, and a migration's
    "catalog.Price": 701,
    "orders.OrderLine": 1001,
}


@dataclass
class World:
    """Who and what there is."""

    hana: User
    dawit: User
    owner: User
    clerk: User
    coffee: Category
    crafts: Category
    yirgacheffe: Product
    jebena: Product
    berbere: Product

    def token(self, user: User) -> str:
        """An access token of a new session."""
        session = sessions.open_session(user=user, device=sessions.Device())
        return tokens.pair(session)["access"]

    @property
    def customer_token(self) -> str:
        return self.token(self.dawit)

    @property
    def reading_key(self) -> str:
        """An API key that may read everything and change nothing."""
        reads = [name for name in SCOPES if name.endswith(":read")]
        return api_keys.create(name="Reader", scopes=reads, by=self.owner).secret

    @property
    def staff_token(self) -> str:
        return self.token(self.owner)


def build() -> World:
    """Fill an empty database."""
    _reset_ids()
    with transaction.atomic():
        coffee = Category.objects.create(name="Coffee", slug="coffee", position=1)
        Category.objects.create(name="Single origin", slug="single-origin", parent=coffee)
        crafts = Category.objects.create(name="Crafts", slug="crafts", position=2)
        return World(
            hana=_user("hana.tesfaye@example.com", "Hana", "Tesfaye", phone="+251911234567"),
            dawit=_user("dawit.lemma@example.com", "Dawit", "Lemma"),
            owner=_user("selam@shop.example", "Selam", "Bekele", is_staff=True, is_superuser=True),
            clerk=_user("abel@shop.example", "Abel", "Girma", is_staff=True),
            coffee=coffee,
            crafts=crafts,
            yirgacheffe=_product(
                "Yirgacheffe coffee, washed, 500 g", coffee, "850.00", stock=40, sku="YRG-W-500",
                brand="Gedeo Highlands", tags=["coffee", "washed"],
                description="<p>Floral, with lemon and bergamot. Grown at 2,000 metres in Gedeo.</p>",
            ),
            jebena=_jebena(crafts),
            berbere=_product(
                "Berbere, mild, 250 g", None, "240.00", stock=3, sku="BRB-M-250", brand="Merkato",
                tags=["spice"], description="<p>Chilli, korarima, ajwain and besobela.</p>",
            ),
        )  # fmt: skip


def _user(email: str, first: str, last: str, **fields: Any) -> User:
    return User.objects.create_user(
        email=email, password=PASSWORD, first_name=first, last_name=last,
        email_verified_at=timezone.now(), **fields,
    )  # fmt: skip


def _product(
    name: str, category: Category | None, price: str, *, stock: int, sku: str, **fields: Any
) -> Product:
    new = NewProduct(
        name=name, category=category, is_published=True,
        variants=[NewVariant(price=Decimal(price), stock=stock, sku=sku)], **fields,
    )  # fmt: skip
    return create_product(new=new, by=SYSTEM)


def _jebena(crafts: Category) -> Product:
    sizes = [("Small", "620.00", 12), ("Large", "780.00", 0)]
    return create_product(
        new=NewProduct(
            name="Jebena, black clay coffee pot",
            description="<p>Thrown and fired by hand in Kechene, Addis Ababa.</p>",
            brand="Kechene Women Potters",
            tags=["clay", "handmade"],
            category=crafts,
            is_published=True,
            variants=[
                NewVariant(
                    price=Decimal(price), stock=stock, sku=f"JBN-{size[0]}",
                    options=[{"name": "Size", "value": size}],
                )
                for size, price, stock in sizes
            ],
        ),
        by=SYSTEM,
    )  # fmt: skip


def _reset_ids() -> None:
    """The tables are empty; only their counters remember other tests."""
    with connection.cursor() as cursor:
        for label in ("account", "catalog", "inventory", "orders", "payments", "places", "pricing"):
            for model in apps.get_app_config(label).get_models():
                if model._meta.pk.column != "id":
                    continue  # nothing counts its rows
                last = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
                first = FIRST_IDS.get(model._meta.label, last + 1)  # behind a migration's rows
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)",
                    [model._meta.db_table, first],
                )
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events CASCADE")


def variant_of(product: Product, position: int = 0) -> Any:
    """A variant by its place in the shop's order."""
    return product.variants.order_by("position")[position]
