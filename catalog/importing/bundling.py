"""What bundles are made of, once everything else of a file is in the shop: parts may stand behind their bundles.

Only what differs is written, so that it can be done again after a crash.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from django.db import IntegrityError

from catalog.bundles import Part, set_parts
from catalog.importing.files import Records
from catalog.importing.records import Remarks, VariantRecord
from catalog.importing.values import BadValue
from catalog.models import BundlePart, Variant
from common.errors import Refusal
from common.idempotency import with_retries

AT_ONCE = 500


def write_bundles(records: Records) -> Remarks:
    """Walk through the file once more for the sake of its bundles; what cannot be made is remarked."""
    remarks = Remarks()
    waiting: list[VariantRecord] = []
    for record in records.walk():
        records.remarks.take()  # that was remarked before
        if record is not None:
            waiting += [variant for variant in record.variants if variant.parts is not None]
        if len(waiting) >= AT_ONCE:
            _write(waiting, remarks)
            waiting = []
    _write(waiting, remarks)
    records.remarks.take()
    return remarks


def _write(bundles: Sequence[VariantRecord], remarks: Remarks) -> None:
    skus = {bundle.sku for bundle in bundles} | {sku for b in bundles for sku in b.parts or ()}
    ids = dict(Variant.objects.live().filter(sku__in=skus).values_list("sku", "pk"))
    present: dict[int, dict[int, int]] = defaultdict(dict)
    rows = BundlePart.objects.filter(variant__in=[ids[b.sku] for b in bundles if b.sku in ids])
    for variant, part, quantity in rows.values_list(
        "variant_id", "stock_item__variant__pk", "quantity"
    ):
        present[variant][part] = quantity
    for bundle in bundles:
        if bundle.sku not in ids:
            continue  # its product was rejected
        try:
            wanted = _wanted(bundle, ids)
            if wanted != present[ids[bundle.sku]]:
                parts = [Part(pk, quantity) for pk, quantity in wanted.items()]
                with_retries(partial(set_parts, variant_id=ids[bundle.sku], parts=parts))
        except (BadValue, Refusal, IntegrityError) as problem:
            reason = (
                problem.detail if isinstance(problem, Refusal) else str(problem).splitlines()[0]
            )
            remarks.reject(bundle.line, f"{bundle.sku}: not made a bundle: {reason}")


def _wanted(bundle: VariantRecord, ids: dict[str, int]) -> dict[int, int]:
    missing = [sku for sku in bundle.parts or () if sku not in ids]
    if missing:
        raise BadValue(f"no variant has the SKU {missing[0][:100]}")
    return {ids[sku]: quantity for sku, quantity in (bundle.parts or {}).items()}
