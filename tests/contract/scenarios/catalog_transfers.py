"""Files of products: brought in, looked after, taken along."""

from __future__ import annotations

import io

from catalog import transfers
from catalog.models import Transfer
from tests.contract.recorder import Recorder
from tests.contract.scenarios.privacy import with_second_factor

SHEET = (
    "slug,name,price,stock,category\n"
    "sini,Sini coffee cups,420.00,12,Home > Kitchen\n"
    "rekebot,Rekebot tray,,3,Home > Kitchen\n"
)


def sheet() -> io.BytesIO:
    """A file of two products, one without a price."""
    file = io.BytesIO(SHEET.encode())
    file.name = "cups.csv"
    return file


def imports(s: Recorder) -> None:
    """A sheet of products comes in."""
    token = s.world.staff_token
    # The file is read once per request, so that each needs its own.
    asked = s.call(
        "imports_create", "upload", "Upload a file", token=token,
        form={"file": sheet(), "format": "nexus"}, status=202, untold={"second_factor_required"},
    )  # fmt: skip
    transfers.run_import(transfer_id=Transfer.objects.get(public_id=asked["id"]).pk)
    path = {"public_id": asked["id"]}
    s.call("imports_retrieve", "done", "What became of it", token=token, path=path, status=200)
    s.call("imports_list", "all", "All imports, newest first", token=token, status=200)
    s.call(
        "imports_list", "invalid", "A page is a number",
        token=token, query={"page": "last"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "imports_create", "invalid", "There is no such format", token=token,
        form={"file": sheet(), "format": "excel"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "imports_create", "second_factor", "A code of the authenticator app is needed as well",
        token=with_second_factor(s.world.owner), form={"file": sheet()}, status=403,
        code="second_factor_required",
    )  # fmt: skip


def exports(s: Recorder) -> None:
    """The catalogue as a file."""
    token = s.world.staff_token
    asked = s.call(
        "exports_create", "nexus", "Everything that is on sale, as JSON Lines", token=token,
        body={"format": "nexus", "kind": "jsonl", "filters": {"status": "published"}}, status=202,
    )  # fmt: skip
    transfers.run_export(transfer_id=Transfer.objects.get(public_id=asked["id"]).pk)
    path = {"public_id": asked["id"]}
    s.call("exports_retrieve", "done", "It is made", token=token, path=path, status=200)
    s.call("exports_list", "all", "All exports, newest first", token=token, status=200)
    s.call(
        "exports_list", "invalid", "A page is a number",
        token=token, query={"page": "last"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "exports_create", "does_not_exist", "There is no such category", token=token,
        body={"filters": {"category": "nowhere"}}, status=400, code="does_not_exist",
    )  # fmt: skip
    s.call(
        "exports_create", "invalid", "Shopify reads CSV only", token=token,
        body={"format": "shopify", "kind": "jsonl"}, status=400, code="invalid",
    )  # fmt: skip
    s.call("exports_file", "jsonl", "Fetch the file", token=token, path=path, status=200)


STORIES = [imports, exports]
