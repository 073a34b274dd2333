"""The README's tour, word for word: its shell blocks run, and print what it says they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What differs from run to run.
VOLATILE = [
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://127.0.0.1:PORT"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"(/checkout/payment/)[\w-]+"), r"\1TOKEN"),
]


def tour() -> list[tuple[str, str]]:
    text = (ROOT / "README.md").read_text()
    section = text.split("## A tour of five minutes")[1].split("\n## ")[0]
    return BLOCK.findall(section)


def stable(text: str) -> str:
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    # Other tests of the same shop have added products of their own.
    text = re.sub(r"\d+ unchanged", "many unchanged", text)
    return text.strip()


@pytest.mark.slow
def test_the_tour(shop, tmp_path):
    blocks = tour()
    assert sum(kind == "text" for kind, _ in blocks) >= 4
    script = "\n".join(body for kind, body in blocks if kind == "sh")
    script = script.replace("SHOP=http://127.0.0.1:8000", f"SHOP={shop.url}")
    script = script.replace(".nexus/mail", str(shop.data_dir / "mail"))
    script = script.replace(
        ".venv/bin/python manage.py", f"PYTHONPATH={ROOT} {sys.executable} {ROOT}/manage.py"
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=shop.environment,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = stable("\n".join(body.strip() for kind, body in blocks if kind == "text"))
    printed = stable(done.stdout)
    assert printed == said
