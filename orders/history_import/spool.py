"""The rows of a file, sorted by invoice and time: in a temporary table, so that no file is too large for the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection

from catalog.past_goods import PastGood
from common.money import round_half_up
from orders.history_import.reading import Entry
from orders.past_invoices import MOST_LINES, PastInvoice, PastItem

BATCH = 4_000  # lines, or one invoice that has more
_CREATE = """
CREATE TEMPORARY TABLE past_row (
    line integer, invoice text, is_credit boolean, sku text, name text, quantity integer, price numeric,
    sold_at timestamptz, customer text, country text
)
"""
_COPY = "COPY pg_temp.past_row FROM STDIN"
# One order has so many lines at most, and one batch holds an invoice whole.
_FIND_ENDLESS = (
    "SELECT invoice FROM pg_temp.past_row GROUP BY invoice HAVING count(*) > %s ORDER BY invoice"
)
_READ_ENDLESS = """
SELECT line, sku, CASE WHEN is_credit THEN -1 ELSE 1 END * quantity * price FROM pg_temp.past_row
 WHERE invoice = %s AND line > %s ORDER BY line LIMIT 5000
"""
# All sales before all credits, each oldest first. The number of a batch grows with the lines before it.
_SORT = """
CREATE TEMPORARY TABLE past_invoice AS
SELECT invoice, is_credit, first_at, lines, number,
       (sum(lines) OVER (PARTITION BY is_credit ORDER BY number) - lines) / %s AS batch
  FROM (SELECT invoice, is_credit, min(sold_at) AS first_at, count(*) AS lines,
               row_number() OVER (ORDER BY is_credit, min(sold_at), min(line)) AS number
          FROM pg_temp.past_row GROUP BY invoice, is_credit) invoice;
CREATE INDEX ON pg_temp.past_row (invoice);
CREATE INDEX ON pg_temp.past_invoice (is_credit, batch);
ANALYZE pg_temp.past_row; ANALYZE pg_temp.past_invoice
"""
_BATCHES = "SELECT DISTINCT is_credit, floor(batch)::bigint FROM pg_temp.past_invoice ORDER BY 1, 2"
_READ = """
SELECT invoice.number, invoice.invoice, invoice.first_at, row.line, row.sku, row.name, row.quantity, row.price,
       row.customer, row.country, row.sold_at
  FROM pg_temp.past_invoice invoice
  JOIN pg_temp.past_row row ON row.invoice = invoice.invoice AND row.is_credit = invoice.is_credit
 WHERE invoice.is_credit = %s AND invoice.batch >= %s AND invoice.batch < %s
 ORDER BY invoice.number, row.line
"""
# What a SKU is called most often, and what it cost when it was sold first.
_GOODS = """
CREATE TEMPORARY TABLE past_good AS
SELECT row_number() OVER (ORDER BY sold_at, line) AS number, sku, coalesce(name, '') AS name, price FROM (
    SELECT DISTINCT ON (sku) sku, price, sold_at, line FROM pg_temp.past_row WHERE NOT is_credit
     ORDER BY sku, price = 0, sold_at, line) sold
  LEFT JOIN (
    SELECT DISTINCT ON (sku) sku, name FROM pg_temp.past_row WHERE NOT is_credit AND name <> ''
     GROUP BY sku, name ORDER BY sku, count(*) DESC, min(line)) named USING (sku)
"""
_READ_GOODS = "SELECT sku, name, price FROM pg_temp.past_good WHERE number > %s AND number <= %s ORDER BY number"
_DROP = "DROP TABLE IF EXISTS pg_temp.past_row, pg_temp.past_invoice, pg_temp.past_good"


class Spool:
    """The rows that can be recorded. Belongs to one connection, outside of transactions; gone when that ends."""

    def __init__(self, *, currency: str, tax_rate: Any) -> None:
        self.currency, self.tax_rate = currency, tax_rate

    def fill(self, entries: Iterable[Entry]) -> None:
        """Take all of them in."""
        with connection.cursor() as cursor:
            cursor.execute(_DROP)
            cursor.execute(_CREATE)
            with cursor.copy(_COPY) as copy:
                for entry in entries:
                    copy.write_row(
                        (
                            entry.line,
                            entry.invoice,
                            entry.is_credit,
                            entry.sku,
                            entry.name,
                            entry.quantity,
                            entry.price,
                            entry.at,
                            entry.customer,
                            entry.country,
                        )
                    )

    def drop_endless(self) -> Iterator[tuple[str, int, str, Decimal]]:
        """Take out invoices that no order could hold: invoice, line, SKU and value of each of their rows."""
        with connection.cursor() as cursor:
            cursor.execute(_FIND_ENDLESS, [MOST_LINES])
            for (invoice,) in cursor.fetchall():
                last = 0
                while True:
                    cursor.execute(_READ_ENDLESS, [invoice, last])
                    rows = cursor.fetchall()
                    if not rows:
                        break
                    for line, sku, value in rows:
                        yield invoice, line, sku, value
                    last = rows[-1][0]
                cursor.execute("DELETE FROM pg_temp.past_row WHERE invoice = %s", [invoice])

    def sort(self) -> None:
        """What was taken in and not taken out: by invoice and time, and what it is about."""
        with connection.cursor() as cursor:
            cursor.execute(_SORT, [BATCH])
            cursor.execute(_GOODS)

    def goods(self, *, portion: int = 1000) -> Iterator[list[PastGood]]:
        """Everything that was sold, each SKU once."""
        start = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(_READ_GOODS, [start, start + portion])
                rows = cursor.fetchall()
            if not rows:
                return
            yield [
                PastGood(sku, name or sku, round_half_up(price, self.currency))
                for sku, name, price in rows
            ]
            start += portion

    def batches(self) -> Iterator[tuple[bool, list[PastInvoice]]]:
        """Whether they are credits, and invoices whole: sales oldest first, then credits oldest first."""
        with connection.cursor() as cursor:
            cursor.execute(_BATCHES)
            batches = cursor.fetchall()
        for is_credit, number in batches:
            with connection.cursor() as cursor:
                cursor.execute(_READ, [is_credit, number, number + 1])
                rows = cursor.fetchall()
            yield (
                is_credit,
                [self._invoice(list(own)) for _, own in groupby(rows, lambda row: row[0])],
            )

    def _invoice(self, rows: list[tuple[Any, ...]]) -> PastInvoice:
        _, number, at, *_ = rows[0]
        return PastInvoice(
            number=number,
            at=at,
            currency=self.currency,
            tax_rate=self.tax_rate,
            items=tuple(
                PastItem(
                    sku=sku, name=name, quantity=quantity, unit_price=price, line=line, at=sold_at
                )
                for _, _, _, line, sku, name, quantity, price, _, _, sold_at in rows
            ),
            customer=next((row[8] for row in rows if row[8]), ""),
            country=next((row[9] for row in rows if row[9]), ""),
        )

    def close(self) -> None:
        """Forget all of it."""
        with connection.cursor() as cursor:
            cursor.execute(_DROP)
