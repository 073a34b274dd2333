"""What has to be true of shipments and returns, as questions to the database: see `reporting.doctor`."""

from __future__ import annotations

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    # A whole order may be shipped at once without a shipment; then everything that was agreed counts as shipped.
    "shipped = what left": (
        """
        SELECT o.number, line.position, line.shipped, COALESCE(travelled.pieces, 0), line.quantity
          FROM orders_orderline line
          JOIN orders_order o ON o.id = line.order_id
          LEFT JOIN (
                SELECT part.line_id, SUM(part.quantity) AS pieces
                  FROM fulfilment_shipmentline part JOIN fulfilment_shipment shipment ON shipment.id = part.shipment_id
                 WHERE shipment.state IN ('sent', 'delivered')
                 GROUP BY 1
               ) travelled ON travelled.line_id = line.id
         WHERE line.shipped <> COALESCE(travelled.pieces, 0)
           AND (COALESCE(travelled.pieces, 0) > line.shipped OR line.shipped <> line.quantity
                OR o.status NOT IN ('shipped', 'completed', 'refunded'))
        """,
        "order {0}, line {1}: {2} of {4} count as shipped, {3} left in shipments",
    ),
    "returned = what came back": (
        """
        SELECT o.number, line.position, line.returned, COALESCE(back.pieces, 0)
          FROM orders_orderline line
          JOIN orders_order o ON o.id = line.order_id
          LEFT JOIN (SELECT line_id, SUM(received) AS pieces FROM fulfilment_returnline GROUP BY 1) back
            ON back.line_id = line.id
         WHERE line.returned <> COALESCE(back.pieces, 0) AND o.source <> 'history'
        """,
        "order {0}, line {1}: {2} count as returned, {3} were received",
    ),
    "shipments and returns are of their order's lines": (
        """
        SELECT 'shipment', part.id, o.number FROM fulfilment_shipmentline part
          JOIN fulfilment_shipment parent ON parent.id = part.shipment_id
          JOIN orders_order o ON o.id = parent.order_id
          JOIN orders_orderline line ON line.id = part.line_id
         WHERE line.order_id <> parent.order_id
         UNION ALL
        SELECT 'return', part.id, o.number FROM fulfilment_returnline part
          JOIN fulfilment_returnrequest parent ON parent.id = part.request_id
          JOIN orders_order o ON o.id = parent.order_id
          JOIN orders_orderline line ON line.id = part.line_id
         WHERE line.order_id <> parent.order_id
        """,
        "{0} line {1} is of a line that is not of order {2}",
    ),
    "no shipment is empty": (
        """
        SELECT o.number, shipment.number FROM fulfilment_shipment shipment
          JOIN orders_order o ON o.id = shipment.order_id
         WHERE NOT EXISTS (SELECT FROM fulfilment_shipmentline part WHERE part.shipment_id = shipment.id)
        """,
        "order {0}: nothing is in shipment {1}",
    ),
    "nothing of a dead order is on its way": (
        """
        SELECT o.number, o.status, shipment.number, shipment.state FROM fulfilment_shipment shipment
          JOIN orders_order o ON o.id = shipment.order_id
         WHERE o.status IN ('pending', 'cancelled') AND shipment.state <> 'cancelled'
        """,
        "order {0} is {1}, its shipment {2} is {3}",
    ),
    "orders follow their goods": (
        """
        SELECT o.number, o.status, o.fulfilment_status, goods.agreed, goods.shipped, goods.returned
          FROM orders_order o
          JOIN (
                SELECT order_id, SUM(quantity) AS agreed, SUM(shipped) AS shipped, SUM(returned) AS returned
                  FROM orders_orderline GROUP BY 1
               ) goods ON goods.order_id = o.id
         WHERE o.status IN ('paid', 'shipped', 'completed') AND o.source <> 'history' AND goods.shipped > 0
           AND (o.fulfilment_status IS DISTINCT FROM
                CASE WHEN goods.shipped < goods.agreed THEN 'partial'
                     WHEN goods.returned = goods.shipped THEN 'returned' ELSE 'fulfilled' END
                OR o.status = 'paid' AND goods.shipped = goods.agreed
                OR o.status <> 'paid' AND goods.shipped < goods.agreed)
        """,
        "order {0} is {1} and {2}: {4} of {3} pieces have left, {5} came back",
    ),
    "a shipment's last event is its state": (
        """
        SELECT 'shipment', o.number, thing.number::text, thing.state, COALESCE(last.state, 'none')
          FROM fulfilment_shipment thing JOIN orders_order o ON o.id = thing.order_id
          LEFT JOIN LATERAL (
                SELECT state FROM fulfilment_shipmentevent event WHERE event.shipment_id = thing.id
                 ORDER BY id DESC LIMIT 1
               ) last ON true
         WHERE last.state IS DISTINCT FROM thing.state
         UNION ALL
        SELECT 'return', o.number, thing.public_id::text, thing.state, COALESCE(last.state, 'none')
          FROM fulfilment_returnrequest thing JOIN orders_order o ON o.id = thing.order_id
          LEFT JOIN LATERAL (
                SELECT state FROM fulfilment_returnevent event WHERE event.request_id = thing.id
                 ORDER BY id DESC LIMIT 1
               ) last ON true
         WHERE last.state IS DISTINCT FROM thing.state
        """,
        "{0} {2} of order {1} is {3}, its history ends with {4}",
    ),
    # What came back of a bundle are its parts, as it was sold.
    "restocked = movements": (
        """
        WITH expected AS (
            SELECT asked.public_id AS holder, taken.item, 1 AS sign, SUM(part.restocked * taken.pieces) AS pieces
              FROM fulfilment_returnline part
              JOIN fulfilment_returnrequest asked ON asked.id = part.request_id
              JOIN orders_orderline line ON line.id = part.line_id
              JOIN catalog_variant variant ON variant.id = line.variant_id
             CROSS JOIN LATERAL (
                    SELECT variant.stock_item_id AS item, 1 AS pieces WHERE line.parts = '[]'
                     UNION ALL
                    SELECT (piece ->> 'stock_item_id')::bigint, (piece ->> 'quantity')::integer
                      FROM jsonb_array_elements(line.parts) piece
                   ) taken
             WHERE part.restocked > 0
             GROUP BY 1, 2
             UNION ALL
            SELECT asked.written_off_id, taken.item, sign.sign, sign.sign * SUM(part.written_off * taken.pieces)
              FROM fulfilment_returnline part
              JOIN fulfilment_returnrequest asked ON asked.id = part.request_id
              JOIN orders_orderline line ON line.id = part.line_id
              JOIN catalog_variant variant ON variant.id = line.variant_id
             CROSS JOIN LATERAL (
                    SELECT variant.stock_item_id AS item, 1 AS pieces WHERE line.parts = '[]'
                     UNION ALL
                    SELECT (piece ->> 'stock_item_id')::bigint, (piece ->> 'quantity')::integer
                      FROM jsonb_array_elements(line.parts) piece
                   ) taken
             CROSS JOIN (VALUES (1), (-1)) sign(sign)
             WHERE part.written_off > 0
             GROUP BY 1, 2, 3
        ), moved AS (
            SELECT movement.holder, movement.stock_item_id AS item, sign(movement.quantity)::integer AS sign,
                   SUM(movement.quantity) AS pieces
              FROM inventory_movement movement
             WHERE movement.holder IN (
                    SELECT public_id FROM fulfilment_returnrequest
                     UNION ALL SELECT written_off_id FROM fulfilment_returnrequest)
             GROUP BY 1, 2, 3
        )
        SELECT COALESCE(expected.holder, moved.holder), COALESCE(expected.item, moved.item),
               COALESCE(expected.pieces, 0), COALESCE(moved.pieces, 0)
          FROM expected FULL JOIN moved
            ON (moved.holder, moved.item, moved.sign) = (expected.holder, expected.item, expected.sign)
         WHERE COALESCE(expected.pieces, 0) <> COALESCE(moved.pieces, 0)
        """,
        "return {0}: of stock item {1} {2} pieces should have moved, {3} did",
    ),
    "what returns owe = refunds due": (
        """
        SELECT o.number, asked.public_id, asked.amount, COALESCE(due.amount, 0)
          FROM fulfilment_returnrequest asked
          JOIN orders_order o ON o.id = asked.order_id
          LEFT JOIN orders_refunddue due
            ON due.order_id = asked.order_id AND due.key = 'return:' || asked.public_id
         WHERE asked.amount <> COALESCE(due.amount, 0)
         UNION ALL
        SELECT o.number, asked.public_id, asked.amount, SUM(part.amount)
          FROM fulfilment_returnrequest asked
          JOIN orders_order o ON o.id = asked.order_id
          JOIN fulfilment_returnline part ON part.request_id = asked.id
         GROUP BY o.number, asked.id
        HAVING asked.amount - asked.delivery_refund < SUM(part.amount)
            OR asked.delivery_refund = 0 AND asked.amount <> SUM(part.amount)
        """,
        "order {0}, return {1}: it owes {2}, what stands for it is {3}",
    ),
}
