"""A shop in which every writable door has something to write to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from account import (
    addresses,
    api_keys,
    customer_groups,
    email_tokens,
    phone_codes,
    sessions,
    tokens,
)
from account.email_tokens import Purpose
from account.models import PhoneCode, User
from cart.models import CartItem
from cart.services import open_cart
from cart.tokens import cart_token
from catalog import attributes, groupings, price_lists, texts
from catalog.models import Category, Image, Price, Product
from common.actors import SYSTEM
from fulfilment import codes, returning
from fulfilment.models import Shipment, ShipmentKind
from fulfilment.packing import pack
from fulfilment.travelling import make_ready, ship_pieces
from inventory.locations import create_location
from inventory.models import Reason
from inventory.services import adjust
from orders.checkout import Contact, Item, Wishes, checkout
from orders.documents.models import LegalDetails
from orders.drafts import create_draft
from orders.services import lock_order, mark_paid
from orders.tokens import order_token
from payments.models import Payment
from places import pickup, services
from pricing import coupon_verbs, delivery_verbs, promotion_verbs
from pricing.models import TaxAssignment, TaxCategory, TaxExemption, TaxRate
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
    shipped: dict[str, Any]  # paid, and partly on their way, by caller
    carts: dict[str, Any]  # with one item, by caller
    headers: dict[str, dict[str, str]]
    paths: dict[Any, Any]  # values of path parameters
    values: dict[str, Any]  # what names in bodies mean here
    by_operation: dict[str, dict[str, Any]] = field(default_factory=dict)


def fill() -> FilledShop:
    """Customers, the owner, a guest, and what each of them has."""
    shop = contract.build()
    with transaction.atomic():  # the orders below take all that is there
        coffee = contract.variant_of(shop.yirgacheffe).stock_item_id
        adjust(stock_item_id=coffee, quantity=100, reason=Reason.RECEIVED, by=SYSTEM)
    shop.dawit.phone = "+251911234599"
    shop.dawit.save()
    owners = {"anonymous": None, "guest": None, "customer": shop.dawit, "owner": shop.owner}
    orders = {name: _order(user, shop) for name, user in owners.items()}
    payments = {name: _payment(_order(user, shop)) for name, user in owners.items()}
    carts = {name: _cart(user, shop) for name, user in owners.items()}
    shipped = {name: _shipped(user, shop) for name, user in owners.items()}
    signed_in = {name: _session(user) for name, user in owners.items() if user}
    for user in (shop.dawit, shop.owner):
        addresses.add_address(user=user, fields={"label": "home", "city": "Addis Ababa"})
    Image.objects.create(
        product=shop.jebena, file="products/a.jpg", alt="a", position=0, width=1, height=1
    )
    waiting = User.objects.create_user("waiting@example.com", PASSWORD)
    variant = contract.variant_of(shop.jebena)
    key = api_keys.create(name="a till", scopes=["catalog:read"], by=shop.owner).key
    described = _described(shop)
    draft = create_draft(
        fields={"phone": "+251911234567", "items": [{"variant_id": variant.pk, "quantity": 1}]},
        by=SYSTEM,
    )
    line = orders["owner"].lines.order_by("position").first()
    return FilledShop(
        people=shop,
        orders=orders,
        payments=payments,
        shipped=shipped,
        carts=carts,
        headers={
            "anonymous": {},
            "guest": {
                "X-Order-Token": order_token(orders["guest"].public_id),
                "X-Cart-Token": cart_token(carts["guest"].public_id),
            },
            **{name: {"Authorization": f"Bearer {pair['access']}"} for name, pair in signed_in.items()},
        },
        paths={
            "variant_id": variant.pk,
            ("/api/products/{key}/", "key"): shop.yirgacheffe.pk,
            **described,
            **_delivery(),
            **_parcels(shipped["owner"]),
            **_pricing(),
            "draft_id": draft.public_id,
            "details_id": LegalDetails.objects.create(
                valid_from=date(2026, 1, 1), legal_name="Buna House PLC"
            ).pk,
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
            "shipments_create": {"lines": [{"line_id": shipped["owner"].lines.get().pk, "quantity": 1}]},
            "order_returns_create": {
                "lines": [{"line_id": shipped["owner"].lines.get().pk, "quantity": 1}], "reason": "other",
            },
            "returns_receive": {"lines": [{"line_id": shipped["owner"].lines.get().pk, "restocked": 1}]},
            "returns_refuse": {"answer": "It was opened."},
            "staff_add": {"email": shop.hana.email},
            "orders_edit": {
                "operations": [{"op": "add", "variant_id": variant.pk, "quantity": 1}], "reason": "by telephone"
            },
            "orders_cancel_lines": {"lines": [{"line": line.pk, "quantity": 1}]},
            "orders_note": {"text": "Calls back at five"},
            "drafts_create": {"items": [{"variant_id": variant.pk, "quantity": 1}], "customer": None},
            "drafts_change": {"items": [{"variant_id": variant.pk, "quantity": 2}], "customer": None},
            "drafts_place": {"expected_total": None},
            "carts_items_add": {"product_id": None},
            "carts_coupon_add": {"code": "MESKEL"},
            "auth_verify_email": {"token": _letter(waiting, Purpose.VERIFY)},
            "auth_password_reset": {"token": _letter(shop.hana, Purpose.RESET)},
            "auth_login": {"email": shop.hana.email, "phone": None},
            "auth_refresh": {"refresh": _session(shop.hana)["refresh"]},
            "auth_logout": {"refresh": _session(shop.hana)["refresh"]},
            "auth_phone_login": {"phone": _code("+251911777888", PhoneCode.Purpose.SIGN_IN, None)},
            "auth_phone_confirm": {"phone": _code("+251911777889", PhoneCode.Purpose.VERIFY, shop.dawit)},
            "variants_create": {"options": [{"name": "Size", "value": "Huge"}], "sku": "NEW-2"},
            "variants_create_many": {
                "variants": [{"options": [{"name": "Size", "value": "Huge"}], "sku": "NEW-2", "price": "10.00"}]
            },
            "attributes_create": {"code": "aroma"},
            "attributes_change": {"code": "aroma"},
            "attributes_replace": {"code": "aroma", "kind": "text"},
            "languages_create": {"code": "ti"},
            "areas_create": {"code": "ET-DD", "kind": "region", "parent": None},
            "areas_change": {"code": "ET-AA-BOLE", "kind": "sub_city", "parent": "ET-AA"},
            "pickup_points_create": {"area": "ET-AA"},
            "pickup_points_change": {"area": "ET-AA"},
            "delivery_methods_create": {"code": "post", "kind": "post"},
            "delivery_methods_change": {"code": "courier", "kind": "courier"},
            "delivery_fees_set": {"fees": [{"fee": "9.00", "area": "ET-AA"}]},
            "delivery_windows_set": {
                "windows": [{"weekday": 1, "begins": "09:00", "ends": "12:00", "area": "ET-AA"}]
            },
            "collection_products_add": {"product": shop.yirgacheffe.pk},
            "collection_products_set": {"products": [shop.yirgacheffe.pk, shop.berbere.pk]},
            "stock_movements_create": {"quantity": 1, "reason": "received"},
            "stock_counts_create": dict.fromkeys(("on_hand", "expected_on_hand"), variant.stock_item.on_hand),
            "stock_transfers_create": {"from": "main", "to": "bole", "quantity": 1},
            "stock_locations_create": {"code": "adama"},
            "stock_locations_change": {"code": "bole-road"},
            "promotions_create": {"kind": "percentage", "level": "order", "percent": "5"},
            "promotions_change": {"kind": "percentage", "level": "order", "percent": "5"},
            "coupons_create": {"code": "GENNA"},
            "coupons_generate": {"count": 2},
            "tax_rates_create": {"tax_category": "zero", "rate": "0", "valid_from": "2031-01-01T00:00:00Z"},
            "tax_rates_change": {"tax_category": "reduced", "rate": "0.04", "area": ""},
            "tax_categories_create": {"code": "low"},
            "tax_assignments_create": {"product": shop.berbere.pk},
            "tax_exemptions_create": {
                "user": str(shop.dawit.public_id), "certificate": "D-2", "valid_from": "2026-01-01T00:00:00Z"
            },
            "legal_details_create": {"valid_from": "2027-01-01", "email": "shop@example.com"},
            "legal_details_change": {"valid_from": "2027-01-02", "email": "shop@example.com"},
            "customer_groups_customers_add": {"email": shop.hana.email},
            "price_list_prices_set": {"prices": [{"variant_id": variant.pk, "price": "9.00"}]},
            "keys_create": {"expires_at": (timezone.now() + timedelta(days=30)).isoformat()},
        },
    )  # fmt: skip


def _described(shop: contract.World) -> dict[Any, Any]:
    """How goods are described, grouped, translated and priced; returns where the paths of all that lead."""
    attributes.create_attribute(code="finish", name="Finish", kind="text")
    groupings.create_brand(name="Without goods")
    collection = groupings.create_collection(name="Gifts")
    groupings.set_products(collection_id=collection.pk, product_ids=[shop.berbere.pk])
    language = texts.create_language(code="om", name="Afaan Oromoo")
    texts.create_term(text="Red", translations={"am": "ቀይ"})
    nobodys, hers = (customer_groups.create_group(name=name) for name in ("Nobody", "Cafés"))
    customer_groups.put_customer(user_id=shop.hana.pk, group_id=hers.pk)
    own = price_lists.create_price_list(name="Cafés", group=hers)
    variant, other = (contract.variant_of(shop.jebena, position) for position in (0, 1))
    now = timezone.now()
    begun = Price.objects.create(
        variant=other, price_list=own, amount=9, valid_from=now - timedelta(days=1)
    )
    Price.objects.create(
        variant=variant, price_list=own, amount=9, valid_from=now + timedelta(days=1)
    )
    gone = Product.objects.create(name="Gone", slug="gone", archived_at=now)
    prices = "/api/products/{key}/variants/{variant_id}/prices/{price_id}"
    return {
        ("/api/products/{key}/restore/", "key"): gone.pk,
        ("/api/collections/{key}/products/{product_id}/", "product_id"): shop.berbere.pk,
        ("/api/languages", "code"): language.code,
        ("/api/customer-groups/{group_id}/", "group_id"): nobodys.pk,
        ("/api/customer-groups", "group_id"): hers.pk,
        ("/api/customer-groups", "public_id"): shop.hana.public_id,
        ("/api/price-lists", "list_id"): own.pk,
        ("/api/stock", "item_id"): variant.stock_item_id,
        ("/api/stock/locations", "location"): create_location(code="bole", name="Bole store").code,
        ("/api/product-types", "type_id"): attributes.create_type(name="Pot").pk,
        (f"{prices}/end/", "price_id"): begun.pk,
        (f"{prices}/end/", "variant_id"): other.pk,
    }  # fmt: skip


def _delivery() -> dict[Any, Any]:
    """An area, a pickup point and a method; returns where their paths lead."""
    city = services.create_area(code="ET-AA", name="Addis Ababa", kind="chartered_city")
    bole = services.create_area(code="ET-AA-BOLE", name="Bole", kind="sub_city", parent=city)
    point = pickup.create_pickup_point(
        slug="piassa", name="Piassa", area=city, landmark="Behind the post office"
    )
    method = delivery_verbs.create_method(code="courier", name="Courier", kind="courier")
    return {
        ("/api/places/areas", "key"): bole.pk,
        ("/api/places/pickup-points", "key"): point.pk,
        ("/api/delivery/methods", "key"): method.pk,
    }


def _pricing() -> dict[Any, Any]:
    """A promotion with a code, and a rate, a category and an exemption of taxes; returns where their paths lead."""
    now = timezone.now()
    promotion = promotion_verbs.create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10)}
    )
    coupon = coupon_verbs.create_coupon(promotion_id=promotion.pk, code="MESKEL", fields={})
    category = TaxCategory.objects.create(code="reduced", name="Reduced")
    rate = TaxRate.objects.create(
        tax_category=category, rate="0.05", valid_from=now + timedelta(days=1)
    )
    nothings = TaxCategory.objects.create(code="nothings", name="Of nothing")
    shelf = Category.objects.create(name="Books", slug="books")
    assigned = TaxAssignment.objects.create(tax_category_id="zero", category=shelf)
    embassies = customer_groups.create_group(name="Embassies")
    freed = TaxExemption.objects.create(group=embassies, certificate="D-1", valid_from=now)
    return {
        ("/api/promotions", "promotion_id"): promotion.pk,
        ("/api/promotions", "coupon_id"): coupon.pk,
        ("/api/tax-rates", "rate_id"): rate.pk,
        ("/api/tax-categories/{code}/", "code"): nothings.pk,
        ("/api/tax-categories/{code}/assignments/", "code"): "zero",
        ("/api/tax-categories/{code}/assignments/{assignment_id}/", "code"): "zero",
        ("/api/tax-categories", "assignment_id"): assigned.pk,
        ("/api/tax-exemptions", "exemption_id"): freed.pk,
    }


def _order(owner: User | None, shop: contract.World) -> Any:
    with transaction.atomic():
        return checkout(
            items=[Item(quantity=1, product_id=shop.yirgacheffe.pk)], owner=owner,
            contact=Contact(email="hana.tesfaye@example.com", phone="+251911234567"),
            wishes=Wishes(shipping_address=dict(ADDRESS)), expected_total=None, by=SYSTEM,
        )  # fmt: skip


def _cart(owner: User | None, shop: contract.World) -> Any:
    cart = open_cart(user=owner)
    CartItem.objects.create(cart=cart, variant=contract.variant_of(shop.jebena), quantity=1)
    return cart


def _shipped(owner: User | None, shop: contract.World) -> Any:
    """A paid order of eight pieces, three of which are on their way."""
    with transaction.atomic():
        order = checkout(
            items=[Item(quantity=8, product_id=shop.yirgacheffe.pk)], owner=owner,
            contact=Contact(email="hana.tesfaye@example.com", phone="+251911234567"),
            wishes=Wishes(shipping_address=dict(ADDRESS)), expected_total=None, by=SYSTEM,
        )  # fmt: skip
        mark_paid(order=lock_order(order.pk), by=SYSTEM)
        line = order.lines.get().pk
        ship_pieces(order_id=order.pk, kind=ShipmentKind.COURIER, lines={line: 3}, by=SYSTEM)
    return order


def _parcels(order: Any) -> dict[Any, Any]:
    """A shipment and a return in every state that a door asks for; returns where their paths lead."""
    line = order.lines.get().pk
    packed, fetched, ready = (
        pack(order_id=order.pk, kind=kind, lines={line: 1}, by=SYSTEM)
        for kind in (ShipmentKind.POST, ShipmentKind.PICKUP, ShipmentKind.PICKUP)
    )
    make_ready(shipment_id=ready.pk, by=SYSTEM)
    Shipment.objects.filter(pk=ready.pk).update(code_digest=codes._digest(ready, CODE))
    asked, approved = (
        returning.request_return(order_id=order.pk, lines={line: 1}, reason="other", by=SYSTEM)
        for _ in range(2)
    )
    returning.approve(return_id=approved.pk, by=SYSTEM)
    one, back = "/api/orders/{public_id}/shipments/{shipment_id}/", "/api/returns/{return_id}/"
    return {
        ("/api/orders", "shipment_id"): packed.public_id,
        (f"{one}ready/", "shipment_id"): fetched.public_id,
        (f"{one}code/", "shipment_id"): ready.public_id,
        (f"{one}handover/", "shipment_id"): ready.public_id,
        (f"{one}delivered/", "shipment_id"): order.shipments.get(number=1).public_id,
        (f"{back}receive/", "return_id"): approved.public_id,
        (f"{back}close/", "return_id"): approved.public_id,
        ("/api/returns", "return_id"): asked.public_id,
    }


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
