"""kill -9 in the middle of a trading history, then the same command again: the shop is as after one run."""

from __future__ import annotations

import csv
import subprocess
import sys
import uuid

import pytest

from tests.shop import ROOT

pytestmark = pytest.mark.slow
INVOICES = 30
BATCH = 12
HEADER = [
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
]  # fmt: skip

DIES = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from orders import past_credits, past_sales
from orders.history_import import running, spool

point, path, death = sys.argv[1], sys.argv[2], int(sys.argv[3])
spool.BATCH = {batch}
calls = 0

def die(when):
    if calls == death and point == when:
        os.kill(os.getpid(), signal.SIGKILL)

def counted(record):
    def work(**given):
        global calls
        calls += 1
        tally = record(**given)
        die("before the commit")
        return tally
    return work

def halfway(post):
    def work(drafts):
        if calls == death and point in ("before the ledger", "control"):
            if point == "control":  # the transaction that holds it all together is gone
                connection.connection.commit()
            os.kill(os.getpid(), signal.SIGKILL)
        return post(drafts)
    return work

running.record_past_sales = counted(past_sales.record_past_sales)
running.record_past_credits = counted(past_credits.record_past_credits)
past_sales.ledger.post_many = halfway(past_sales.ledger.post_many)
count = running.HistoryRun._count

def count_and_die(self, *given):
    count(self, *given)
    die("after the commit")

running.HistoryRun._count = count_and_die
if point == "while reading":
    fill = spool.Spool.fill
    def half(self, entries):
        def some():
            for number, entry in enumerate(entries):
                if number == 20:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield entry
        fill(self, some())
    spool.Spool.fill = half
call_command("import_trading_history", path, "--currency", "GBP")
"""
COUNT = """
from django.db.models import Count, Sum
from ledger.models import Posting
from orders.models import Order, OrderLine, PastCredit
ours = OrderLine.objects.filter(order__past_sale__invoice__startswith='{mark}')
credits = PastCredit.objects.filter(invoice__startswith='C{mark}')
ids = list(ours.values_list('order__public_id', flat=True).distinct())
print('COUNTS', len(ids), ours.count(), ours.aggregate(Sum('exact_total'), Sum('returned')),
      credits.aggregate(Count('id'), Sum('exact_amount'), Sum('quantity')),
      list(Posting.objects.filter(entry__order__in=ids).values_list('account').annotate(Sum('amount')).order_by('account')))
"""


def write(tmp_path) -> tuple[str, str]:
    """A file of sales, then credits of some of them; and the mark on its invoices."""
    mark = f"9{uuid.uuid4().hex[:8]}"  # an A or C in front would mean something
    path = tmp_path / f"{mark}.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for line in range(3):
            for number in range(INVOICES):
                day = f"2010-12-{1 + number % 28:02d} 08:26"
                sold = [f"{mark}{number}", f"{mark}-{line}", f"Good {line}", 5, day]
                out.writerow([*sold, "2.555", f"{mark}{number}", "EIRE"])
        for number in range(INVOICES):
            back = [f"C{mark}{number}", f"{mark}-0", "Good 0", -7, "2010-12-30 08:26"]
            out.writerow([*back, "2.555", f"{mark}{number}", "EIRE"])
    return str(path), mark


def crash(shop, path: str, point: str, death: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES.format(batch=BATCH), point, path, str(death)], cwd=ROOT, capture_output=True,
        text=True, env={**shop.environment, "DJANGO_SETTINGS_MODULE": "ecommerce.settings"}, timeout=120,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr


def again(shop, path: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "import_trading_history", path, "--currency", "GBP"], cwd=ROOT,
        capture_output=True, text=True, env=shop.environment, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def counts(shop, mark: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", COUNT.format(mark=mark)], cwd=ROOT,
        capture_output=True, text=True, env=shop.environment, timeout=60,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("COUNTS"))
    return line.replace(mark, "MARK")


@pytest.fixture(scope="module")
def whole(shop, tmp_path_factory) -> str:
    """What one undisturbed run leaves."""
    path, mark = write(tmp_path_factory.mktemp("whole"))
    again(shop, path)
    return counts(shop, mark)


@pytest.mark.parametrize(
    ("point", "death"),
    [
        ("while reading", 0),
        ("before the ledger", 1),
        ("after the commit", 4),
        ("before the commit", 9),  # among the credits
    ],
)
def test_killed_and_begun_again_it_is_as_one_run(shop, tmp_path, whole, point, death):
    path, mark = write(tmp_path)
    crash(shop, path, point, death)
    assert counts(shop, mark) != whole
    said = again(shop, path)
    assert counts(shop, mark) == whole
    assert f"Lines read         {INVOICES * 4}" in said
    shop.doctor()


def test_control_without_the_transaction_half_of_it_stays(own_shop, tmp_path, whole):
    path, mark = write(tmp_path)
    crash(own_shop, path, "control", 1)
    again(own_shop, path)
    assert counts(own_shop, mark) != whole, "lines without their entry in the ledger"
