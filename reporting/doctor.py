# ruff: noqa: S608 (every piece of SQL below is a constant of this file)
"""The invariants of the shop, as questions to the database. Each answers with what breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from audit import triggers
from common.jobs import stalled_jobs
from ledger import triggers as ledger_triggers
from orders.documents import triggers as document_triggers
from reporting import document_invariants, ledger_invariants, past_invariants


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken invariant: its name and, for a person, what exactly does not add up."""

    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.detail}"


# What the lines of orders take from the shelf: the pieces of a variant, or the parts of a bundle as it was sold.
_TAKEN = """
          JOIN orders_orderline line ON line.order_id = o.id
          JOIN catalog_variant variant ON variant.id = line.variant_id
         CROSS JOIN LATERAL (
                SELECT variant.stock_item_id AS item, line.quantity AS pieces WHERE line.parts = '[]'
                 UNION ALL
                SELECT (part ->> 'stock_item_id')::bigint, line.quantity * (part ->> 'quantity')::integer
                  FROM jsonb_array_elements(line.parts) part
               ) taken
"""

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    "stock = movements": (
        """
        SELECT item.id, item.on_hand, COALESCE(SUM(movement.quantity), 0)
          FROM inventory_stockitem item
          LEFT JOIN inventory_movement movement ON movement.stock_item_id = item.id
         GROUP BY item.id
        HAVING item.on_hand <> COALESCE(SUM(movement.quantity), 0)
        """,
        "stock item {0} has {1} on hand, its movements sum to {2}",
    ),
    "reserved = active and owed reservations": (
        """
        SELECT item.id, item.reserved, COALESCE(SUM(reservation.quantity), 0)
          FROM inventory_stockitem item
          LEFT JOIN inventory_reservation reservation
            ON reservation.stock_item_id = item.id AND reservation.state IN ('active', 'owed')
         GROUP BY item.id
        HAVING item.reserved <> COALESCE(SUM(reservation.quantity), 0)
        """,
        "stock item {0} counts {1} reserved, its active and owed reservations sum to {2}",
    ),
    "reservations ≤ on hand and back-orders": (
        """
        SELECT id, reserved, on_hand, backorder_limit
          FROM inventory_stockitem WHERE reserved > on_hand + backorder_limit OR on_hand < 0
        """,
        "stock item {0} has {1} reserved of {2} on hand and {3} on back-order",
    ),
    "nothing is owed that is there": (
        """
        SELECT reservation.id, reservation.holder, item.id, item.on_hand, item.reserved
          FROM inventory_reservation reservation
          JOIN inventory_stockitem item ON item.id = reservation.stock_item_id
         WHERE reservation.state = 'owed' AND item.reserved <= item.on_hand
        """,
        "reservation {0} is owed to order {1}, though stock item {2} has {3} on hand for all {4} reserved",
    ),
    "what lies elsewhere = levels = movements": (
        """
        SELECT coalesce(level.item, moved.item), coalesce(level.location, moved.location),
               coalesce(level.pieces, 0), coalesce(moved.pieces, 0)
          FROM (SELECT stock_item_id AS item, location_id AS location, on_hand AS pieces FROM inventory_stocklevel) level
          FULL JOIN (
                SELECT stock_item_id AS item, location_id AS location, SUM(quantity) AS pieces
                  FROM inventory_movement WHERE location_id IS NOT NULL GROUP BY 1, 2
               ) moved ON (moved.item, moved.location) = (level.item, level.location)
         WHERE coalesce(level.pieces, 0) <> coalesce(moved.pieces, 0)
         UNION ALL
        SELECT item.id, NULL, item.elsewhere, coalesce(level.pieces, 0)
          FROM inventory_stockitem item
          LEFT JOIN (
                SELECT stock_item_id AS item, SUM(on_hand) AS pieces FROM inventory_stocklevel GROUP BY 1
               ) level ON level.item = item.id
         WHERE item.elsewhere <> coalesce(level.pieces, 0)
        """,
        "stock item {0}, location {1} (None: all but the default): {2} are counted, {3} add up",
    ),
    "one location is the default": (
        """
        SELECT count(DISTINCT place.id), count(level.id)
          FROM inventory_location place LEFT JOIN inventory_stocklevel level ON level.location_id = place.id
         WHERE place.is_default
        HAVING count(DISTINCT place.id) <> 1 OR count(level.id) > 0
        """,
        "{0} locations are the default one; it has {1} levels, and needs none",
    ),
    "only pending orders hold reservations": (
        """
        SELECT reservation.id, reservation.holder, COALESCE(o.status, 'missing')
          FROM inventory_reservation reservation
          LEFT JOIN orders_order o ON o.public_id = reservation.holder
         WHERE reservation.state = 'active' AND o.status IS DISTINCT FROM 'pending'
        """,
        "reservation {0} is active for order {1}, which is {2}",
    ),
    "only paid orders are owed pieces": (
        """
        SELECT reservation.id, reservation.holder, COALESCE(o.status, 'missing')
          FROM inventory_reservation reservation
          LEFT JOIN orders_order o ON o.public_id = reservation.holder
         WHERE reservation.state = 'owed' AND o.status IS DISTINCT FROM 'paid'
        """,
        "reservation {0} is owed to order {1}, which is {2}",
    ),
    "pending orders hold their stock": (
        f"""
        SELECT o.number, taken.item, SUM(taken.pieces), COALESCE(MAX(held.quantity), 0)
          FROM orders_order o
          {_TAKEN}
          LEFT JOIN inventory_reservation held
            ON held.holder = o.public_id AND held.stock_item_id = taken.item
           AND held.state = 'active'
         WHERE o.status = 'pending'
         GROUP BY o.number, taken.item
        HAVING SUM(taken.pieces) <> COALESCE(MAX(held.quantity), 0)
        """,
        "order {0} needs {2} of stock item {1}, {3} are reserved",
    ),
    "paid orders took their stock": (
        f"""
        SELECT needs.number, needs.item, needs.pieces, COALESCE(sold.pieces, 0), COALESCE(owed.pieces, 0)
          FROM (
                SELECT o.public_id, o.number, taken.item, SUM(taken.pieces) AS pieces
                  FROM orders_order o
                  {_TAKEN}
                 WHERE o.status IN ('paid', 'shipped', 'completed') AND o.source <> 'history'
                 GROUP BY o.id, taken.item
               ) needs
          LEFT JOIN (
                SELECT holder, stock_item_id AS item, -SUM(quantity) AS pieces
                  FROM inventory_movement WHERE reason = 'sold' AND holder IS NOT NULL GROUP BY 1, 2
               ) sold ON sold.holder = needs.public_id AND sold.item = needs.item
          LEFT JOIN (
                SELECT holder, stock_item_id AS item, SUM(quantity) AS pieces
                  FROM inventory_reservation WHERE state = 'owed' GROUP BY 1, 2
               ) owed ON owed.holder = needs.public_id AND owed.item = needs.item
         WHERE needs.pieces <> COALESCE(sold.pieces, 0) + COALESCE(owed.pieces, 0)
        """,
        "order {0} sold {2} of stock item {1}, {3} left the shelf and {4} are owed",
    ),
    "order total = its parts": (
        """
        SELECT o.number, o.total, o.subtotal + o.delivery_total - o.discount_total,
               o.subtotal, COALESCE(SUM(line.total), 0), o.tax_total, COALESCE(SUM(line.tax), 0)
          FROM orders_order o
          LEFT JOIN orders_orderline line ON line.order_id = o.id
         GROUP BY o.id
        HAVING o.total <> o.subtotal + o.delivery_total - o.discount_total
            OR o.subtotal <> COALESCE(SUM(line.total), 0)
            OR o.tax_total <> COALESCE(SUM(line.tax), 0)
            OR bool_or(line.exact_total IS NULL AND line.total <> line.quantity * line.unit_price)
        """,
        "order {0}: total {1}, parts {2}; subtotal {3}, lines {4}; tax {5}, of lines {6}",
    ),
    "paid ⇔ a succeeded payment": (
        """
        SELECT o.number, o.status, o.total, COALESCE(SUM(payment.amount), 0), COUNT(payment.id)
          FROM orders_order o
          LEFT JOIN payments_payment payment
            ON payment.order_id = o.id AND payment.status = 'succeeded'
         WHERE o.source <> 'history'
         GROUP BY o.id
        HAVING (o.status IN ('paid', 'shipped', 'completed', 'refunded') AND o.total > 0)
               <> (COUNT(payment.id) = 1)
            OR COUNT(payment.id) > 1
            OR (COUNT(payment.id) = 1 AND SUM(payment.amount) <> o.total)
        """,
        "order {0} is {1} with a total of {2}; {4} succeeded payments sum to {3}",
    ),
    "an order's last move is its state": (
        """
        SELECT o.number, o.status, last.status
          FROM orders_order o
          LEFT JOIN LATERAL (
                SELECT event.status FROM orders_orderevent event
                 WHERE event.order_id = o.id ORDER BY event.id DESC LIMIT 1
               ) last ON true
         WHERE last.status IS DISTINCT FROM o.status
        """,
        "order {0} is {1}, its history ends with {2}",
    ),
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
    **ledger_invariants.QUERIES,
    **document_invariants.QUERIES,
    **past_invariants.QUERIES,
}

LIMIT = 100  # rows named per invariant; more of the same helps nobody


def examine() -> list[Violation]:
    """Every violated invariant, seen in one consistent snapshot. Empty: the shop is healthy."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # With a million products an examination takes minutes, and nobody waits for it.
                cursor.execute("SET LOCAL statement_timeout = 0")
        found = [violation for name in QUERIES for violation in _ask(name)]
        found += [
            Violation("no stalled job", f"job {pk} belongs to a worker that is gone")
            for pk in stalled_jobs()
        ]
        found += [Violation("every change is audited", flaw) for flaw in triggers.flaws()]
        found += [Violation("the ledger is guarded", flaw) for flaw in ledger_triggers.flaws()]
        found += [Violation("documents are guarded", flaw) for flaw in document_triggers.flaws()]
    return found


def _ask(name: str) -> Iterator[Violation]:
    sql, template = QUERIES[name]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchmany(LIMIT)
    for row in rows:
        yield Violation(name, template.format(*row))
