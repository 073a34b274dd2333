"""Everybody who could knock at a door, and one of each thing there is behind them."""

from __future__ import annotations

import copy
import gzip
import json
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image as Picture
from procrastinate.contrib.django.models import ProcrastinateJob

from account import addresses, api_keys, customer_groups, roles, sessions, tokens
from account.models import Role, User
from account.scopes import SCOPES
from audit.models import AuditEntry
from cart.models import CartItem
from cart.services import open_cart
from cart.tokens import cart_token
from catalog import attributes, groupings, price_lists, texts
from catalog.images import add_image, read_picture
from catalog.models import Price, Product, Transfer, TransferChunk
from common.actors import GUEST, SYSTEM
from events.models import Letter
from fulfilment.models import ReturnLine, ReturnRequest, Shipment, ShipmentLine
from inventory.locations import create_location
from inventory.models import Movement, Reservation
from ledger import services as ledger
from ledger.models import Account
from ledger.services import Line
from orders.documents.issuing import issue_packing_slip
from orders.documents.models import LegalDetails
from orders.drafts import create_draft
from orders.services import lock_order
from orders.tokens import order_token
from payments import services as payments
from payments.models import WebhookEvent
from places import pickup, services
from pricing import coupon_verbs, delivery_verbs, promotion_verbs
from pricing.models import TaxAssignment, TaxCategory, TaxExemption, TaxRate
from privacy.models import Erasure, Export
from tests import factories

ANON, GUEST_HOLDER, OTHER_GUEST = "anonymous", "guest", "other guest"
CUSTOMER, STRANGER, IDLE = "customer", "other customer", "staff without a role"
OWNER, EDITOR, KEEPER, DESK, FINANCE, SUPPORT = (role.value for role in Role)
SUPERUSER = "superuser"
KEY, READ_KEY = "key with every scope", "key that reads the catalogue"

ROLES = frozenset(role.value for role in Role)
PEOPLE = frozenset({CUSTOMER, STRANGER, IDLE, SUPERUSER}) | ROLES
KEYS = frozenset({KEY, READ_KEY})
STRANGERS = frozenset({ANON, GUEST_HOLDER, OTHER_GUEST})
EVERYBODY = STRANGERS | PEOPLE | KEYS


@dataclass
class World:
    """One of each, by name; and how each caller identifies."""

    things: dict[str, Any] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    cookies: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["things"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return "World()"

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the API as somebody."""
        client = Client(raise_request_exception=False)
        if isinstance(body, Upload):
            return client.post(path, body.form(), headers=self.headers[who])
        content = b"" if body is None else json.dumps(body).encode()
        kind = "application/json" if content else ""
        return client.generic(method, path, content, kind, headers=self.headers[who])

    def browse(self, who: str, method: str, path: str, form: dict[str, Any] | None = None) -> Any:
        """Send a request to the admin or a page as somebody with a cookie."""
        client = Client(raise_request_exception=False)
        if who in self.cookies:
            client.cookies = copy.deepcopy(self.cookies[who])
        return getattr(client, method.lower())(path, form or {})


class Upload:
    """A picture as a form."""

    def form(self) -> dict[str, Any]:
        file = BytesIO(small_picture())
        file.name = "a.png"
        return {"file": file}


def small_picture() -> bytes:
    file = BytesIO()
    Picture.new("RGB", (8, 8), "green").save(file, "PNG")
    return file.getvalue()


def build() -> World:
    """Fill the database."""
    world = World()
    _people(world)
    _catalogue(world)
    _prices(world)
    _delivery(world)
    _orders(world)
    _carts(world)
    _rest(world)
    return world


def _people(world: World) -> None:
    for name in (CUSTOMER, STRANGER, IDLE, *sorted(ROLES), SUPERUSER):
        fields: dict[str, Any] = {"is_staff": True} if name in {IDLE, SUPERUSER} else {}
        user = factories.user(
            password=None, first_name=name, is_superuser=name == SUPERUSER, **fields
        )
        if name in ROLES:
            roles.grant(user=user, role=Role(name), by=None)
        world.users[name] = user = User.objects.get(pk=user.pk)
        session = sessions.open_session(user=user, device=sessions.Device())
        world.things[f"session of {name}"] = session
        world.headers[name] = {"Authorization": f"Bearer {tokens.pair(session)['access']}"}
        browser = Client()
        browser.force_login(user)
        world.cookies[name] = browser.cookies
    root = world.users[SUPERUSER]
    for name, scopes in ((KEY, sorted(SCOPES)), (READ_KEY, ["catalog:read"])):
        issued = api_keys.create(name=name, scopes=scopes, by=root)
        world.things["key"] = issued.key
        world.headers[name] = {"Authorization": f"Bearer {issued.secret}"}


def _catalogue(world: World) -> None:
    variant = factories.variant(stock=10, price="100.00", sku="SID-1")
    factories.variant(product=variant.product)
    product = variant.product
    image = add_image(product=product, picture=read_picture(small_picture()), alt="A")
    draft = factories.variant(product_name="Draft").product
    draft.is_published = False
    draft.save()
    world.things |= {
        "product": product, "variant": variant, "image": image, "draft": draft,
        "single": factories.variant(stock=5).product, "category": factories.category(),
        "attribute": attributes.create_attribute(code="roast", name="Roast", kind="text"),
        "product_type": attributes.create_type(name="Coffee"),
        "brand": groupings.create_brand(name="Tomoca"),
        "collection": groupings.create_collection(name="Gifts"),
        "language": texts.create_language(code="om", name="Afaan Oromoo"),
        "term": texts.create_term(text="Red", translations={"am": "ቀይ"}),
    }  # fmt: skip
    groupings.set_products(collection_id=world.collection.pk, product_ids=[product.pk])
    for direction in ("import", "export"):
        transfer = Transfer.objects.create(
            direction=direction, state="done", format="nexus", options={"kind": "csv"}, file="a.csv"
        )
        TransferChunk.objects.create(transfer=transfer, number=0, content=gzip.compress(b"slug"))
        world.things[direction] = transfer
    archived = factories.variant(product_name="Gone").product
    Product.objects.filter(pk=archived.pk).update(is_published=False, archived_at=timezone.now())
    archived.variants.update(archived_at=timezone.now())
    world.things["archived"] = archived


def _prices(world: World) -> None:
    """A list, a group, and prices of the variant that hold and that are to come."""
    world.things["group"] = customer_groups.create_group(name="Cafés")
    buyer = world.users[CUSTOMER]
    customer_groups.put_customer(user_id=buyer.pk, group_id=world.group.pk)
    world.things["price_list"] = price_lists.create_price_list(name="Cafés", group=None)
    for name, days, pieces in (("current", -1, 2), ("future", 1, 3)):
        world.things[f"{name} price"] = Price.objects.create(
            variant=world.variant, price_list=world.price_list, amount=90, min_quantity=pieces,
            valid_from=timezone.now() + timedelta(days=days),
        )  # fmt: skip


def _delivery(world: World) -> None:
    """A city with a pickup point, an area in it with nothing, and a method that has a fee."""
    city = services.create_area(code="ET-AA", name="Addis Ababa", kind="chartered_city")
    world.things |= {
        "area": services.create_area(code="ET-AA-BOLE", name="Bole", kind="sub_city", parent=city),
        "pickup_point": pickup.create_pickup_point(
            slug="piassa", name="Piassa", area=city, landmark="Behind the post office",
            opening_hours=[{"weekday": 1, "opens": time(8), "closes": time(17)}],
        ),
        "delivery_method": delivery_verbs.create_method(
            code="courier", name="Courier", kind="courier"
        ),
    }  # fmt: skip
    delivery_verbs.set_fees(
        method_id=world.delivery_method.pk,
        fees=[{"area": city, "currency": "ETB", "fee": Decimal(80)}],
    )


def _orders(world: World) -> None:
    variant = factories.variant(stock=100)
    buyer = world.users[CUSTOMER]
    for suffix in ("", " unpaid"):
        world.things[f"order{suffix}"] = factories.place(buyer, variant=variant)
        world.things[f"guest order{suffix}"] = factories.place(variant=variant)
    other = factories.place(variant=variant)
    world.headers[ANON] = {}
    world.headers[OTHER_GUEST] = {"X-Order-Token": order_token(other.public_id)}
    world.headers[GUEST_HOLDER] = token_for(world, "guest order")
    with transaction.atomic():
        order = lock_order(world.things["order"].pk)
        world.things["packing slip"] = issue_packing_slip(order=order)
    world.things["legal details"] = LegalDetails.objects.create(
        valid_from=date(2026, 1, 1), legal_name="Buna House PLC"
    )
    world.things["draft order"] = create_draft(
        fields={"phone": "+251911234567", "items": [{"variant_id": variant.pk, "quantity": 1}]},
        by=SYSTEM,
    )
    for name in ("order", "guest order"):
        _parcel(world, name)
    for name in ("order", "guest order"):
        order = world.things[name]
        world.things[f"payment of {name}"] = payments.start(
            order_id=order.pk, method="chapa", by=GUEST
        )


def _parcel(world: World, name: str) -> None:
    """A shipment and a return of an order, as rows: it is not paid, so that verbs would make neither."""
    order = world.things[name]
    line = order.lines.get()
    shipment = Shipment.objects.create(order=order, number=1, kind="courier", actor="system")
    ShipmentLine.objects.create(shipment=shipment, line=line, quantity=1)
    asked = ReturnRequest.objects.create(order=order, reason="other", actor="system")
    ReturnLine.objects.create(request=asked, line=line, quantity=1)
    world.things |= {f"shipment of {name}": shipment, f"return of {name}": asked}


def _carts(world: World) -> None:
    """A customer's cart and a guest's, each with something in it, and another guest's."""
    for name, owner in (
        ("cart", world.users[CUSTOMER]),
        ("guest cart", None),
        ("other cart", None),
    ):
        cart = open_cart(user=owner)
        world.things[name] = cart
        world.things[f"item of {name}"] = CartItem.objects.create(
            cart=cart, variant=world.single.variants.get(), quantity=1
        )
    world.headers[OTHER_GUEST] |= {"X-Cart-Token": cart_token(world.things["other cart"].public_id)}
    world.headers[GUEST_HOLDER] = token_for(world, "guest order")


def token_for(world: World, name: str) -> dict[str, str]:
    """The headers of the guest whose order has that name, with the guest's cart."""
    tokens = {"X-Order-Token": order_token(world.things[name].public_id)}
    if cart := world.things.get("guest cart"):
        tokens["X-Cart-Token"] = cart_token(cart.public_id)
    return tokens


def _promotions(world: World) -> None:
    """A promotion with a code; a tax category with a rate to come, something of it, and somebody exempt."""
    now = timezone.now()
    world.things["promotion"] = promotion_verbs.create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10)}
    )
    world.things["coupon"] = coupon_verbs.create_coupon(
        promotion_id=world.promotion.pk, code="MESKEL", fields={}
    )
    TaxCategory.objects.create(code="reduced", name="Reduced")
    world.things["future rate"] = TaxRate.objects.create(
        rate="0.05", tax_category_id="standard", area="ET-AA", valid_from=now + timedelta(days=1)
    )
    world.things["tax assignment"] = TaxAssignment.objects.create(
        tax_category_id="zero", category=world.category
    )
    world.things["tax exemption"] = TaxExemption.objects.create(
        group=world.group, certificate="D-1", valid_from=now
    )


def _rest(world: World) -> None:
    buyer = world.users[CUSTOMER]
    world.things["address"] = addresses.add_address(user=buyer, fields={"city": "Addis Ababa"})
    letter = Letter.objects.create(recipient="a@b.shop", subject="x", dedupe_key="world")
    event = WebhookEvent.objects.create(body=b"{}", sha256="0" * 64)
    job = ProcrastinateJob.objects.order_by("id").first()
    now = timezone.now()
    TaxRate.objects.all().delete()
    rate = TaxRate.objects.create(rate="0.15", valid_from=now - timedelta(days=1))
    entry = AuditEntry.objects.create(actor_kind="system", action="world.made")
    _promotions(world)
    with transaction.atomic():
        world.things["entry"] = ledger.post(
            kind="world.made", key="1", by=SYSTEM,
            lines=[Line("bank", Decimal(1), "ETB"), Line("variance", Decimal(-1), "ETB")],
        )  # fmt: skip
    world.things["rows"] = {
        "account.user": buyer,
        "account.session": world.things[f"session of {CUSTOMER}"],
        "account.apikey": world.things["key"],
        "audit.auditentry": entry,
        "orders.document": world.things["packing slip"],
        "orders.legaldetails": world.things["legal details"],
        "orders.draftorder": world.things["draft order"],
        "catalog.category": world.category,
        "catalog.product": world.product,
        "catalog.variant": world.variant,
        "catalog.attribute": world.attribute,
        "catalog.producttype": world.product_type,
        "catalog.brand": world.brand,
        "catalog.collection": world.collection,
        "catalog.language": world.language,
        "catalog.term": world.term,
        "catalog.transfer": world.things["import"],
        "catalog.price": world.things["future price"],
        "catalog.pricelist": world.price_list,
        "account.customergroup": world.group,
        "events.letter": letter,
        "fulfilment.shipment": world.things["shipment of order"],
        "fulfilment.returnrequest": world.things["return of order"],
        "inventory.stockitem": world.variant.stock_item,
        "inventory.location": create_location(code="bole", name="Bole store"),
        "inventory.movement": Movement.objects.first(),
        "inventory.reservation": Reservation.objects.first(),
        "ledger.account": Account.objects.get(code="bank"),
        "ledger.entry": world.things["entry"],
        "cart.cart": world.cart,
        "orders.order": world.order,
        "payments.payment": world.things["payment of order"],
        "payments.webhookevent": event,
        "places.area": world.area,
        "places.pickuppoint": world.pickup_point,
        "pricing.deliverymethod": world.delivery_method,
        "pricing.taxrate": rate,
        "pricing.taxcategory": TaxCategory.objects.get(pk="reduced"),
        "pricing.taxexemption": world.things["tax exemption"],
        "pricing.promotion": world.promotion,
        "pricing.coupon": world.coupon,
        "privacy.erasure": Erasure.objects.create(requested_by="staff", email="gone@buyers.shop"),
        "privacy.export": Export.objects.create(user=world.users[STRANGER]),
        "procrastinate.procrastinatejob": job,
    }
