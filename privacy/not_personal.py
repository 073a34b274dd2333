"""Columns of text that are about nobody, and why that is so; see `privacy.registry`."""

from __future__ import annotations

from collections.abc import Mapping

STATES = "states, kinds and names that the shop chooses itself"
GOODS = "what is sold: the shop's own words"
HASHES = "hashes that lead back to nobody"
HOUSE = "the house's own bookkeeping"

# Words that are about nobody, and why that is so.
NOT_PERSONAL: Mapping[str, Mapping[str, str]] = {
    "account_apikey": {
        "of a program: call it by what it does, not by who made it": "name",
        STATES: "scopes",
    },
    "account_apikeysecret": {HASHES: "prefix digest"},
    "account_customergroup": {"of many: wholesalers, schools": "name"},
    "account_emailtoken": {STATES: "purpose"},
    "account_phonecode": {STATES: "purpose"},
    "account_session": {STATES: "revoke_reason"},
    "account_userrole": {STATES: "role"},
    "audit_auditentry": {
        STATES: "actor_kind action outcome target_table",
        "ids, and names of programs; values of personal columns are never in it": (
            "actor_name request_id target_id target_public_id changes details"
        ),
    },
    "auth_group": {STATES: "name"},
    "auth_permission": {STATES: "name codename"},
    "cart_cart": {STATES: "status", GOODS: "currency codes delivery_method"},
    "catalog_attribute": {GOODS: "code name kind unit"},
    "catalog_attributechoice": {GOODS: "value"},
    "catalog_attributevalue": {GOODS: "text"},
    "catalog_brand": {GOODS: "name slug description translations"},
    "catalog_category": {GOODS: "name slug description translations"},
    "catalog_collection": {GOODS: "name slug description translations"},
    "catalog_document": {"goods as callers see them": "body", HOUSE: "context"},
    "catalog_image": {GOODS: "file source_url alt translations renditions"},
    "catalog_language": {HOUSE: "code name"},
    "catalog_offer": {HOUSE: "currency"},
    "catalog_price": {HOUSE: "currency"},
    "catalog_pricelist": {HOUSE: "name"},
    "catalog_product": {
        GOODS: (
            "name slug description brand tags translations sku_list folded_name further_words tokens search"
        ),
    },
    "catalog_producttype": {GOODS: "name"},
    "catalog_searchalias": {HOUSE: "kind", GOODS: "word meaning"},
    "catalog_searchword": {GOODS: "word"},
    "catalog_term": {GOODS: "text translations"},
    "catalog_traits": {GOODS: "counted keys number_of numbers"},
    "catalog_transfer": {
        STATES: "direction state format options",
        "a file of goods, what was wrong with its rows, and how many": "file counts remarks problem",
    },
    "catalog_transferchunk": {"pieces of files of goods": "content"},
    "catalog_variant": {GOODS: "sku name options barcode"},
    "common_ratecounter": {HASHES: "key"},
    "common_storedreply": {HASHES: "fingerprint", "random, chosen by the caller": "key"},
    "django_admin_log": {"an id": "object_id"},
    "django_content_type": {HOUSE: "app_label model"},
    "django_migrations": {HOUSE: "app name"},
    "events_letter": {STATES: "channel", "ids and occasions": "dedupe_key"},
    "fulfilment_shipment": {STATES: "kind state", HOUSE: "carrier location pickup_point"},
    "fulfilment_shipmentevent": {STATES: "from_state state"},
    "fulfilment_returnrequest": {STATES: "state reason", HOUSE: "location"},
    "fulfilment_returnevent": {STATES: "from_state state"},
    "inventory_location": {HOUSE: "code name place"},
    "inventory_movement": {STATES: "reason", "remarks of staff about goods": "note"},
    "inventory_reservation": {STATES: "state"},
    "ledger_account": {HOUSE: "code name kind"},
    "ledger_entry": {
        STATES: "kind",
        "the book's references and words; people only by the number of their account": "key note actor",
    },
    "ledger_posting": {HOUSE: "account currency"},
    "orders_order": {
        STATES: "status payment_status fulfilment_status cancel_reason currency source",
        "the book's number": "number",
        "what was sold: books": "discounts",
    },
    "orders_orderevent": {STATES: "from_status status"},
    "orders_draftorder": {STATES: "status", GOODS: "currency items codes"},
    "orders_refunddue": {STATES: "key"},
    "orders_ordertrace": {"what was sold, and how its prices came about: books": "trace"},
    "orders_document": {
        STATES: "kind currency",
        "the book's number": "number",
        "names a return or shipment": "key",
    },
    "orders_documentcounter": {STATES: "kind"},
    "orders_legaldetails": {
        HOUSE: "legal_name trade_name tin vat_number address phone email footer",
    },
    "orders_pastfile": {HOUSE: "digest name currency"},
    "orders_pastsale": {"the other system's number of an invoice; a country": "invoice country"},
    "orders_pastcredit": {
        "the other system's number of a credit note; a country; what was sold": (
            "invoice country sku name currency"
        ),
    },
    "orders_orderline": {"what was sold: books": "sku name parts tax_category"},
    "payments_payment": {
        STATES: "method status currency mode review_reason",
        "the book's references": "reference gateway_reference",
        HASHES: "idempotency_key fingerprint",
    },
    "payments_paymentevent": {STATES: "from_status status"},
    "payments_webhookevent": {
        STATES: "signature event outcome",
        HASHES: "sha256",
        "the book's references": "reference",
    },
    "places_area": {"parts of the country": "code kind name aliases translations searched"},
    "places_pickuppoint": {
        "of the shop's own counters, not of a person": (
            "slug name address landmark note phone translations"
        ),
    },
    "pricing_deliveryfee": {HOUSE: "currency"},
    "pricing_deliverymethod": {
        "the shop's own words": "code name description translations kind tax_category_id",
    },
    "pricing_taxassignment": {HOUSE: "tax_category_id"},
    "pricing_coupon": {"the shop's own codes": "code batch"},
    "pricing_couponuse": {STATES: "state"},
    "pricing_promotion": {
        "the shop's own words": "name translations exclusivity_group",
        STATES: "kind level",
    },
    "pricing_promotionamount": {HOUSE: "currency"},
    "pricing_promotiontarget": {STATES: "role", GOODS: "tag"},
    "pricing_taxcategory": {HOUSE: "code name treatment"},
    "pricing_taxexemption": {HOUSE: "categories"},
    "pricing_taxrate": {HOUSE: "name tax_category_id area"},
    "privacy_erasure": {STATES: "requested_by"},
    "reporting_examination": {HOUSE: "violations"},
    "procrastinate_events": {HOUSE: "type"},
    "procrastinate_jobs": {HOUSE: "queue_name task_name status"},
    "procrastinate_periodic_defers": {HOUSE: "task_name periodic_id"},
}
