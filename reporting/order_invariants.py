"""What has to be true of orders, their payments and coupons: see `reporting.doctor`."""

from __future__ import annotations

from django.conf import settings

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    "order total = its parts": (
        """
        SELECT o.number, o.total, o.subtotal + o.delivery_total - o.discount_total,
               o.subtotal, COALESCE(SUM(line.total), 0), o.tax_total, COALESCE(SUM(line.tax), 0) + o.delivery_tax,
               o.discount_total, COALESCE(SUM(line.discount), 0)
          FROM orders_order o
          LEFT JOIN orders_orderline line ON line.order_id = o.id
         GROUP BY o.id
        HAVING o.total <> o.subtotal + o.delivery_total - o.discount_total
                          + CASE WHEN o.prices_include_tax THEN 0 ELSE o.tax_total END
            OR o.subtotal <> COALESCE(SUM(line.total), 0)
            OR o.tax_total <> COALESCE(SUM(line.tax), 0) + o.delivery_tax
            OR o.discount_total <> COALESCE(SUM(line.discount), 0)
            OR bool_or(line.exact_total IS NULL AND line.total <> line.quantity * line.unit_price)
        """,
        "order {0}: total {1}, parts {2} and tax; subtotal {3}, lines {4}; tax {5}, of its parts {6};"
        " discounts {7}, of lines {8}",
    ),
    "order = its trace": (
        """
        SELECT o.number, newest.revision, newest.totals ->> 'total', o.total
          FROM orders_order o
         CROSS JOIN LATERAL (
                SELECT trace.revision, trace.trace -> 'totals' AS totals
                  FROM orders_ordertrace trace WHERE trace.order_id = o.id
                 ORDER BY trace.revision DESC LIMIT 1
               ) newest
         WHERE (newest.totals ->> 'total')::numeric IS DISTINCT FROM o.total
            OR (newest.totals ->> 'subtotal')::numeric IS DISTINCT FROM o.subtotal
            OR (newest.totals ->> 'discount_total')::numeric IS DISTINCT FROM o.discount_total
            OR (newest.totals ->> 'delivery_total')::numeric IS DISTINCT FROM o.delivery_total
            OR (newest.totals ->> 'tax_total')::numeric IS DISTINCT FROM o.tax_total
        """,
        "order {0}: the trace of revision {1} comes to {2}, the order to {3}, or their parts differ",
    ),
    "what was quoted can be explained": (
        """
        SELECT o.number
          FROM orders_order o
         WHERE o.source <> 'history'
           AND EXISTS (SELECT FROM orders_orderline line WHERE line.order_id = o.id AND line.tax_rate IS NOT NULL)
           AND NOT EXISTS (SELECT FROM orders_ordertrace trace WHERE trace.order_id = o.id)
        """,
        "order {0} has no trace",
    ),
    "refund due = its causes": (
        """
        SELECT o.number, o.refund_due, COALESCE(SUM(due.amount), 0), o.paid_total
          FROM orders_order o LEFT JOIN orders_refunddue due ON due.order_id = o.id
         GROUP BY o.id
        HAVING o.refund_due <> COALESCE(SUM(due.amount), 0)
            OR o.refund_due > 0 AND o.refund_due > COALESCE(o.paid_total, 0)
        """,
        "order {0} owes {1} back, for causes of {2}; {3} was paid",
    ),
    "what was paid = what it costs and what edits owe": (
        """
        SELECT o.number, o.paid_total, o.total, COALESCE(SUM(due.amount), 0)
          FROM orders_order o
          LEFT JOIN orders_refunddue due ON due.order_id = o.id AND due.key LIKE 'edit:%'
         WHERE o.paid_total IS NOT NULL
         GROUP BY o.id
        HAVING o.paid_total <> o.total + COALESCE(SUM(due.amount), 0)
        """,
        "order {0}: {1} was paid; it costs {2}, and its edits owe {3} back",
    ),
    "coupon uses = what counts, and ≤ the limit": (
        """
        SELECT 'promotion', promotion.id, promotion.uses, promotion.limit, COALESCE(used.number, 0)
          FROM pricing_promotion promotion
          LEFT JOIN (SELECT promotion_id, count(*) AS number FROM pricing_couponuse
                      WHERE state = 'active' GROUP BY 1) used ON used.promotion_id = promotion.id
         WHERE promotion.limit IS NOT NULL
           AND (promotion.uses <> COALESCE(used.number, 0) OR promotion.uses > promotion.limit)
         UNION ALL
        SELECT 'coupon', coupon.id, coupon.uses, coupon.limit, COALESCE(used.number, 0)
          FROM pricing_coupon coupon
          LEFT JOIN (SELECT coupon_id, count(*) AS number FROM pricing_couponuse
                      WHERE state = 'active' GROUP BY 1) used ON used.coupon_id = coupon.id
         WHERE coupon.limit IS NOT NULL
           AND (coupon.uses <> COALESCE(used.number, 0) OR coupon.uses > coupon.limit)
        """,
        "{0} {1} counts {2} uses of at most {3}; {4} are there",
    ),
    "coupons are used by living orders": (
        """
        SELECT used.id, used.holder, COALESCE(o.status, 'missing')
          FROM pricing_couponuse used LEFT JOIN orders_order o ON o.public_id = used.holder
         WHERE used.state = 'active' AND COALESCE(o.status, 'cancelled') = 'cancelled'
        """,
        "coupon use {0} counts for order {1}, which is {2}",
    ),
    "delivery bookings ≤ capacity, of living orders": (
        f"""
        SELECT 'delivery window ' || booking.window_id || ' on ' || booking.day,
               'has ' || count(*) || ' bookings of at most ' || delivery.capacity
          FROM pricing_deliverybooking booking JOIN pricing_deliverywindow delivery ON delivery.id = booking.window_id
         WHERE booking.given_back_at IS NULL
           AND booking.day >= (now() AT TIME ZONE '{settings.SHOP_TIME_ZONE}')::date  -- for days gone by it may be lowered
         GROUP BY booking.window_id, booking.day, delivery.capacity HAVING count(*) > delivery.capacity
         UNION ALL
        SELECT 'delivery booking ' || booking.id, 'is of order ' || booking.holder || ', which is '
               || CASE WHEN o.status = 'paid' THEN 'cancelled' ELSE COALESCE(o.status, 'missing') END
          FROM pricing_deliverybooking booking LEFT JOIN orders_order o ON o.public_id = booking.holder
         WHERE booking.given_back_at IS NULL
           AND (COALESCE(o.status, 'cancelled') = 'cancelled' OR o.fulfilment_status = 'cancelled')
        """,  # noqa: S608 (a setting)
        "{0} {1}",
    ),
    "who paid was told once": (
        """
        SELECT o.number, moves.number, COALESCE(letters.number, 0)
          FROM orders_order o
          JOIN (SELECT order_id, count(*) AS number FROM orders_orderevent
                 WHERE status = 'paid' AND from_status NOT IN ('', 'paid')
                 GROUP BY 1) moves ON moves.order_id = o.id
          LEFT JOIN (
                SELECT split_part(dedupe_key, ':', 2) AS holder, count(*) AS number
                  FROM events_letter
                 WHERE dedupe_key LIKE 'order:%:paid:%' GROUP BY 1
               ) letters ON letters.holder = o.public_id::text
         WHERE o.created_at > now() - interval '80 days'  -- letters are kept for ninety
           AND moves.number <> COALESCE(letters.number, 0) AND o.redacted_at IS NULL AND o.source <> 'history'
        """,
        "order {0} became paid {1} times, and {2} letters say so",
    ),
    "a cart became the order that it names": (
        """
        SELECT cart.public_id, cart.order, o.number
          FROM cart_cart cart FULL JOIN orders_order o ON o.cart = cart.public_id
         WHERE cart.order IS NOT NULL AND o.public_id IS DISTINCT FROM cart.order
        """,
        "cart {0} names order {1}, the order made of it is {2}",
    ),
    "nothing belongs to an order that is not there": (
        """
        SELECT * FROM (
            SELECT 'movement ' || movement.id AS what, movement.holder AS holder
              FROM inventory_movement movement WHERE movement.reason = 'sold' AND movement.holder IS NOT NULL
             UNION ALL
            SELECT 'reservation ' || id, holder FROM inventory_reservation
             UNION ALL
            SELECT 'ledger entry ' || id, "order" FROM ledger_entry WHERE "order" IS NOT NULL
             UNION ALL
            SELECT 'coupon use ' || id, holder FROM pricing_couponuse
             UNION ALL
            SELECT 'delivery booking ' || id, holder FROM pricing_deliverybooking
        ) belonging
         WHERE NOT EXISTS (SELECT FROM orders_order o WHERE o.public_id = belonging.holder)
        """,
        "{0} belongs to order {1}, which is missing",
    ),
    "paid ⇔ a succeeded payment": (
        """
        SELECT o.number, o.status, o.total, COALESCE(SUM(payment.amount), 0), COUNT(payment.id)
          FROM orders_order o
          LEFT JOIN payments_payment payment
            ON payment.order_id = o.id AND payment.status = 'succeeded'
         WHERE o.source <> 'history'
         GROUP BY o.id
        HAVING (o.status IN ('paid', 'shipped', 'completed', 'refunded') AND COALESCE(o.paid_total, o.total) > 0)
               <> (COUNT(payment.id) = 1)
            OR COUNT(payment.id) > 1
            OR (COUNT(payment.id) = 1 AND SUM(payment.amount) <> COALESCE(o.paid_total, o.total))
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
}
