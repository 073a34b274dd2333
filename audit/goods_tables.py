"""Audited tables of what is sold, and of what it costs; see `audit.tables`."""

from __future__ import annotations

from collections.abc import Mapping

from audit.shape import Audited
from audit.shape import columns as _columns

_OF_PRODUCT = "name slug brand tags category_id product_type_id is_published publish_from publish_until archived_at"
_OF_PROMOTION = (
    "name kind level percent buy get times has_reward is_about_everything minimum_pieces is_for_groups first_order_only"
    " needs_code is_active valid_from valid_until priority is_exclusive exclusivity_group limit limit_per_customer"
)

GOODS: Mapping[str, Audited] = {
    # --- What is sold ---------------------------------------------------------------------------
    "catalog_category": Audited(
        "category",
        shown=_columns("name slug parent_id position"),
        masked=_columns("description translations"),
        ignored=_columns("created_at updated_at"),
        public="slug",
    ),
    "catalog_product": Audited(
        "product",
        shown=_columns(_OF_PRODUCT),
        masked=_columns("description translations"),
        ignored=_columns(
            "published_at created_at updated_at min_price in_stock sku_list folded_name search"
            " variant_count brand_id further_words tokens version name_words"
        ),
        public="slug",
        watched=_columns(f"{_OF_PRODUCT} description translations"),  # the rest follows by triggers
    ),
    "catalog_variant": Audited(
        "variant",
        shown=_columns(
            "sku name options price compare_at_price barcode weight_grams stock_item_id archived_at"
        ),
        ignored=_columns("position created_at updated_at"),
        beside=_columns("product_id"),
        public="sku",
    ),
    "catalog_image": Audited(
        "image",
        shown=_columns("variant_id file source_url alt"),
        masked=_columns("translations"),
        ignored=_columns("position width height renditions created_at"),
        beside=_columns("product_id"),
    ),
    "catalog_bundlepart": Audited(
        "bundle_part",
        shown=_columns("stock_item_id quantity"),
        beside=_columns("variant_id"),
    ),
    # --- How it is described and grouped --------------------------------------------------------
    "catalog_attribute": Audited(
        "attribute", shown=_columns("code name kind unit is_filterable"), public="code"
    ),
    "catalog_attributechoice": Audited(
        "attribute_choice",
        shown=_columns("value"),
        ignored=_columns("position"),
        beside=_columns("attribute_id"),
    ),
    "catalog_producttype": Audited("product_type", shown=_columns("name")),
    "catalog_typeattribute": Audited(
        "type_attribute",
        shown=_columns("attribute_id is_required"),
        ignored=_columns("position"),
        beside=_columns("product_type_id"),
    ),
    "catalog_attributevalue": Audited(
        "attribute_value",
        shown=_columns("attribute_id text number choice_id boolean date"),
        beside=_columns("product_id"),
        together=True,
    ),
    "catalog_brand": Audited(
        "brand",
        shown=_columns("name slug"),
        masked=_columns("description translations"),
        ignored=_columns("created_at updated_at"),
        public="slug",
    ),
    "catalog_collection": Audited(
        "collection",
        shown=_columns("name slug is_published position"),
        masked=_columns("description translations"),
        ignored=_columns("created_at updated_at"),
        public="slug",
    ),
    "catalog_collectionproduct": Audited(
        "collection_product",
        shown=_columns("product_id"),
        ignored=_columns("position"),
        beside=_columns("collection_id"),
        together=True,
    ),
    "catalog_language": Audited("language", shown=_columns("name position"), public="code"),
    "catalog_term": Audited("term", shown=_columns("text translations")),
    # --- What it costs --------------------------------------------------------------------------
    "account_customergroup": Audited(
        "customer_group", shown=_columns("name"), ignored=_columns("created_at")
    ),
    "catalog_pricelist": Audited(
        "price_list", shown=_columns("name group_id"), ignored=_columns("created_at")
    ),
    "catalog_price": Audited(
        "price",
        shown=_columns("currency is_sale min_quantity amount valid_from valid_until"),
        ignored=_columns("created_at"),
        beside=_columns("variant_id price_list_id"),
    ),
    "pricing_taxrate": Audited(
        "tax_rate",
        shown=_columns("name tax_category_id area rate valid_from valid_until"),
    ),
    "pricing_taxcategory": Audited(
        "tax_category",
        shown=_columns("name treatment"),
        ignored=_columns("created_at"),
        public="code",
    ),
    "pricing_taxassignment": Audited(
        "tax_assignment",
        shown=_columns("tax_category_id product_id category_id"),
        ignored=_columns("created_at"),
    ),
    "pricing_taxexemption": Audited(
        "tax_exemption",
        shown=_columns("user_id group_id categories valid_from valid_until"),
        masked=_columns("certificate"),
        ignored=_columns("created_at"),
    ),
    "pricing_promotion": Audited(
        "promotion",
        shown=_columns(_OF_PROMOTION),
        masked=_columns("translations"),
        ignored=_columns("uses version created_at updated_at"),
        watched=_columns(f"{_OF_PROMOTION} translations"),  # not `uses`: checkouts count it up
    ),
    "pricing_promotionamount": Audited(
        "promotion_amount",
        shown=_columns("currency value minimum most"),
        beside=_columns("promotion_id"),
    ),
    "pricing_promotiongroup": Audited(
        "promotion_group", shown=_columns("group_id"), beside=_columns("promotion_id")
    ),
    "pricing_promotiontarget": Audited(
        "promotion_target",
        shown=_columns("role product_id category_id brand_id collection_id tag"),
        beside=_columns("promotion_id"),
    ),
    "pricing_coupon": Audited(
        "coupon",
        shown=_columns("batch limit limit_per_customer is_active"),
        masked=_columns("code"),
        ignored=_columns("uses created_at"),
        beside=_columns("promotion_id"),
        watched=_columns("code batch limit limit_per_customer is_active"),
        together=True,
    ),
}
