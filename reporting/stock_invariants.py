# ruff: noqa: S608 (every piece of SQL below is a constant of this file)
"""What has to be true of stock: see `reporting.doctor`."""

from __future__ import annotations

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
                SELECT moved.holder, moved.item, -SUM(moved.quantity) AS pieces
                  FROM (
                        SELECT holder, stock_item_id AS item, quantity
                          FROM inventory_movement WHERE reason = 'sold' AND holder IS NOT NULL
                         UNION ALL  -- and what edits of the order have put back; see orders.edit_effects.cause_of
                        SELECT edited.public_id, back.stock_item_id, back.quantity
                          FROM orders_ordertrace trace
                          JOIN orders_order edited ON edited.id = trace.order_id
                          JOIN inventory_movement back
                            ON back.holder = md5(edited.public_id || ':edit:' || trace.revision)::uuid
                         WHERE trace.revision > 0
                       ) moved
                 GROUP BY 1, 2
               ) sold ON sold.holder = needs.public_id AND sold.item = needs.item
          LEFT JOIN (
                SELECT holder, stock_item_id AS item, SUM(quantity) AS pieces
                  FROM inventory_reservation WHERE state = 'owed' GROUP BY 1, 2
               ) owed ON owed.holder = needs.public_id AND owed.item = needs.item
         WHERE needs.pieces <> COALESCE(sold.pieces, 0) + COALESCE(owed.pieces, 0)
        """,
        "order {0} sold {2} of stock item {1}, {3} left the shelf and {4} are owed",
    ),
}
