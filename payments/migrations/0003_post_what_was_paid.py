"""What was paid before there was a ledger, posted as the verbs post it now. Safe to repeat; in portions, each a transaction.

What the previous release settles while this runs is posted by `manage.py book_missing` (the doctor names it).
"""

from django.db import migrations, transaction

PORTION = 5000
NOTE = "posted later: paid before there was a ledger"

# Of money in review only what equals the payment's amount is known here; the rest stands in the payment's history.
PAYMENTS = """
WITH portion AS (
    SELECT payment.id, payment.method, payment.reference, payment.amount, coalesce(payment.fee, 0) AS fee, payment.currency,
           o.public_id AS about, coalesce(payment.settled_at, payment.last_checked_at, payment.created_at) AS occurred_at,
           CASE payment.status WHEN 'succeeded' THEN 'payment.received' ELSE 'payment.unassigned' END AS kind
      FROM payments_payment payment JOIN orders_order o ON o.id = payment.order_id
     WHERE payment.id > %s
       AND (payment.status = 'succeeded'
            OR (payment.status = 'review' AND payment.review_reason IN ('surplus', 'order_ended')))
     ORDER BY payment.id LIMIT %s
), entry AS (
    INSERT INTO ledger_entry (public_id, kind, key, note, "order", occurred_at, actor)
    SELECT gen_random_uuid(), kind, reference, %s, about, occurred_at, 'gateway:' || method FROM portion ORDER BY id
        ON CONFLICT (kind, key) DO NOTHING
    RETURNING id, kind, key
), posting AS (
    INSERT INTO ledger_posting (entry_id, account, currency, amount)
    SELECT entry.id, line.account, portion.currency, line.amount
      FROM entry
      JOIN portion ON portion.kind = entry.kind AND portion.reference = entry.key
     CROSS JOIN LATERAL (VALUES ('gateway.' || portion.method, portion.amount - portion.fee),
                                ('fees.gateway', portion.fee),
                                ('customers.prepaid', -portion.amount)) AS line (account, amount)
     WHERE line.amount <> 0
)
SELECT max(id) FROM portion
"""

SALES = """
WITH portion AS (
    SELECT o.id, o.public_id, o.currency, o.total, o.tax_total, o.delivery_total, coalesce(paid.at, o.updated_at) AS occurred_at,
           coalesce(paid.actor, 'system') AS actor, paid.user_id,
           o.discount_total - round(o.discount_total * o.tax_rate / (1 + o.tax_rate), 2) AS discount
      FROM orders_order o
      LEFT JOIN LATERAL (
            SELECT event.created_at AS at, event.user_id,
                   CASE WHEN event.user_id IS NULL THEN event.actor ELSE split_part(event.actor, ':', 1) END AS actor
              FROM orders_orderevent event
             WHERE event.order_id = o.id AND event.status = 'paid' ORDER BY event.id LIMIT 1
           ) paid ON true
     WHERE o.id > %s AND o.subtotal + o.delivery_total > 0 AND o.status IN ('paid', 'shipped', 'completed', 'refunded')
     ORDER BY o.id LIMIT %s
), entry AS (
    INSERT INTO ledger_entry (public_id, kind, key, note, "order", occurred_at, actor, user_id)
    SELECT gen_random_uuid(), 'order.sold', public_id::text, %s, public_id, occurred_at, actor, user_id FROM portion ORDER BY id
        ON CONFLICT (kind, key) DO NOTHING
    RETURNING id, "order"
), posting AS (
    INSERT INTO ledger_posting (entry_id, account, currency, amount)
    SELECT entry.id, line.account, portion.currency, line.amount
      FROM entry
      JOIN portion ON portion.public_id = entry."order"
     CROSS JOIN LATERAL (VALUES ('customers.prepaid', total), ('sales.discounts', discount), ('tax.vat', -tax_total),
                                ('sales.delivery', -delivery_total),
                                ('sales', -(total - tax_total - delivery_total + discount))) AS line (account, amount)
     WHERE line.amount <> 0
)
SELECT max(id) FROM portion
"""


def post_what_was_paid(apps, schema_editor):
    connection = schema_editor.connection
    for statement in (PAYMENTS, SALES):
        last = 0
        while last is not None:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute(statement, [last, PORTION, NOTE])
                (last,) = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("payments", "0002_webhook_redaction"),
        ("orders", "0003_parts_of_bundles"),
        ("ledger", "0002_chart_and_balance"),
    ]

    operations = [migrations.RunPython(post_what_was_paid, migrations.RunPython.noop)]
