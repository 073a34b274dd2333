"""Full text, the beginnings of words, misspellings, Amharic."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Product
from tests import factories
from tests.catalog.test_listing import names, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db):
    product(
        "Yirgacheffe Coffee · ይርጋጨፌ ቡና",
        tags=["arabica"],
        description="<p>Floral &amp; light</p>",
        sku="YIR-250",
    )
    product("Coffee Cup · የቡና ስኒ", description="For coffee.", brand="Négus")
    product("Honey · ማር", description="From the hills of Tigray, good with coffee.")
    product("Scarf · ሻማ", description="Cotton")
    product("Clay Jebena · ጀበና")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cup", ["Coffee Cup · የቡና ስኒ"]),
        ("CUP coffee", ["Coffee Cup · የቡና ስኒ"]),
        ("yirga", ["Yirgacheffe Coffee · ይርጋጨፌ ቡና"]),
        ("Yirgachefe", ["Yirgacheffe Coffee · ይርጋጨፌ ቡና"]),
        ("yergacheffe", ["Yirgacheffe Coffee · ይርጋጨፌ ቡና"]),
        ("YIR-250", ["Yirgacheffe Coffee · ይርጋጨፌ ቡና"]),
        ("arabica", ["Yirgacheffe Coffee · ይርጋጨፌ ቡና"]),
        ("negus", ["Coffee Cup · የቡና ስኒ"]),
        ("ይርጋጨፌ", ["Yirgacheffe Coffee · ይርጋጨፌ ቡና"]),
        ("ማር", ["Honey · ማር"]),
        ("jebna", ["Clay Jebena · ጀበና"]),
        ("scraf", ["Scarf · ሻማ"]),
        ("p", []),
        ("", None),
        ("nothing at all like it", []),
    ],
)
def test_search_finds(api, shop, words, found):
    answer = names(api.get("/api/products/", {"search": words}))
    assert answer == found if found is not None else len(answer) == 5


def test_amharic_letters_that_sound_alike_are_one(api):
    product("ሠላም ሐገር")
    assert names(api.get("/api/products/", {"search": "ሰላም"})) == ["ሠላም ሐገር"]
    assert names(api.get("/api/products/", {"search": "ሀገር"})) == ["ሠላም ሐገር"]


def test_a_name_outranks_a_description(api, shop):
    found = names(api.get("/api/products/", {"search": "coffee"}))
    assert found[-1] == "Honey · ማር"
    assert len(found) == 3


def test_misspellings_are_forgiven_only_when_nothing_matches(api, shop):
    product("Cofee", slug="misspelt-on-purpose")
    assert names(api.get("/api/products/", {"search": "cofee"})) == ["Cofee"]


def test_search_can_be_sorted_filtered_counted_and_paged(api, shop):
    Product.objects.filter(name__startswith="Honey").update(is_published=False)
    query = {"search": "coffee", "count": "true", "page_size": 1}
    first = api.get("/api/products/", query).json()
    assert first["count"] == 2
    second = api.get(first["next"]).json()
    assert second["next"] is None
    assert api.get(second["previous"]).json()["results"] == first["results"]
    assert len({first["results"][0]["id"], second["results"][0]["id"]}) == 2
    by_name = names(api.get("/api/products/", {"search": "coffee", "ordering": "name"}))
    assert by_name == sorted(by_name)
    assert names(api.get("/api/products/", {"search": "coffee", "ordering": "relevance"}))


def test_drafts_do_not_stand_in_the_way_of_a_near_match(api, shop):
    product("Yirgachefe secret", is_published=False)
    assert names(api.get("/api/products/", {"search": "Yirgachefe"})) == [
        "Yirgacheffe Coffee · ይርጋጨፌ ቡና"
    ]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(max_size=40))
def test_no_text_breaks_the_search(db, words):
    from rest_framework.test import APIClient

    answer = APIClient().get(
        "/api/products/", {"search": words.encode("utf-8", "replace").decode()}
    )
    assert answer.status_code in {200, 400}
    assert answer.status_code == 200 or "\x00" in words


def test_renaming_and_new_skus_are_found_at_once(api):
    row = product("Alpha")
    factories.variant(product=row, sku="ZZTOP_9")
    assert names(api.get("/api/products/", {"search": "zztop"})) == ["Alpha"]
    row.name = "Omega"
    row.save(update_fields=["name"])
    assert names(api.get("/api/products/", {"search": "omega"})) == ["Omega"]
    assert names(api.get("/api/products/", {"search": "alpha"})) == []
