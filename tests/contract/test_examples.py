"""Every documented example is executed here, and compared with what is documented.

`make examples` (NEXUS_RECORD_EXAMPLES=1) writes the files anew after an intended change.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings as django_settings

from tests.contract import world
from tests.contract.document import operations
from tests.contract.recorder import Recorder
from tests.contract.scenarios import (
    account,
    addresses,
    audit,
    carts,
    catalog,
    catalog_lists,
    catalog_model,
    catalog_prices,
    catalog_publication,
    catalog_search,
    catalog_transfers,
    documents,
    fulfilment,
    gateway,
    keys,
    ledger,
    order_changes,
    orders,
    payments,
    phone,
    places,
    pricing,
    privacy,
    second_factor,
    sessions,
    shared,
    staff,
    stock,
)
from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa

RECORD = bool(os.environ.get("NEXUS_RECORD_EXAMPLES"))
MODULES = [
    account,
    sessions,
    second_factor,
    keys,
    catalog,
    catalog_lists,
    catalog_model,
    catalog_prices,
    catalog_publication,
    catalog_search,
    catalog_transfers,
    carts,
    orders,
    order_changes,
    documents,
    fulfilment,
    payments,
    gateway,
    addresses,
    privacy,
    staff,
    audit,
    ledger,
    phone,
    places,
    pricing,
    stock,
]


def name_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


STORIES = [
    pytest.param(module, story, id=f"{name_of(module)}-{story.__name__}")
    for module in MODULES
    for story in module.STORIES
]


def file_of(name: str) -> Path:
    return Path(django_settings.API_EXAMPLES) / f"{name}.json"


def read(name: str) -> dict:
    path = file_of(name)
    return json.loads(path.read_text()) if path.exists() else {}


def write(name: str, content: dict) -> None:
    file_of(name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


@pytest.fixture
def recorder(request, transactional_db, settings, monkeypatch):
    """Makes calls in a small shop of its own, in front of a gateway in memory."""
    settings.PUBLIC_URL = "https://shop.example"
    settings.CHAPA_SECRET_KEY = SECRET_KEY
    settings.CHAPA_BASE_URL = "https://api.chapa.co/v1"
    settings.CHAPA_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.CHAPA_MODE = "test"
    settings.ALLOWED_HOSTS = ["testserver"]
    chapa = FakeChapa()
    monkeypatch.setattr("payments.gateways.chapa.client", chapa.client)
    recorder = Recorder(request.node.callspec.id if hasattr(request.node, "callspec") else "shared",
                        settings, world.build())  # fmt: skip
    recorder.chapa = chapa
    return recorder


@pytest.mark.parametrize(("module", "story"), STORIES)
def test_examples_are_what_happens(module, story, recorder):
    story(recorder)
    name = name_of(module)
    if RECORD:
        kept = read(name) | {story.__name__: recorder.entries}
        write(name, {each.__name__: kept[each.__name__] for each in module.STORIES
                     if each.__name__ in kept})  # fmt: skip
    assert recorder.entries == read(name).get(story.__name__), (
        "run `make examples` and look at the diff"
    )


def test_shared_examples_are_what_happens(recorder):
    bodies = shared.bodies(recorder)
    if RECORD:
        write("shared", bodies)
    assert bodies == read("shared"), "run `make examples` and look at the diff"


# --- nothing is missing -----------------------------------------------------------------------------


def all_entries() -> list[dict]:
    return [
        entry for module in MODULES for story in read(name_of(module)).values() for entry in story
    ]


def test_files_hold_the_stories_and_nothing_else():
    for module in MODULES:
        assert list(read(name_of(module))) == [story.__name__ for story in module.STORIES]
    names = {f"{name_of(module)}.json" for module in MODULES} | {"shared.json"}
    assert {path.name for path in Path(django_settings.API_EXAMPLES).iterdir()} == names


def test_names_are_unique_within_an_operation():
    seen = [(entry["operation"], entry["name"]) for entry in all_entries()]
    assert len(seen) == len(set(seen)), sorted({pair for pair in seen if seen.count(pair) > 1})


@pytest.mark.parametrize("operation_id", sorted(operations()))
def test_every_operation_is_documented_whole(operation_id):
    op = operations()[operation_id]
    assert op.raw.get("summary")
    assert op.raw.get("description")
    assert len(op.raw.get("tags", [])) == 1
    entries = [entry for entry in all_entries() if entry["operation"] == operation_id]
    statuses = {entry["response"]["status"] for entry in entries}
    wanted = {status for status in op.responses if status < 300}
    assert wanted <= statuses, f"no example of {wanted - statuses}"
    met = {code for entry in entries for code in entry.get("probed", [])}
    met |= {e["response"]["body"]["code"] for e in entries if e["response"]["status"] >= 400}
    assert op.codes <= met, f"documented, but never met: {sorted(op.codes - met)}"


@pytest.mark.parametrize("operation_id", sorted(operations()))
def test_every_error_has_an_example(operation_id):
    from tests.contract.document import resolve

    for status, response in operations()[operation_id].responses.items():
        for kind, media in response.get("content", {}).items():
            if "json" not in kind:
                continue  # a file
            shown = [resolve(example)["value"] for example in media.get("examples", {}).values()]
            assert shown, f"{status} has no example"
            if status >= 400:
                codes = media["schema"]["allOf"][1]["properties"]["code"]["enum"]
                assert set(codes) <= {body["code"] for body in shown}
