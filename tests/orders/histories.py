"""Files of past sales, and what is said and written when they are imported."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

from django.core.management import call_command

from catalog.models import Variant
from ledger.models import Entry
from orders.models import OrderLine, PastCredit

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SHOP = """
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536366,22632,"HAND WARMER, ""RED"" POLKA DOT",2,12/1/2010 8:28,1.85,17850,United Kingdom
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,85123a,,1,12/1/2010 8:26,0.001,17850,United Kingdom
536414,22139,,56,12/1/2010 11:52,0,,United Kingdom
C536379,85123A,HEART,-7,12/13/2010 9:41,2.55,17850,United Kingdom
C536380,D,Discount,-1,12/13/2010 9:42,27.50,14527,United Kingdom
"""


def importer(tmp_path):
    """A function that imports lines below the header, and returns what was said."""

    def run(text, *options, name="history.csv", header=HEADER, encoding="utf-8", currency="GBP"):
        path = tmp_path / name
        body = f"{header}\n{text.strip(chr(10))}\n" if isinstance(text, str) else text
        path.write_bytes(body.encode(encoding) if isinstance(body, str) else body)
        out = StringIO()
        call_command(
            "import_trading_history", str(path), "--currency", currency, *options, stdout=out, stderr=StringIO()
        )  # fmt: skip
        return out.getvalue()

    return run


def figures(said: str) -> dict[str, tuple[int, Decimal, Decimal]]:
    """The table of the summary."""
    found = {}
    for line in said.splitlines():
        for name in ("Lines read", "Imported", "  sales", "  credits", "Rejected  "):
            if line.startswith(name):
                lines, exact, rounded = line[len(name) :].split()
                found[name.strip().lower()] = (int(lines), Decimal(exact), Decimal(rounded))
    return found


def snapshot():
    """Everything that an import writes, without ids."""
    lines = OrderLine.objects.values_list(
        "order__number", "position", "sku", "name", "quantity", "returned", "exact_total", "total",
        "past_line__line", "past_line__key", "order__created_at", "order__total",
    )  # fmt: skip
    credits = PastCredit.objects.values_list(
        "invoice", "line", "piece", "quantity", "amount", "sold_line__past_line__key"
    )
    return sorted(lines), sorted(credits, key=str), Entry.objects.count(), Variant.objects.count()
