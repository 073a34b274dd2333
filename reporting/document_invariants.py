"""What has to be true of documents, as questions to the database: see `reporting.doctor`."""

from __future__ import annotations

# Each query returns the rows that break the invariant; the template says what is wrong with such a row.
QUERIES: dict[str, tuple[str, str]] = {
    "documents are numbered without gaps": (
        """
        SELECT COALESCE(counter.kind, series.kind), COALESCE(counter.year, series.year),
               COALESCE(counter.last, 0), COALESCE(series.many, 0), COALESCE(series.highest, 0)
          FROM orders_documentcounter counter
          FULL JOIN (
                SELECT kind, is_test, year, COUNT(*) AS many, MAX(sequence) AS highest
                  FROM orders_document GROUP BY 1, 2, 3
               ) series USING (kind, is_test, year)
         WHERE COALESCE(counter.last, 0) <> COALESCE(series.many, 0)
            OR COALESCE(counter.last, 0) <> COALESCE(series.highest, 0)
        """,
        "{0} of {1}: {2} numbers were given, there are {3} documents, the last is number {4}",
    ),
    "credits ≤ invoice": (
        """
        SELECT invoice.number, invoice.total, SUM(note.total)
          FROM orders_document note JOIN orders_document invoice ON invoice.id = note.credits_id
         GROUP BY invoice.id
        HAVING SUM(note.total) > invoice.total OR SUM(note.tax_total) > invoice.tax_total
        """,
        "invoice {0} is over {1}, its credit notes sum to {2}",
    ),
    "a document adds up": (
        """
        SELECT number, total, sums.gross
          FROM orders_document
         CROSS JOIN LATERAL (
                SELECT SUM((tax ->> 'gross')::numeric) AS gross, SUM((tax ->> 'tax')::numeric) AS tax
                  FROM jsonb_array_elements(data -> 'taxes') tax
               ) sums
         WHERE kind <> 'packing_slip'
           AND (COALESCE(sums.gross, 0) <> total OR COALESCE(sums.tax, 0) <> tax_total)
        """,
        "document {0} is over {1}, its amounts by tax rate sum to {2}",
    ),
}
