"""Languages, words, translations, and `Accept-Language`."""

from __future__ import annotations

import pytest

from catalog.models import Category, Language, Product, Term
from tests import factories
from tests.catalog.described import PRODUCTS, SAID, coffee_type, ok, product, refused

pytestmark = pytest.mark.django_db
LANGUAGES, TERMS, CATEGORIES = "/api/languages/", "/api/terms/", "/api/categories/"
AMHARIC = {"HTTP_ACCEPT_LANGUAGE": "am-ET, en;q=0.5"}
TRANSLATED = {"am": {"name": "ሲዳሞ ቡና", "description": "<p>ጥሩ ቡና</p>"}}


# --- languages --------------------------------------------------------------------------------


def test_everybody_reads_the_languages_in_order(api):
    assert [row["code"] for row in ok(api.get(LANGUAGES))["results"]] == ["en", "am"]
    assert ok(api.get(f"{LANGUAGES}am/")) == {"code": "am", "name": "አማርኛ", "position": 1}


def test_languages_come_and_go(owner):
    made = ok(owner.post(LANGUAGES, {"code": "om", "name": "Afaan Oromoo"}), 201)
    assert made == {"code": "om", "name": "Afaan Oromoo", "position": 2}
    refused(owner.post(LANGUAGES, {"code": "om", "name": "Again"}), 409, "language_taken", "code")
    for bad in ("OM", "o", "om_ET", "om-", ""):
        answer = owner.post(LANGUAGES, {"code": bad, "name": "X"})
        assert answer.status_code == 400, bad
    changed = ok(owner.patch(f"{LANGUAGES}om/", {"name": "Oromo", "position": 5}))
    assert changed == {"code": "om", "name": "Oromo", "position": 5}
    ok(owner.delete(f"{LANGUAGES}om/"), 204)
    assert owner.get(f"{LANGUAGES}om/").status_code == 404


def test_a_language_in_use_stays(owner):
    refused(owner.delete(f"{LANGUAGES}en/"), 409, "language_in_use")
    term = ok(owner.post(TERMS, {"text": "Red", "translations": {"am": "ቀይ"}}), 201)
    refused(owner.delete(f"{LANGUAGES}am/"), 409, "language_in_use")
    ok(owner.delete(f"{TERMS}{term['id']}/"), 204)
    ok(owner.delete(f"{LANGUAGES}am/"), 204)


# --- words ------------------------------------------------------------------------------------


def test_words_are_merged_and_removed(owner):
    ok(owner.post(LANGUAGES, {"code": "om", "name": "Afaan Oromoo"}), 201)
    made = ok(owner.post(TERMS, {"text": "Red", "translations": {"am": " ቀይ "}}), 201)
    assert made["translations"] == {"am": "ቀይ"}
    address = f"{TERMS}{made['id']}/"
    both = ok(owner.patch(address, {"translations": {"om": "Diimaa"}}))
    assert both["translations"] == {"am": "ቀይ", "om": "Diimaa"}
    assert ok(owner.patch(address, {"translations": {"am": None}}))["translations"] == {
        "om": "Diimaa"
    }
    refused(owner.post(TERMS, {"text": "Red", "translations": {}}), 409, "term_taken", "text")
    assert len(ok(owner.get(f"{TERMS}?text=Red"))["results"]) == 1
    assert ok(owner.get(f"{TERMS}?text=red"))["results"] == []


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ({"xx": "a"}, "translations.xx", "unknown_language"),
        ({"en": "a"}, "translations.en", "unknown_language"),
        ({"am": "x" * 256}, "translations.am", "max_length"),
        ({"am": 7}, "translations", "invalid_text"),
        ([], "translations", "invalid"),
    ],
)
def test_bad_words_are_named(owner, words, field, code):
    refused(owner.post(TERMS, {"text": "Red", "translations": words}), 400, code, field)
    bulk = {"terms": [{"text": "Blue", "translations": {}}, {"text": "Red", "translations": words}]}
    assert owner.put(TERMS, bulk).status_code == 400
    assert not Term.objects.exists()


def test_many_words_at_once(owner):
    ok(owner.post(TERMS, {"text": "Red", "translations": {"am": "ቀያይ"}}), 201)
    bulk = {"terms": [{"text": "Red", "translations": {"am": "ቀይ"}},
                      {"text": "Blue", "translations": {"am": "ሰማያዊ"}}]}  # fmt: skip
    for _ in range(2):
        rows = ok(owner.put(TERMS, bulk))["results"]
        assert [(row["text"], row["translations"]["am"]) for row in rows] == [
            ("Blue", "ሰማያዊ"), ("Red", "ቀይ"),
        ]  # fmt: skip
    bad = {"terms": [*bulk["terms"], {"text": "Green", "translations": {"xx": "a"}}]}
    refused(owner.put(TERMS, bad), 400, "unknown_language", "2.translations.xx")
    assert Term.objects.count() == 2


# --- translations of rows ---------------------------------------------------------------------


@pytest.mark.parametrize("address", [CATEGORIES, PRODUCTS, "/api/brands/", "/api/collections/"])
def test_rows_speak_the_callers_language(owner, api, address):
    made = ok(owner.post(address, {"name": "Sidamo", "price": "1", "translations": TRANSLATED}
                         if address == PRODUCTS else {"name": "Sidamo", "translations": TRANSLATED}), 201)  # fmt: skip
    assert made["name"] == "Sidamo"
    assert made["translations"] == TRANSLATED
    one = f"{address}{made['id']}/"
    for caller in (api, owner):
        for place in (one, address):
            answer = caller.get(place, **AMHARIC)
            shown = ok(answer)
            shown = shown if place == one else shown["results"][0]
            assert shown["name"] == "ሲዳሞ ቡና", place
            assert shown["description"] == "<p>ጥሩ ቡና</p>"
            assert answer["Content-Language"] == "am"
            assert "Accept-Language" in answer["Vary"]
            plain = caller.get(place)
            assert plain["Content-Language"] == "en"
            assert "Accept-Language" in plain["Vary"]
    assert "translations" not in ok(api.get(one, **AMHARIC))
    assert "translations" not in ok(api.get(f"{one}?translations=true", **AMHARIC))
    as_written = ok(owner.get(f"{one}?translations=true", **AMHARIC))
    assert (as_written["name"], as_written["translations"]) == ("Sidamo", TRANSLATED)


@pytest.mark.parametrize("address", [CATEGORIES, PRODUCTS, "/api/brands/", "/api/collections/"])
def test_translations_are_merged_checked_and_cleaned(owner, address):
    made = ok(
        owner.post(
            address, {"name": "Sidamo", "price": "1"} if address == PRODUCTS else {"name": "Sidamo"}
        ),
        201,
    )
    one = f"{address}{made['id']}/"
    assert made["translations"] == {}
    dirty = {"am": {"name": "ሲዳሞ", "description": "<p>ጥሩ<script>alert(1)</script></p>"}}
    clean = {"am": {"name": "ሲዳሞ", "description": "<p>ጥሩ</p>"}}
    assert ok(owner.patch(one, {"translations": dirty}))["translations"] == clean
    merged = ok(owner.patch(one, {"translations": {"am": {"description": None}}}))
    assert merged["translations"] == {"am": {"name": "ሲዳሞ"}}
    for bad, field, code in (
        ({"xx": {"name": "a"}}, "translations.xx", "unknown_language"),
        ({"en": {"name": "a"}}, "translations.en", "unknown_language"),
        ({"am": {"colour": "a"}}, "translations.am.colour", "unknown_field"),
        ({"am": {"name": "x" * 256}}, "translations.am.name", "max_length"),
        ({"am": {"description": "x" * 50_001}}, "translations.am.description", "max_length"),
        ({"am": "ሲዳሞ"}, "translations", "invalid_entry"),
        ({"am": {"name": 7}}, "translations", "invalid_text"),
        ("am", "translations", "invalid"),
    ):
        refused(owner.patch(one, {"translations": bad, "name": "Other"}), 400, code, field)
    assert ok(owner.get(one)) == merged
    put = {"name": "Sidamo", "price": "1"} if address == PRODUCTS else {"name": "Sidamo"}
    assert ok(owner.put(one, put))["translations"] == {"am": {"name": "ሲዳሞ"}}, "left out: kept"
    whole = ok(owner.put(one, {**put, "translations": {"am": {"description": "ጥሩ"}}}))
    assert whole["translations"] == {"am": {"description": "ጥሩ"}}
    assert ok(owner.patch(one, {"translations": {"am": None}}))["translations"] == {}


@pytest.mark.parametrize("address", [CATEGORIES, PRODUCTS, "/api/brands/", "/api/collections/"])
def test_who_reads_in_another_language_and_sends_it_back_rewrites_nothing(owner, address):
    body = {"name": "Sidamo", "description": "<p>Good</p>", "translations": TRANSLATED}
    made = ok(owner.post(address, {**body, "price": "1"} if address == PRODUCTS else body), 201)
    one = f"{address}{made['id']}/"
    read = ok(owner.get(one, **AMHARIC))
    assert read["name"] == "ሲዳሞ ቡና"
    for send in (owner.put, owner.patch):
        after = ok(send(one, read, **AMHARIC))
        assert (after["name"], after["description"]) == ("Sidamo", "<p>Good</p>")
        assert after["translations"] == TRANSLATED


def test_words_of_a_product_are_translated(owner, api):
    coffee_type(owner)
    words = {"Coffee": "ቡና", "Size": "መጠን", "Large": "ትልቅ", "dark": "ጥቁር", "Roast": "አቆላል", "g": "ግ", "new": "አዲስ",
             "Tomoca": "ቶሞካ"}  # fmt: skip
    ok(
        owner.put(
            TERMS, {"terms": [{"text": w, "translations": {"am": t}} for w, t in words.items()]}
        )
    )
    made = ok(owner.post(PRODUCTS, {
        "name": "Sidamo", "brand": "Tomoca", "tags": ["new", "old"], "product_type": "Coffee", "attributes": SAID,
        "variants": [{"price": "1", "options": [{"name": "Size", "value": value}]} for value in ("Small", "Large")],
    }), 201)  # fmt: skip
    for caller in (api, owner):
        shown = ok(caller.get(f"{PRODUCTS}{made['id']}/", **AMHARIC))
        assert (shown["brand"], shown["tags"]) == ("ቶሞካ", ["አዲስ", "old"])
        assert shown["options"] == [{"name": "መጠን", "values": ["Small", "ትልቅ"]}]
        assert [row["options"][0]["value"] for row in shown["variants"]] == ["Small", "ትልቅ"]
        assert shown["attributes"][0] == {
            "code": "roast", "name": "አቆላል", "kind": "choice", "value": "ጥቁር", "unit": "",
        }  # fmt: skip
        assert shown["attributes"][1]["unit"] == "ግ"
    variants = ok(api.get(f"{PRODUCTS}{made['id']}/variants/", **AMHARIC))["results"]
    assert variants[1]["options"] == [{"name": "መጠን", "value": "ትልቅ"}]


def test_the_category_of_a_product_is_translated(owner, api):
    category = factories.category("Coffee", slug="coffee", translations={"am": {"name": "ቡና"}})
    made = product(owner, category=category.pk)
    for caller in (api, owner):
        shown = ok(caller.get(f"{PRODUCTS}{made['id']}/", **AMHARIC))
        assert shown["category"] == {"id": category.pk, "slug": "coffee", "name": "ቡና"}
    tree = ok(api.get(f"{CATEGORIES}?tree=true", **AMHARIC))["results"]
    assert tree[0]["name"] == "ቡና"


def test_a_change_of_the_first_language_turns_the_catalogue_over(owner, api):
    """What was written is still there; texts that were translations are now chosen by everybody who asks for nothing."""
    made = product(owner, translations=TRANSLATED)
    Language.objects.filter(pk="am").update(position=0)
    Language.objects.filter(pk="en").update(position=1)
    answer = api.get(f"{CATEGORIES}")
    assert answer["Content-Language"] == "am"
    assert Product.objects.get(pk=made["id"]).name == "Sidamo"


def test_a_translated_list_asks_as_much_for_many_rows_as_for_one(owner, counted):
    coffee_type(owner)
    ok(owner.put(TERMS, {"terms": [{"text": "dark", "translations": {"am": "ጥቁር"}}]}))
    product(owner, product_type="Coffee", attributes=SAID, translations=TRANSLATED)

    def ask() -> None:
        ok(owner.get(PRODUCTS, **AMHARIC))

    one = counted(ask)
    for number in range(6):
        product(
            owner, slug=f"p{number}", product_type="Coffee", attributes=SAID, brand=f"B{number}"
        )
    assert counted(ask) == one
    plain = counted(lambda: ok(owner.get(PRODUCTS)))
    assert plain == one - 1, "one statement for the words, and none when they are as written"


@pytest.mark.parametrize("address", [LANGUAGES, TERMS, CATEGORIES])
def test_lists_ask_as_much_for_many_rows_as_for_one(owner, counted, address):
    ok(
        owner.put(
            TERMS, {"terms": [{"text": f"t{n}", "translations": {"am": "x"}} for n in range(5)]}
        )
    )
    for number in range(5):
        Category.objects.create(name=f"C{number}", slug=f"c-{number}")
    one = counted(lambda: ok(owner.get(f"{address}?page_size=1", **AMHARIC)))
    assert counted(lambda: ok(owner.get(address, **AMHARIC))) == one
