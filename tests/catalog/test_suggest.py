"""Suggestions while typing, and what was found marked in texts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product
from catalog.search import highlights
from tests import factories
from tests.catalog.test_listing import product

pytestmark = pytest.mark.django_db
SUGGEST = "/api/products/suggest/"


@pytest.fixture
def shop(db):
    shelf = factories.category("Coffee", slug="coffee", translations={"am": {"name": "ቡና"}})
    product("Coffee Cup", slug="cup", brand="Negus")
    product("Sidamo Coffee", slug="sidamo", category=shelf, translations={"am": {"name": "ሲዳሞ ቡና"}})
    product("Coffee Grinder", slug="grinder", brand="Coffeeworks")
    product("Cocoa", slug="cocoa")
    product("Coffee of tomorrow", slug="draft", is_published=False, brand="Coffee Secrets")
    product("Coffee Scheduled", slug="later", publish_from=timezone.now() + timedelta(hours=1))


def suggest(api, q, **query):
    answer = api.get(SUGGEST, {"q": q, **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def slugs(rows):
    return [row["slug"] for row in rows]


def test_words_products_categories_and_brands_are_suggested(api, shop):
    told = suggest(api, "cof")
    assert told["words"] == ["coffee"]
    assert set(slugs(told["products"])) == {"cup", "sidamo", "grinder"}
    assert slugs(told["categories"]) == ["coffee"]
    assert [row["name"] for row in told["brands"]] == ["Coffeeworks"]
    assert set(told["products"][0]) == {"id", "slug", "name"}


def test_the_last_word_is_completed_behind_the_others(api, shop):
    assert suggest(api, "coffee gr")["words"] == ["coffee grinder"]
    assert suggest(api, "co")["words"] == ["coffee", "cocoa"]


def test_only_what_is_on_sale_is_suggested(api, shop):
    assert suggest(api, "tomorrow")["products"] == suggest(api, "scheduled")["products"] == []
    assert suggest(api, "tomor")["words"] == suggest(api, "schedu")["words"] == []
    assert suggest(api, "secrets")["brands"] == []


def test_suggestions_forgive_and_know_other_scripts(api, shop):
    assert "coffee" in suggest(api, "cofee")["words"]
    assert slugs(suggest(api, "buna")["products"]) == ["sidamo"]
    assert suggest(api, "ቡ")["words"] == ["ቡና"]
    assert slugs(suggest(api, "ቡና")["categories"]) == ["coffee"]


def test_names_are_in_the_language_of_the_reader(api, shop):
    answer = api.get(SUGGEST, {"q": "sidamo"}, headers={"accept-language": "am"})
    assert answer.json()["products"][0]["name"] == "ሲዳሞ ቡና"
    assert answer["Content-Language"] == "am"
    assert "Accept-Language" in answer["Vary"]


def test_suggestions_are_limited_and_cacheable(api, shop):
    assert len(suggest(api, "co", limit=1)["products"]) == 1
    assert api.get(SUGGEST, {"q": "c", "limit": 11}).status_code == 400
    assert api.get(SUGGEST, {"q": "c" * 201}).status_code == 400
    answer = api.get(SUGGEST, {"q": "cof"})
    assert "public" in answer["Cache-Control"]
    assert (
        api.get(SUGGEST, {"q": "cof"}, headers={"if-none-match": answer["ETag"]}).status_code == 304
    )
    empty = {"words": [], "products": [], "categories": [], "brands": []}
    assert suggest(api, "") == suggest(api, " - ") == api.get(SUGGEST).json() == empty


def test_suggestions_cost_one_statement_however_many_there_are(api, shop):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            suggest(api, "coffee")
        return len(queries)

    suggest(api, "coffee")
    few = statements()
    for number in range(12):
        product(f"Coffee {number}")
    assert statements() <= few <= 2


# --- highlights -------------------------------------------------------------------------------


def marked(words: str, row: Product, language: str = "") -> tuple[str | None, str | None]:
    sql, params = highlights(words, [row.pk], language)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        ((_, name, description),) = cursor.fetchall()
    return name, description


def test_words_found_are_marked_and_everything_else_is_escaped():
    row = product(
        'Coffee <img src=x onerror="alert(1)"> & Co',
        description="<p>A &lt;b&gt; strong coffee's cup</p>",
    )
    name, description = marked("coffee", row)
    assert name == "<mark>Coffee</mark> &lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; Co"
    assert description == "A &lt;b&gt; strong <mark>coffee</mark>&#x27;s cup"
    assert marked("<mark>", row) == (None, None)
    name, _ = marked("img", row)
    assert name is not None
    assert name.count("<") == 2, "only the mark's own"


def test_beginnings_other_scripts_terms_and_misspellings_are_marked():
    row = product("Sidamo Coffee", translations={"am": {"name": "የሲዳሞ ቡና"}})
    assert marked("sid", row)[0] == "<mark>Sidamo</mark> Coffee"
    assert marked("ሲዳሞ", row)[0] == "<mark>Sidamo</mark> Coffee"
    assert marked("lether", product("Leather Bag"))[0] == "<mark>Leather</mark> Bag"
    assert marked("buna", row, "am")[0] == "የሲዳሞ <mark>ቡና</mark>"
    assert marked("sidamo", row, "am")[0] == "<mark>የሲዳሞ</mark> ቡና"
    assert marked("honey", row) == (None, None)


def test_a_long_description_is_cut_around_the_first_word_found():
    words = " ".join(f"w{number}" for number in range(200))
    row = product("Cup", description=f"<p>{words} needle {words}</p>")
    _, passage = marked("needle", row)
    assert passage is not None
    assert passage.startswith("…")
    assert passage.endswith("…")
    assert "<mark>needle</mark>" in passage
    assert len(passage) < 300


@pytest.mark.parametrize(
    "words",
    ["%", "_", "'", '"', "\\", "a' | 'b", "!a & (b", ":*", "<->", "x" * 200, "a " * 100, "☕🌶", "\u202eabc\u202c", "\ud800",
     "a\x00b", "፡ ።", "ﷺ", "İ", "ß", "½", "$1 %s {0}", "--", "/*", "e\u0301" * 60],
)  # fmt: skip
def test_hostile_words_break_nothing(api, words):
    row = product("Coffee'; DROP TABLE x; -- \\ % _ ☕", description="<script>alert(1)</script>")
    json.dumps(suggest(api, words.encode("utf-8", "replace").decode().replace("\x00", "")))
    marked(words, row)
    from catalog.search import matches

    sql, params = matches(words)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_a_thousand_words_are_read_as_a_dozen():
    product("Coffee")
    from catalog.search import matches

    sql, params = matches(" ".join(["coffee"] * 1000))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert len(cursor.fetchall()) == 1
