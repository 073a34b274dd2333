"""What a process that prints nothing does not load."""

from __future__ import annotations

import subprocess
import sys


def test_the_shop_starts_without_what_only_documents_need():
    program = (
        "import sys, django; django.setup(); import ecommerce.urls\n"
        "print([name for name in ('fpdf', 'fontTools', 'uharfbuzz') if name in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert out.stdout.strip().splitlines()[-1] == "[]"
