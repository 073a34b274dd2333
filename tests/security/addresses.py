"""A real address for each route of the table of access."""

from __future__ import annotations

from tests.security.world import CUSTOMER, GUEST_HOLDER, SUPPORT, World


def address(world: World, route: str, who: str) -> str:
    """A real address for a route, with things that exist."""
    guest = who == GUEST_HOLDER
    unpaid = (
        "unpaid"
        if route.endswith(("public_id>/cancel/", "orders/<uuid:public_id>/payments/"))
        else ""
    )
    order = f"{'guest ' if guest else ''}order {unpaid}".strip()
    payment = f"payment of {'guest ' if guest else ''}order"
    things = {
        "api/orders/": lambda: world.things[order].public_id,
        "api/payments/": lambda: world.things[payment].public_id,
        "pay/order/": lambda: world.things[order].public_id,
        "pay/return/": lambda: world.things[payment].public_id,
        "api/addresses/": lambda: world.things["address"].public_id,
        "api/keys/": lambda: world.things["key"].public_id,
        "api/customer-groups/": lambda: world.users[CUSTOMER].public_id,
        "api/staff/": lambda: world.users[SUPPORT].public_id,
        "api/ledger/entries/": lambda: world.things["entry"].public_id,
        "api/imports/": lambda: world.things["import"].public_id,
        "api/exports/": lambda: world.things["export"].public_id,
    }
    nouns = {"categories": "category", "brands": "brand", "collections": "collection"}
    named = next((thing for noun, thing in nouns.items() if f"api/{noun}/" in route), "product")
    key = world.things[named].slug
    if route.endswith("restore/"):
        key = world.archived.slug
    if route == "api/products/<slug:key>/":
        key = world.single.slug  # of one variant, so that it has a price and a stock of its own
    keys = {
        "api/places/areas/": "ET-AA-BOLE", "api/places/pickup-points/": "piassa",
        "api/delivery/methods/": "courier",
    }  # fmt: skip
    key = next((found for start, found in keys.items() if route.startswith(start)), key)
    filled = route.removeprefix("^").removesuffix("/?$")
    for start, found in things.items():
        if filled.startswith(start) and "<uuid:public_id>" in filled:
            filled = filled.replace("<uuid:public_id>", str(found()))
    return "/" + (
        filled.replace("<slug:key>", key)
        .replace("<uuid:cart_id>", str(world.things["guest cart" if guest else "cart"].public_id))
        .replace(
            "<uuid:item_id>",
            str(world.things[f"item of {'guest ' if guest else ''}cart"].public_id),
        )
        .replace("<int:variant_id>", str(world.variant.pk))
        .replace("<int:image_id>", str(world.image.pk))
        .replace("<uuid:session_id>", str(world.things[f"session of {CUSTOMER}"].public_id))
        .replace(
            "<uuid:shipment_id>",
            str(world.things[f"shipment of {'guest ' if guest else ''}order"].public_id),
        )
        .replace("<uuid:return_id>", str(world.things["return of order"].public_id))
        .replace("<path:path>", "none.webp")
        .replace("<int:attribute_id>", str(world.attribute.pk))
        .replace("<int:type_id>", str(world.product_type.pk))
        .replace("<int:product_id>", str(world.product.pk))
        .replace("<int:term_id>", str(world.term.pk))
        .replace("<int:item_id>", str(world.variant.stock_item_id))
        .replace("<slug:location>", "bole")
        .replace("<int:list_id>", str(world.price_list.pk))
        .replace("<int:group_id>", str(world.group.pk))
        .replace(
            "<int:price_id>",
            str(world.things["current price" if "end/" in filled else "future price"].pk),
        )
        .replace("tax-categories/<slug:code>/assignments", "tax-categories/zero/assignments")
        .replace("tax-categories/<slug:code>", "tax-categories/reduced")
        .replace("<slug:code>", world.language.pk)
        .replace("<slug:number>", world.things["packing slip"].number)
        .replace("<uuid:draft_id>", str(world.things["draft order"].public_id))
        .replace("<int:details_id>", str(world.things["legal details"].pk))
        .replace("<int:promotion_id>", str(world.promotion.pk))
        .replace("<int:coupon_id>", str(world.coupon.pk))
        .replace("<int:rate_id>", str(world.things["future rate"].pk))
        .replace("<int:assignment_id>", str(world.things["tax assignment"].pk))
        .replace("<int:exemption_id>", str(world.things["tax exemption"].pk))
    )
