"""Which tables are not audited, and why not."""

from __future__ import annotations

from collections.abc import Mapping

UNAUDITED: Mapping[str, str] = {
    "pricing_couponuse": "a checkout's; the order that used it is recorded, and a use is given back, never deleted",
    "audit_auditentry": "the log itself: append-only by triggers of its own",
    "inventory_stocklevel": "derivable: every change goes with a movement, and `doctor` compares the two",
    "inventory_reservation": "hot, and derivable: every change goes with an order's, and `doctor` compares the two",
    "orders_ordertrace": "append-only: one row for each time that prices were computed, with who and why",
    "orders_document": "append-only by triggers of its own, numbered without gaps; who it was issued to may go, once",
    "orders_documentcounter": "counts documents: `doctor` compares the two",
    "ledger_entry": "append-only by triggers of its own: it is a log of money",
    "ledger_posting": "append-only by triggers of its own, with its entry",
    "catalog_pricechange": "derived by a trigger from the prices of variants, which are audited",
    "catalog_offer": "derived by triggers from products and prices, which are audited",
    "catalog_searchword": "derived by triggers from the words of products, which are audited",
    "catalog_searchalias": "derived by triggers from names and translations, which are audited",
    "catalog_document": "derived: bytes of products as callers see them; rewritten at any time",
    "catalog_catalogversion": "counters, raised by triggers",
    "catalog_catalogmoment": "derived by triggers from the times of prices and products",
    "catalog_catalogtouch": "empty between transactions",
    "catalog_transfer": "is a log: who had which file read or written, and when; what it changes is audited",
    "catalog_transferchunk": "pieces of the files of transfers, for some days",
    "account_emailtoken": "secrets of a few hours; what they were used for is a change of the user",
    "account_phonecode": "secrets of a few minutes; guessing them is a `security.` entry",
    "events_letter": "the outbox: written by jobs, blanked when sent, and its text is personal",
    "payments_webhookevent": "is a log: each webhook once, as it came; it moves nothing without a change of the payment",
    "privacy_export": "personal through and through; its verbs write entries",
    "privacy_erasure": "holds the address of the last letter until it is sent; its verbs write entries",
    "common_storedreply": "answers kept for 24 hours; what they tell of is audited",
    "common_ratecounter": "counters of limits",
    "auth_permission": "made from code by `migrate`; nothing in the shop asks it",
    "django_content_type": "made from code by `migrate`",
    "django_admin_log": "Django's own log of the admin: what it tells of is in ours, with its author",
    "django_session": "sessions of the admin: signing in and out is an entry",
    "procrastinate_jobs": "the queue: hot, and what a job changes is audited with the job's name",
    "procrastinate_workers": "heartbeats",
    "procrastinate_events": "the queue's own log",
    "procrastinate_periodic_defers": "the queue's clock",
}
