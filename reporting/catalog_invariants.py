"""What has to be true of the catalogue: see `reporting.doctor`."""

from __future__ import annotations

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    "catalogue shows what there is": (
        """
        SELECT product.id, product.in_stock, product.min_price, real.in_stock, real.min_price
          FROM catalog_product product
          JOIN LATERAL (
                SELECT bool_or(catalog_can_be_bought(
                           variant.id, item.on_hand + item.backorder_limit, item.reserved)) AS in_stock,
                       MIN(variant.price) AS min_price
                  FROM catalog_variant variant
                  JOIN inventory_stockitem item ON item.id = variant.stock_item_id
                 WHERE variant.product_id = product.id AND variant.archived_at IS NULL
               ) real ON real.min_price IS NOT NULL
         WHERE product.in_stock <> real.in_stock OR product.min_price <> real.min_price
        """,
        "product {0} shows in_stock={1} and {2}, its variants say {3} and {4}",
    ),
    # Most products have no price beside their own: their offer is a comparison, not a computation. The others in portions:
    # the function's plan knows nothing of how many it is asked for, and is quadratic for a hundred thousand.
    "lists know what products cost": (
        """
        WITH further AS MATERIALIZED (
            SELECT DISTINCT variant.product_id
              FROM catalog_price price JOIN catalog_variant variant ON variant.id = price.variant_id
        ), wanted AS (
            SELECT product.id AS product_id, 1 AS price_list_id, '' AS currency, product.min_price AS price
              FROM catalog_product product LEFT JOIN further ON further.product_id = product.id
             WHERE product.is_published AND product.archived_at IS NULL AND product.variant_count > 0
               AND further.product_id IS NULL
               AND (product.publish_until IS NULL OR product.publish_until > now())
             UNION
            SELECT found.product_id, found.price_list_id, found.currency, found.price
              FROM (SELECT array_agg(product_id) AS ids
                      FROM (SELECT product_id, row_number() OVER () / 50 AS portion FROM further) counted
                     GROUP BY portion) portions
             CROSS JOIN LATERAL catalog_wanted_offers(portions.ids) found
        ), known AS (
            SELECT offer.product_id, offer.price_list_id, offer.currency, offer.price
              FROM catalog_offer offer LEFT JOIN further ON further.product_id = offer.product_id
             WHERE offer.valid_until > now() AND (offer.price_list_id = 1 OR further.product_id IS NOT NULL)
        )
        SELECT * FROM ((TABLE wanted EXCEPT TABLE known) UNION ALL (TABLE known EXCEPT TABLE wanted)) different
        """,
        "product {0}, price list {1}, currency “{2}”: the offer at {3} is missing, or is no price of it",
    ),
    "the history of a price ends with the price": (
        """
        SELECT variant.id, variant.price, change.price
          FROM catalog_variant variant
          LEFT JOIN catalog_pricechange change ON change.variant_id = variant.id AND change.valid_until IS NULL
         WHERE change.price IS DISTINCT FROM variant.price
        """,
        "variant {0} costs {1}, its history says {2}",
    ),
}
