"""Which tables are audited, and what of them is written down. docs/audit.md is made from this.

A column is *shown* (its values are recorded), *masked* (only that it changed: personal data, secrets, long texts) or
*ignored* (counters, digests and times that mean nothing to a reader). A column that is not named here counts as masked, so
that a new one tells nothing by accident; a test asks for it to be named.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit.goods_tables import GOODS
from audit.shape import ALL, Audited
from audit.shape import columns as _columns
from audit.unaudited import UNAUDITED

__all__ = ["ALL", "AUDITED", "UNAUDITED", "Audited"]

AUDITED: Mapping[str, Audited] = {
    **GOODS,
    # --- Where and how it travels ---------------------------------------------------------------
    "places_area": Audited(
        "area",
        shown=_columns("parent_id kind name aliases is_active"),
        masked=_columns("translations"),
        ignored=_columns("level parent_level version searched created_at updated_at"),
        public="code",
    ),
    "places_pickuppoint": Audited(
        "pickup_point",
        shown=_columns("name area_id position is_active"),
        masked=_columns("address landmark note latitude longitude phone translations"),
        ignored=_columns("version created_at updated_at"),
        public="slug",
    ),
    "places_pickuphours": Audited(
        "pickup_hours", shown=_columns("weekday opens closes"), beside=_columns("point_id")
    ),
    "pricing_deliverymethod": Audited(
        "delivery_method",
        shown=_columns("name kind tax_category_id position is_active"),
        masked=_columns("description translations"),
        ignored=_columns("version created_at updated_at"),
        public="code",
    ),
    "pricing_deliveryfee": Audited(
        "delivery_fee",
        shown=_columns("area_id currency min_weight max_weight min_value max_value fee free_above"),
        beside=_columns("method_id"),
    ),
    "pricing_deliverywindow": Audited(
        "delivery_window",
        shown=_columns("area_id weekday begins ends cutoff_hours capacity"),
        beside=_columns("method_id"),
    ),
    # --- How many -------------------------------------------------------------------------------
    "inventory_stockitem": Audited(
        "stock_item",
        shown=_columns("on_hand backorder_limit max_per_order max_per_customer low_stock_at"),
        ignored=_columns("reserved elsewhere alerted_at version created_at"),
        # Reservations come and go with every checkout.
        watched=_columns("on_hand backorder_limit max_per_order max_per_customer low_stock_at"),
    ),
    "inventory_location": Audited(
        "stock_location",
        shown=_columns("name is_default is_active priority place"),
        ignored=_columns("version created_at"),
        public="code",
    ),
    "inventory_movement": Audited(
        "movement",
        shown=_columns("quantity reason holder location_id"),
        masked=_columns("actor note"),
        ignored=_columns("created_at"),
        beside=_columns("stock_item_id user_id"),
        events=("UPDATE", "DELETE"),
    ),
    # --- What was agreed and paid ---------------------------------------------------------------
    "orders_order": Audited(
        "order",
        shown=_columns(
            "number owner_id status payment_status fulfilment_status currency subtotal discount_total"
            " delivery_total delivery_tax delivery_tax_rate tax_total tax_rate total"
            " prices_include_tax discounts paid_total refund_due source cart"
            " expires_at cancel_reason redacted_at"
        ),
        masked=_columns("email phone shipping_address delivery payment_method token_hash"),
        ignored=_columns("created_at updated_at"),
        public="public_id",
    ),
    "orders_orderline": Audited(
        "order_line",
        shown=_columns(
            "position product_id variant_id sku name quantity unit_price total discount tax tax_rate"
            " tax_category cancelled shipped returned exact_unit_price exact_total parts"
        ),
        beside=_columns("order_id"),
        together=True,
    ),
    "orders_refunddue": Audited(
        "refund_due",
        shown=_columns("amount key"),
        masked=_columns("actor reason"),
        ignored=_columns("created_at"),
        beside=_columns("order_id user_id"),
        public="public_id",
    ),
    "orders_ordernote": Audited(
        "order_note",
        shown=_columns("is_for_customer redacted_at"),
        masked=_columns("actor text"),
        ignored=_columns("created_at"),
        beside=_columns("order_id user_id"),
        events=("UPDATE", "DELETE"),
        public="public_id",
    ),
    "orders_draftorder": Audited(
        "draft_order",
        shown=_columns("status customer_id currency items codes order_id version"),
        masked=_columns("created_by email phone shipping_address delivery note"),
        ignored=_columns("created_at updated_at"),
        beside=_columns("user_id"),
        public="public_id",
    ),
    "orders_orderevent": Audited(
        "order_event",
        shown=_columns("from_status status"),
        masked=_columns("actor note"),
        ignored=_columns("created_at"),
        beside=_columns("order_id user_id"),
        events=("UPDATE", "DELETE"),
    ),
    # --- How it travels -------------------------------------------------------------------------
    "fulfilment_shipment": Audited(
        "shipment",
        shown=_columns(
            "number kind state carrier location pickup_point packed_at sent_at ready_at delivered_at cancelled_at"
        ),
        masked=_columns("tracking_number tracking_url code_digest actor"),
        ignored=_columns("code_guesses code_issued_at"),
        beside=_columns("order_id user_id"),
        public="public_id",
    ),
    "fulfilment_shipmentline": Audited(
        "shipment_line",
        shown=_columns("line_id quantity"),
        beside=_columns("shipment_id"),
        together=True,
    ),
    "fulfilment_returnrequest": Audited(
        "return",
        shown=_columns(
            "state reason location delivery_refund amount decided_at received_at closed_at written_off_id"
        ),
        masked=_columns("customer_note answer actor"),
        ignored=_columns("created_at"),
        beside=_columns("order_id user_id"),
        public="public_id",
    ),
    "fulfilment_returnline": Audited(
        "return_line",
        shown=_columns("line_id quantity received restocked written_off share amount tax"),
        beside=_columns("request_id"),
        together=True,
    ),
    "orders_legaldetails": Audited(
        "legal_details",
        shown=_columns("valid_from legal_name trade_name tin vat_number"),
        masked=_columns("address phone email footer"),
    ),
    "payments_payment": Audited(
        "payment",
        shown=_columns(
            "method status amount currency mode reference gateway_reference fee review_reason"
            " settled_at cancelled_at"
        ),
        ignored=_columns(
            "checkout_url idempotency_key fingerprint created_at initialised_at expires_at checks"
            " last_checked_at next_check_at"
        ),
        beside=_columns("order_id"),
        public="public_id",
    ),
    "payments_paymentevent": Audited(
        "payment_event",
        shown=_columns("from_status status"),
        masked=_columns("actor note"),
        ignored=_columns("created_at"),
        beside=_columns("payment_id user_id"),
        events=("UPDATE", "DELETE"),
    ),
    "ledger_account": Audited(
        "ledger_account", shown=_columns("name kind is_active"), public="code"
    ),
    # --- Who ------------------------------------------------------------------------------------
    "account_user": Audited(
        "user",
        shown=_columns(
            "is_superuser is_staff is_active token_version email_verified_at phone_verified_at erased_at"
            " customer_group_id"
        ),
        masked=_columns("password email phone first_name last_name"),
        ignored=_columns("last_login email_key created_at"),
        public="public_id",
    ),
    "account_address": Audited(
        "address",
        shown=_columns("is_default"),
        masked=_columns(
            "label name first_name last_name company phone country region zone city sub_city woreda kebele"
            " house_number line1 line2 street landmark postcode latitude longitude note"
        ),
        ignored=_columns("created_at updated_at"),
        beside=_columns("user_id"),
        public="public_id",
    ),
    "account_userrole": Audited(
        "role",
        shown=_columns("role granted_by_id"),
        ignored=_columns("granted_at"),
        beside=_columns("user_id"),
    ),
    "account_apikey": Audited(
        "api_key",
        shown=_columns("name scopes created_by_id expires_at revoked_at"),
        ignored=_columns("created_at last_used_at last_used_address"),
        public="public_id",
    ),
    "account_apikeysecret": Audited(
        "api_key_secret",
        shown=_columns("prefix expires_at"),
        ignored=_columns("digest created_at"),
        beside=_columns("key_id"),
    ),
    "account_secondfactor": Audited(
        "second_factor",
        shown=_columns("confirmed_at"),
        masked=_columns("secret next_secret"),
        ignored=_columns("last_step created_at last_used_at"),
        beside=_columns("user_id"),
    ),
    "account_recoverycode": Audited(
        "recovery_code",
        shown=_columns("used_at"),
        ignored=_columns("digest created_at"),
        beside=_columns("factor_id"),
    ),
    "account_session": Audited(
        "session",
        shown=_columns("revoked_at revoke_reason"),
        ignored=_columns(
            "refresh_jti previous_jti rotated_at reply_seen authenticated_at by_code second_factor_at"
            " password_mark created_at last_used_at expires_at user_agent address"
        ),
        beside=_columns("user_id"),
        public="public_id",
        watched=_columns("revoked_at"),
        events=("UPDATE",),
    ),
    # Nothing in the shop asks these for rights; somebody who fills them should be seen all the same.
    "auth_group": Audited("group", shown=_columns("name")),
    "auth_group_permissions": Audited(
        "group_permission", shown=_columns("permission_id"), beside=_columns("group_id")
    ),
    "account_user_groups": Audited(
        "user_group", shown=_columns("group_id"), beside=_columns("user_id")
    ),
    "account_user_user_permissions": Audited(
        "user_permission", shown=_columns("permission_id"), beside=_columns("user_id")
    ),
}
