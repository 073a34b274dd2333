"""What can be permitted in this shop, and which role permits it. Whatever is not listed here is refused to every role.

The names are Django's (`app.verb_model`), so that the admin asks the same question as the API; verbs that are no change of a
row have names of their own (`orders.cancel_order`). Nothing of this is stored: changing this table changes what everybody
may do from the next request on. docs/roles.md is made from it (`manage.py staff table`).
"""

from __future__ import annotations

from collections.abc import Mapping

from account.models.roles import Role

# What each permission means. Grouped as docs/roles.md shows it.
PERMISSIONS: Mapping[str, Mapping[str, str]] = {
    "Catalogue": {
        "catalog.view_product": "see drafts, archived products and exact stock",
        "catalog.add_product": "add products, with their first price",
        "catalog.change_product": "change texts, category, SKU, publication",
        "catalog.delete_product": "delete or archive products",
        "catalog.view_variant": "see variants in the admin",
        "catalog.add_variant": "add variants, with their first price",
        "catalog.change_variant": "change names, options, SKU, weight of variants",
        "catalog.delete_variant": "delete or archive variants",
        "catalog.view_price": "see price lists, and the prices of all lists and times",
        "catalog.change_price": "change prices and compare-at prices, and price lists",
        "catalog.view_image": "see pictures in the admin",
        "catalog.add_image": "add pictures",
        "catalog.change_image": "change what is said about pictures",
        "catalog.delete_image": "delete pictures",
        "catalog.view_category": "see categories in the admin",
        "catalog.add_category": "add categories",
        "catalog.change_category": "rename and move categories",
        "catalog.delete_category": "delete empty categories",
        "catalog.import_products": "import files: add and change products, with all that they have",
        "catalog.export_products": "export the whole catalogue, drafts and stock included",
        "catalog.view_transfer": "see imports and exports in the admin",
        "catalog.view_attribute": "see attributes in the admin",
        "catalog.add_attribute": "declare attributes",
        "catalog.change_attribute": "change attributes and their choices",
        "catalog.delete_attribute": "delete attributes that nobody uses",
        "catalog.view_producttype": "see product types in the admin",
        "catalog.add_producttype": "declare product types",
        "catalog.change_producttype": "change which attributes products of a type have",
        "catalog.delete_producttype": "delete product types that nobody uses",
        "catalog.view_brand": "see brands in the admin",
        "catalog.add_brand": "add brands",
        "catalog.change_brand": "rename and describe brands",
        "catalog.delete_brand": "delete brands without products",
        "catalog.view_collection": "see collections in the admin",
        "catalog.add_collection": "add collections",
        "catalog.change_collection": "change collections, and what is in them",
        "catalog.delete_collection": "delete collections; their products stay",
        "catalog.view_language": "see languages in the admin",
        "catalog.add_language": "add languages",
        "catalog.change_language": "rename and order languages",
        "catalog.delete_language": "delete languages that nothing is translated into",
        "catalog.view_term": "see translated words in the admin",
        "catalog.add_term": "translate words",
        "catalog.change_term": "change translations of words",
        "catalog.delete_term": "delete translations of words",
    },
    "Stock": {
        "inventory.add_stockitem": "give a new product or variant its opening stock",
        "inventory.change_stockitem": "set, receive, move and count the stock of what exists, and its limits",
        "inventory.view_stockitem": "see stock: on hand, promised, owed, limits",
        "inventory.view_movement": "see every change of stock",
        "inventory.view_reservation": "see what is promised to open orders",
        "inventory.view_location": "see where stock lies",
        "inventory.add_location": "open locations of stock",
        "inventory.change_location": "rename and close locations of stock",
        "inventory.delete_location": "delete locations that never held anything",
    },
    "Delivery": {
        "places.view_area": "see areas in the admin, archived ones and their translations too",
        "places.add_area": "add areas",
        "places.change_area": "rename, move and archive areas",
        "places.delete_area": "delete areas that nothing refers to",
        "places.view_pickuppoint": "see pickup points in the admin, archived ones too",
        "places.add_pickuppoint": "add pickup points",
        "places.change_pickuppoint": "change and archive pickup points, and their opening hours",
        "places.delete_pickuppoint": "delete pickup points",
        "pricing.view_deliverymethod": "see delivery methods in the admin, archived ones too",
        "pricing.add_deliverymethod": "add delivery methods",
        "pricing.change_deliverymethod": "change delivery methods, their fees and windows",
        "pricing.delete_deliverymethod": "delete delivery methods",
    },
    "Orders": {
        "cart.view_cart": "see everybody's carts, and which were abandoned",
        "orders.view_order": "see everybody's orders",
        "orders.view_orderline": "see their lines in the admin",
        "orders.view_orderevent": "see their history in the admin",
        "orders.change_order": "change orders before they leave, agree on prices, mark orders as shipped and completed",
        "orders.add_order": "let a program place guests' orders (API keys)",
        "orders.cancel_order": "cancel unpaid orders of others, and pieces of orders",
        "orders.view_ordernote": "read all notes on orders",
        "orders.add_ordernote": "write notes on orders, also for customers",
        "orders.view_refunddue": "see what must go back to customers",
        "orders.view_draftorder": "see drafts of orders by telephone",
        "orders.add_draftorder": "begin drafts of orders for customers",
        "orders.change_draftorder": "change, place and throw away drafts of orders",
        "orders.view_document": "see all documents in the admin, and those of customers who were erased",
        "orders.view_legaldetails": "see the shop's legal details: name, TIN, VAT number",
        "orders.add_legaldetails": "write down who the shop is from a day on",
        "orders.change_legaldetails": "change legal details, for documents to come",
        "orders.delete_legaldetails": "delete legal details",
    },
    "Shipments": {
        "fulfilment.view_shipment": "see everybody's shipments, what is in them and where they are",
        "fulfilment.change_shipment": "pack, send, hand over and cancel shipments, print their labels",
        "fulfilment.view_returnrequest": "see everybody's returns",
        "fulfilment.change_returnrequest": "approve, refuse and take in returns, with what is owed for them",
    },
    "Money": {
        "payments.view_payment": "see everybody's payments",
        "payments.view_paymentevent": "see their history in the admin",
        "payments.add_payment": "start a payment for somebody else's order",
        "payments.check_payment": "ask the gateway about somebody else's payment",
        "payments.view_webhookevent": "see what the gateway told us",
        "pricing.view_taxrate": "see tax rates and categories, and who is exempt",
        "pricing.add_taxrate": "add tax rates",
        "pricing.change_taxrate": "end tax rates, change categories of taxes and exemptions",
        "pricing.delete_taxrate": "delete tax rates that are still to come",
        "pricing.view_promotion": "see promotions and their codes",
        "pricing.add_promotion": "make promotions",
        "pricing.change_promotion": "change promotions, make and change codes",
        "pricing.delete_promotion": "delete promotions that were never used",
    },
    "Ledger": {
        "ledger.view_entry": "read the ledger: accounts, entries, the trial balance",
    },
    "Log": {
        "reporting.view_examination": "read the gauges that operators watch, the doctor's findings among them",
        "audit.view_auditentry": "read who changed what, when, from where",
        "audit.export_auditentry": "export the log",
    },
    "People": {
        "account.view_user": "find customers; never passwords",
        "account.add_user": "add people in the admin",
        "account.change_user": "change and disable people, set their passwords",
        "account.view_session": "see who is signed in, from where",
        "account.view_customergroup": "see groups of customers, and who is in them",
        "account.change_customergroup": "make groups, and put customers into them",
        "account.view_userrole": "see who works here, and in which roles",
        "account.change_userrole": "give and take roles",
        "account.view_apikey": "see the API keys of integrations; never their secrets",
        "account.add_apikey": "make, rotate and revoke API keys",
        "events.view_letter": "see which letters left; never their texts",
        "privacy.export_person": "hand out everything the shop holds on a person",
        "privacy.erase_person": "erase a person's data, for good",
        "privacy.view_export": "see who asked for their data, and when",
        "privacy.view_erasure": "see which erasures were asked for and done",
    },
}

EVERYTHING = frozenset(name for group in PERMISSIONS.values() for name in group)


def _of(app: str) -> frozenset[str]:
    return frozenset(name for name in EVERYTHING if name.startswith(f"{app}."))


_SEES_CATALOG = frozenset({
    "catalog.view_product", "catalog.view_variant", "catalog.view_image", "catalog.view_category",
    "catalog.view_price", "catalog.view_attribute", "catalog.view_producttype", "catalog.view_brand",
    "catalog.view_collection", "catalog.view_language", "catalog.view_term",
})  # fmt: skip
_SEES_STOCK = frozenset({
    "inventory.view_stockitem", "inventory.view_movement", "inventory.view_reservation",
    "inventory.view_location",
})  # fmt: skip
_SEES_ORDERS = frozenset({
    "cart.view_cart",
    "orders.view_order", "orders.view_orderline", "orders.view_orderevent",
    "orders.view_ordernote", "payments.view_payment", "payments.view_paymentevent",
})  # fmt: skip

_SEES_DELIVERY = frozenset({
    "places.view_area", "places.view_pickuppoint", "pricing.view_deliverymethod",
})  # fmt: skip

_SEES_SHIPMENTS = frozenset({"fulfilment.view_shipment", "fulfilment.view_returnrequest"})

_MAKES_PROMOTIONS = frozenset({
    "pricing.view_promotion", "pricing.add_promotion", "pricing.change_promotion", "pricing.delete_promotion",
})  # fmt: skip

GRANTS: Mapping[Role, frozenset[str]] = {
    Role.OWNER: EVERYTHING,
    Role.CATALOG_EDITOR: _of("catalog") | _MAKES_PROMOTIONS | {"inventory.add_stockitem"},
    Role.STOCK_KEEPER: _SEES_CATALOG | _SEES_STOCK | _SEES_DELIVERY | _SEES_SHIPMENTS
    | {
        "fulfilment.change_shipment",
        "inventory.change_stockitem", "inventory.add_location", "inventory.change_location",
        "inventory.delete_location",
    },
    Role.ORDER_DESK: _SEES_CATALOG
    | _SEES_ORDERS
    | _SEES_DELIVERY
    | _of("fulfilment")
    | {
        "orders.change_order", "orders.cancel_order", "orders.add_ordernote", "orders.view_draftorder",
        "orders.add_draftorder", "orders.change_draftorder", "orders.view_refunddue", "payments.add_payment",
        "payments.check_payment", "account.view_user", "pricing.view_promotion",
    },
    Role.FINANCE: _SEES_CATALOG
    | _SEES_ORDERS
    | _SEES_DELIVERY
    | _SEES_SHIPMENTS
    | {
        "payments.check_payment", "payments.view_webhookevent", "pricing.view_taxrate",
        "pricing.add_taxrate", "pricing.change_taxrate", "pricing.view_promotion",
        "audit.view_auditentry", "audit.export_auditentry", "ledger.view_entry",
        "orders.view_document", "orders.view_refunddue", "orders.view_legaldetails", "orders.add_legaldetails",
        "orders.change_legaldetails", "orders.delete_legaldetails",
    },
    Role.SUPPORT: _SEES_CATALOG | _SEES_ORDERS | _SEES_DELIVERY | _SEES_SHIPMENTS
    | {"account.view_user", "events.view_letter", "pricing.view_promotion"},
}  # fmt: skip


def permissions_of(roles: frozenset[str]) -> frozenset[str]:
    """What somebody with these roles may do, together. A role that this release does not know allows nothing."""
    known = [Role(role) for role in roles if role in Role.values]
    return frozenset().union(*(GRANTS[role] for role in known))
