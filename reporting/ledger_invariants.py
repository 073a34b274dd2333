"""What has to be true of the ledger, as questions to the database: see `reporting.doctor`."""

from __future__ import annotations

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    "ledger entries balance": (
        """
        SELECT entry.id, entry.kind, entry.key, posting.currency, COALESCE(SUM(posting.amount), 0)
          FROM ledger_entry entry
          LEFT JOIN ledger_posting posting ON posting.entry_id = entry.id
         GROUP BY entry.id, posting.currency
        HAVING SUM(posting.amount) IS DISTINCT FROM 0
        """,
        "ledger entry {0} ({1} {2}): {4} {3} is left over, or it has no postings",
    ),
    "no orphan in the ledger": (
        """
        SELECT 'posting', posting.id, posting.entry_id::text
          FROM ledger_posting posting LEFT JOIN ledger_entry entry ON entry.id = posting.entry_id
         WHERE entry.id IS NULL
         UNION ALL
        SELECT 'entry', entry.id, entry."order"::text
          FROM ledger_entry entry LEFT JOIN orders_order o ON o.public_id = entry."order"
         WHERE entry."order" IS NOT NULL AND o.id IS NULL
         UNION ALL
        SELECT 'reversal', back.id, back.key
          FROM ledger_entry back LEFT JOIN ledger_entry origin ON origin.public_id::text = back.key
         WHERE back.kind = 'reversal' AND origin.id IS NULL
        """,
        "ledger {0} {1} belongs to {2}, which does not exist",
    ),
    # What a payment brought is the customer's, by what was posted and is not reversed. Of money that did not fit
    # (another amount, another currency) the payment's row does not say how much it was: there the ledger does.
    "payments = ledger": (
        """
        WITH origin AS (
            SELECT id, public_id, kind, key, "order" FROM ledger_entry
             WHERE kind IN ('payment.received', 'payment.unassigned')
        ), part AS (
            SELECT id, id AS origin_id FROM origin
             UNION ALL
            SELECT back.id, origin.id FROM origin
              JOIN ledger_entry back ON back.kind = 'reversal' AND back.key = origin.public_id::text
        ), booked AS (
            SELECT origin.kind, origin.key, origin."order", posting.currency, -SUM(posting.amount) AS amount
              FROM origin JOIN part ON part.origin_id = origin.id
              JOIN ledger_posting posting ON posting.entry_id = part.id AND posting.account = 'customers.prepaid'
             GROUP BY 1, 2, 3, 4
            HAVING SUM(posting.amount) <> 0
        ), payment AS (
            SELECT payment.reference, payment.status, payment.review_reason, payment.currency, payment.amount,
                   o.public_id, o.number,
                   CASE payment.status WHEN 'succeeded' THEN 'payment.received' ELSE 'payment.unassigned' END AS kind,
                   payment.status = 'succeeded' OR payment.review_reason IN ('surplus', 'order_ended') AS is_known
              FROM payments_payment payment JOIN orders_order o ON o.id = payment.order_id
             WHERE payment.status IN ('succeeded', 'review')
        )
        SELECT COALESCE(payment.reference, booked.key), COALESCE(payment.number, booked."order"::text, 'no order'),
               CASE WHEN payment.is_known THEN payment.amount ELSE 0 END, COALESCE(payment.currency, ''),
               COALESCE(booked.amount, 0), COALESCE(booked.currency, '')
          FROM payment
          FULL JOIN booked ON booked.kind = payment.kind AND booked.key = payment.reference
         WHERE booked."order" IS DISTINCT FROM payment.public_id AND booked.key IS NOT NULL
            OR payment.is_known
           AND (booked.amount, booked.currency) IS DISTINCT FROM (payment.amount, payment.currency::text)
        """,
        "payment {0} of order {1} is of {2} {3}, the ledger has {4} {5}",
    ),
    "sales = ledger": (
        """
        WITH booked AS (
            SELECT MIN(entry.key) FILTER (WHERE entry.kind = 'order.sold') AS key, entry."order", posting.currency,
                   SUM(posting.amount) FILTER (
                       WHERE posting.account IN ('customers.prepaid', 'legacy')
                          OR posting.account = 'refunds.due' AND entry.kind = 'order.reduced') AS total,
                   -COALESCE(SUM(posting.amount) FILTER (WHERE posting.account = 'tax.vat'), 0) AS tax
              FROM ledger_entry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
             WHERE entry.kind IN ('order.sold', 'order.reduced')
             GROUP BY entry."order", posting.currency
        ), sold AS (
            SELECT public_id, number, currency, total, tax_total FROM orders_order
             WHERE status IN ('paid', 'shipped', 'completed', 'refunded')
               AND (total > 0 OR discount_total > 0 OR paid_total > 0)
        )
        SELECT COALESCE(sold.number, booked.key), COALESCE(sold.total, 0), COALESCE(sold.tax_total, 0),
               COALESCE(sold.currency, ''), COALESCE(booked.total, 0), COALESCE(booked.tax, 0),
               COALESCE(booked.currency, '')
          FROM sold
          FULL JOIN booked ON booked."order" = sold.public_id
         WHERE (sold.currency::text, sold.total, sold.tax_total)
               IS DISTINCT FROM (booked.currency::text, COALESCE(booked.total, 0), booked.tax)
        """,
        "order {0} sold for {1} with {2} tax {3}, the ledger has {4} with {5} tax {6}",
    ),
}
