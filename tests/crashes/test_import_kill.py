"""kill -9 in the middle of an import, then the same command again: nothing is lost, nothing is done twice."""

from __future__ import annotations

import csv
import subprocess
import sys
import uuid

import pytest

from tests.shop import ROOT

pytestmark = pytest.mark.slow
PRODUCTS = 40
BATCH = 8

DIES = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection, transaction
from catalog import transfers
from catalog.importing import running
from catalog.models import Transfer

point, path = sys.argv[1], sys.argv[2]
running.MOST_PRODUCTS = {batch}
batches = 0
note, settle = transfers._Follower.note, transfers._Follower.settle

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def note_and_die(self, progress):
    global batches
    if point == "control":  # the note would be committed before the batch is
        batches += 1
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute(
                "UPDATE catalog_transfer SET position = %s WHERE id = %s", [progress.position, self.transfer.pk]
            )
        other.close()
        if batches == 3:
            die()
        self.transfer.position = progress.position
        return note(self, progress)
    note(self, progress)
    batches += 1
    if point == "before the commit" and batches == 3:
        die()

def settle_and_die(self):
    settle(self)
    if point == "after the commit" and batches == 3:
        die()

transfers._Follower.note, transfers._Follower.settle = note_and_die, settle_and_die
call_command("import_products", path)
"""
COUNT = """
from catalog.models import Product, Transfer
from inventory.models import Movement
ours = Product.objects.filter(slug__startswith='{mark}-')
print('COUNTS', ours.count(), Movement.objects.filter(stock_item__variant__product__in=ours).count(),
      Transfer.objects.filter(file='{mark}.csv').count(),
      *Transfer.objects.filter(file='{mark}.csv').values_list('state', 'position').order_by('-pk')[:1])
"""


def crash(shop, tmp_path, point: str):
    """An import that dies in its third batch; its file, and the mark in it."""
    mark = f"m{uuid.uuid4().hex[:10]}"
    path = tmp_path / f"{mark}.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["slug", "name", "price", "stock", "sku"])
        for number in range(PRODUCTS):
            out.writerow([f"{mark}-{number}", f"P {number}", "5.00", "3", f"{mark}-{number}"])
    done = subprocess.run(
        [sys.executable, "-c", DIES.format(batch=BATCH), point, str(path)], cwd=ROOT, capture_output=True, text=True,
        env={**shop.environment, "DJANGO_SETTINGS_MODULE": "ecommerce.settings"}, timeout=120,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return path, mark


def counts(shop, mark: str) -> list[str]:
    """Products, movements of stock, transfers, and where the last of them is."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", COUNT.format(mark=mark)], cwd=ROOT,
        capture_output=True, text=True, env=shop.environment, timeout=60,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("COUNTS"))
    return line.removeprefix("COUNTS ").split(" ", 3)


def again(shop, path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "import_products", str(path)], cwd=ROOT, capture_output=True, text=True,
        env=shop.environment, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("point", "kept"), [("before the commit", 2 * BATCH), ("after the commit", 3 * BATCH)]
)
def test_it_goes_on_where_it_was_killed(shop, tmp_path, point, kept):
    path, mark = crash(shop, tmp_path, point)
    assert counts(shop, mark) == [str(kept), str(kept), "1", f"('running', {kept})"]
    second = again(shop, path)
    assert second.returncode == 0, second.stderr
    assert f"Going on behind product {kept} of {PRODUCTS}" in second.stderr
    assert f"Products: {PRODUCTS} created, 0 updated, 0 unchanged" in second.stdout
    assert counts(shop, mark) == [str(PRODUCTS), str(PRODUCTS), "1", f"('done', {PRODUCTS})"]
    third = again(shop, path)
    assert f"Products: 0 created, 0 updated, {PRODUCTS} unchanged" in third.stdout
    assert counts(shop, mark)[:3] == [str(PRODUCTS), str(PRODUCTS), "2"]
    shop.doctor()


def test_control_a_note_that_is_committed_first_loses_a_batch(shop, tmp_path):
    path, mark = crash(shop, tmp_path, "control")
    again(shop, path)
    assert int(counts(shop, mark)[0]) < PRODUCTS
