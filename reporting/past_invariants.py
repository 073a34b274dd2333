"""What has to be true of past sales, as questions to the database: see `reporting.doctor`."""

from __future__ import annotations

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    "past sales know where they come from": (
        """
        SELECT o.number, o.source, count(past.order_line_id), count(line.id)
          FROM orders_order o
          LEFT JOIN orders_pastsale sale ON sale.order_id = o.id
          LEFT JOIN orders_orderline line ON line.order_id = o.id
          LEFT JOIN orders_pastline past ON past.order_line_id = line.id
         WHERE o.source = 'history' OR sale.order_id IS NOT NULL
         GROUP BY o.id, sale.order_id
        HAVING o.source <> 'history' OR sale.order_id IS NULL OR count(past.order_line_id) <> count(line.id)
        """,
        "order {0} of source {1}: {2} of its {3} lines name their row, or it names no invoice",
    ),
    "past sales moved no stock": (
        """
        SELECT o.number, movement.id, movement.quantity
          FROM inventory_movement movement JOIN orders_order o ON o.public_id = movement.holder
         WHERE o.source = 'history' AND movement.reason = 'sold'
        """,
        "order {0} was sold before the shop counted, yet movement {1} took {2}",
    ),
    "past credits ≤ pieces returned ≤ pieces sold": (
        """
        SELECT line.id, line.quantity, line.returned, SUM(credit.quantity)
          FROM orders_orderline line JOIN orders_pastcredit credit ON credit.sold_line_id = line.id
         GROUP BY line.id
        HAVING SUM(credit.quantity) > line.returned OR line.returned > line.quantity
        """,
        "line {0} of {1} pieces counts {2} returned, credits of before are for {3}",
    ),
    "past credits = ledger": (
        """
        WITH booked AS (
            SELECT entry.key, entry."order", posting.currency,
                   -SUM(posting.amount) FILTER (WHERE posting.account = 'legacy') AS amount,
                   COALESCE(SUM(posting.amount) FILTER (WHERE posting.account = 'tax.vat'), 0) AS tax
              FROM ledger_entry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
             WHERE entry.kind = 'past.credited' GROUP BY entry.id, posting.currency
        ), credited AS (
            SELECT credit.public_id::text AS key, o.public_id AS "order", credit.currency, credit.amount, credit.tax
              FROM orders_pastcredit credit
              LEFT JOIN orders_orderline line ON line.id = credit.sold_line_id
              LEFT JOIN orders_order o ON o.id = line.order_id
             WHERE credit.amount > 0
        )
        SELECT COALESCE(credited.key, booked.key), COALESCE(credited.amount, 0), COALESCE(booked.amount, 0),
               COALESCE(credited.currency, booked.currency)
          FROM credited FULL JOIN booked ON booked.key = credited.key
         WHERE (credited."order", credited.currency::text, credited.amount, credited.tax)
               IS DISTINCT FROM (booked."order", booked.currency::text, booked.amount, booked.tax)
        """,
        "past credit {0} is of {1} {3}, the ledger has {2}",
    ),
}
