"""Areas: a tree that cannot have a ring, found in both alphabets."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.errors import Invalid
from places import services
from places.models import Area
from places.refusals import AreaInUse, NoSuchArea, WrongLevel
from tests import factories
from tests.places.conftest import signed_in

pytestmark = pytest.mark.django_db
URL = "/api/places/areas/"


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.json()


def codes(response):
    assert response.status_code == 200, response.json()
    return [row["code"] for row in response.json()["results"]]


def sql(statement, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


# --- the tree ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        # A ring of two, in one statement: no order of rows could hide it.
        (
            "UPDATE places_area SET (parent_id, parent_level) = (SELECT id, level FROM places_area WHERE code ="
            " CASE places_area.code WHEN 'ET-AA' THEN 'ET-AA-BOLE' ELSE 'ET-AA' END)"
            " WHERE code IN ('ET-AA', 'ET-AA-BOLE')",
            "area_is_below_its_parent",
        ),
        # Within itself.
        (
            "UPDATE places_area SET parent_id = id, parent_level = level WHERE code = 'ET-AA-BOLE'",
            "area_is_below_its_parent",
        ),
        # The same with a lie about the parent's level.
        (
            "UPDATE places_area SET parent_id = id, parent_level = 1 WHERE code = 'ET-AA-BOLE'",
            "area_knows_the_level_of_its_parent",
        ),
        # A parent that sinks below its children.
        (
            "UPDATE places_area SET kind = 'kebele', level = 4 WHERE code = 'ET-AA-BOLE'",
            "area_knows_the_level_of_its_parent",
        ),
        (
            "UPDATE places_area SET kind = 'zone' WHERE code = 'ET-AA'",
            "area_level_is_that_of_its_kind",
        ),
        (
            "UPDATE places_area SET parent_id = NULL, parent_level = NULL WHERE code = 'ET-AA-BOLE'",
            "area_is_below_its_parent",
        ),
        (
            "UPDATE places_area SET parent_level = NULL WHERE code = 'ET-AA-BOLE'",
            "area_is_below_its_parent",
        ),
        ("DELETE FROM places_area WHERE code = 'ET-AA'", "area_knows_the_level_of_its_parent"),
        ("UPDATE places_area SET code = 'bole' WHERE code = 'ET-AA-BOLE'", "area_code_is_a_code"),
        ("UPDATE places_area SET code = '12' WHERE code = 'ET-AA-BOLE'", "area_code_is_a_code"),
    ],
)
def test_the_database_refuses_rings_and_lies(woreda, statement, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        sql(statement)


def test_without_the_composite_key_a_ring_could_be_written(woreda):
    """The control: what the CHECK alone would let through."""
    sql("ALTER TABLE places_area DROP CONSTRAINT area_knows_the_level_of_its_parent")
    sql(
        "UPDATE places_area SET parent_id = (SELECT id FROM places_area WHERE code = 'ET-AA-BOLE-W03')"
        " WHERE code = 'ET-AA-BOLE'"
    )
    rows = Area.objects.filter(parent__parent__code="ET-AA-BOLE-W03")
    assert [row.code for row in rows] == ["ET-AA-BOLE-W03"], "a ring"


def test_levels_may_be_skipped_but_not_turned(addis, bole):
    kebele = services.create_area(code="ET-AA-K1", name="Kebele 1", kind="kebele", parent=addis)
    assert [one.code for one in kebele.path] == ["ET-AA", "ET-AA-K1"]
    for kind, parent in (
        ("woreda", kebele), ("zone", bole), ("region", bole), ("woreda", None), ("kebele", kebele),
    ):  # fmt: skip
        with pytest.raises(WrongLevel):
            services.create_area(code="ET-X", name="X", kind=kind, parent=parent)


def test_an_area_moves_with_all_that_is_in_it(addis, bole, woreda):
    yeka = services.create_area(code="ET-AA-YEKA", name="Yeka", kind="sub_city", parent=addis)
    services.update_area(area_id=woreda.pk, changes={"parent": yeka})
    assert services.resolve("et-aa-bole-w03").ids == (addis.pk, yeka.pk, woreda.pk)
    with pytest.raises(WrongLevel):  # a woreda is in it
        services.update_area(area_id=yeka.pk, changes={"kind": "kebele"})
    yeka.refresh_from_db()
    assert (yeka.kind, yeka.level) == ("sub_city", 2)


def test_resolving_is_one_statement_and_knows_both_names(addis, bole, woreda):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        path = services.resolve("ET-AA-BOLE-W03")
    assert len(queries) == 1
    assert path.ids == (addis.pk, bole.pk, woreda.pk)
    assert str(path) == "Woreda 03, Bole, Addis Ababa"
    assert [place.names["am"] for place in path.places] == ["አዲስ አበባ", "ቦሌ", "ወረዳ 03"]
    for wrong in ("ET-NOWHERE", "999999", "", "x\x00y", "9" * 40):
        with pytest.raises(NoSuchArea) as refusal:
            services.resolve(wrong, field="shipping_address.area")
        assert refusal.value.errors[0]["field"] == "shipping_address.area"


def test_what_lies_in_an_archived_area_cannot_be_chosen(api, addis, bole, woreda):
    services.update_area(area_id=bole.pk, changes={"is_active": False})
    for one in (bole, woreda):
        with pytest.raises(NoSuchArea):
            services.resolve(one.code)
        refused(api.get(f"{URL}{one.code}/"), 404, "not_found")
    assert services.resolve(addis.code)
    assert codes(api.get(URL)) == ["ET-AA"]
    assert api.get(f"{URL}ET-AA/").json()["has_children"] is False


def test_only_what_nothing_refers_to_is_deleted(owner, addis, bole):
    with pytest.raises(AreaInUse):
        services.delete_area(area_id=addis.pk)
    refused(owner.delete(f"{URL}ET-AA/"), 409, "area_in_use")
    assert owner.delete(f"{URL}ET-AA-BOLE/").status_code == 204
    assert owner.delete(f"{URL}{addis.pk}/").status_code == 204
    refused(owner.delete(f"{URL}{addis.pk}/"), 404, "not_found")


# --- finding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["bole", "BOLE", "ቦሌ", "bol", "aa-bole", "et aa bole", "  bole  "],
)
def test_search_knows_both_alphabets(api, bole, words):
    assert codes(api.get(URL, {"search": words})) == ["ET-AA-BOLE"]


def test_search_forgives_letters_that_sound_alike_accents_and_apostrophes(api, addis):
    region = services.create_area(code="ET-XX", name="X", kind="region")
    for code, name, am in (
        ("SILT", "Silt'e", "ስልጤ"),
        ("HAW", "Hawassa", "ሐዋሳ"),
        ("ARI", "Aari", "ዐሪ"),
    ):
        services.create_area(
            code=f"ET-XX-{code}", name=name, kind="zone", parent=region,
            translations={"am": {"name": am}},
        )  # fmt: skip
    found = {
        words: codes(api.get(URL, {"search": words}))
        for words in ("silte", "Silt’e", "ሀዋሳ", "ኀዋሳ", "áari", "አሪ", "finfinne", "ababa addis")
    }
    assert found == {
        "silte": ["ET-XX-SILT"], "Silt’e": ["ET-XX-SILT"], "ሀዋሳ": ["ET-XX-HAW"], "ኀዋሳ": ["ET-XX-HAW"],
        "áari": ["ET-XX-ARI"], "አሪ": ["ET-XX-ARI"], "finfinne": ["ET-AA"], "ababa addis": ["ET-AA"],
    }  # fmt: skip


@pytest.mark.parametrize("words", ["%", "_", "b_le", "\\", "'", "bole; DROP TABLE places_area"])
def test_signs_of_patterns_are_letters_like_others(api, bole, words):
    assert "ET-AA-BOLE" not in codes(api.get(URL, {"search": words})) or words == "'"


def test_filters(api, addis, bole, woreda):
    assert codes(api.get(URL, {"parent": "ET-AA"})) == ["ET-AA-BOLE"]
    assert codes(api.get(URL, {"parent": addis.pk})) == ["ET-AA-BOLE"]
    assert codes(api.get(URL, {"within": "et-aa"})) == ["ET-AA-BOLE", "ET-AA-BOLE-W03"]
    assert codes(api.get(URL, {"kind": "woreda"})) == ["ET-AA-BOLE-W03"]
    assert codes(api.get(URL, {"ordering": "level"})) == ["ET-AA", "ET-AA-BOLE", "ET-AA-BOLE-W03"]
    refused(api.get(URL, {"kind": "island"}), 400, "invalid")
    refused(api.get(URL, {"parent": "ET-NOWHERE"}), 400, "invalid")


def test_names_in_the_callers_language(api, bole, woreda):
    english, amharic = (
        api.get(f"{URL}ET-AA-BOLE-W03/", headers={"Accept-Language": language})
        for language in ("en", "am-ET, en;q=0.5")
    )
    assert [one["name"] for one in english.json()["path"]] == ["Addis Ababa", "Bole", "Woreda 03"]
    assert [one["name"] for one in amharic.json()["path"]] == ["አዲስ አበባ", "ቦሌ", "ወረዳ 03"]
    assert (english["Content-Language"], amharic["Content-Language"]) == ("en", "am")
    assert "Accept-Language" in amharic["Vary"]
    assert english["ETag"] != amharic["ETag"]
    services.update_area(area_id=bole.pk, changes={"translations": {"am": None}})
    mixed = api.get(f"{URL}ET-AA-BOLE-W03/", headers={"Accept-Language": "am"})
    assert [one["name"] for one in mixed.json()["path"]] == ["አዲስ አበባ", "Bole", "ወረዳ 03"]
    assert mixed["Content-Language"] == "am, en"


def test_reads_are_cached_and_staff_see_more(api, owner, bole):
    answer = api.get(URL)
    assert answer["Cache-Control"] == "public, max-age=0, s-maxage=10"
    assert api.get(URL, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    one = api.get(f"{URL}ET-AA-BOLE/")
    assert api.get(f"{URL}ET-AA-BOLE/", headers={"If-None-Match": one["ETag"]}).status_code == 304
    assert {"translations", "is_active", "version"}.isdisjoint(one.json())
    assert owner.get(f"{URL}ET-AA-BOLE/").json()["translations"] == {"am": {"name": "ቦሌ"}}
    services.update_area(area_id=bole.pk, changes={"is_active": False})
    assert codes(owner.get(URL, {"archived": "true"})) == ["ET-AA-BOLE"]
    assert codes(api.get(URL, {"archived": "true"})) == ["ET-AA"]


def test_a_list_takes_as_many_statements_for_many_as_for_one(api, addis):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            rows = codes(api.get(URL, {"page_size": 100}, headers={"Accept-Language": "am"}))
        return len(rows), len(queries)

    few = statements()
    for number in range(60):
        zone = services.create_area(
            code=f"ET-AA-S{number}", name=f"Sub-city {number}", kind="sub_city", parent=addis
        )
        if number < 30:
            services.create_area(code=f"{zone.code}-W", name="W", kind="woreda", parent=zone)
    assert (few, statements()) == ((1, 1), (91, 1))


def test_pages_follow_each_other(api, addis):
    for number in range(25):
        services.create_area(
            code=f"ET-AA-S{number}",
            name=f"Part {number % 3}, {number}",
            kind="sub_city",
            parent=addis,
        )
    seen, url = [], f"{URL}?page_size=10"
    while url:
        body = api.get(url).json()
        seen += [row["code"] for row in body["results"]]
        url = body["next"]
    assert len(seen) == len(set(seen)) == 26


# --- writing ----------------------------------------------------------------------------------


def test_an_area_is_added_changed_and_archived(owner, addis):
    body = {
        "code": "et-aa-bole", "kind": "sub_city", "name": "Bole", "parent": "ET-AA",
        "translations": {"am": {"name": "ቦሌ"}},
    }  # fmt: skip
    made = owner.post(URL, body, format="json")
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert (shown["code"], shown["level"], shown["version"]) == ("ET-AA-BOLE", 2, 1)
    assert [one["code"] for one in shown["path"]] == ["ET-AA", "ET-AA-BOLE"]
    one = f"{URL}{shown['id']}/"
    tag = owner.get(one)["ETag"]
    changed = owner.patch(one, {"name": "Bole!"}, format="json", headers={"If-Match": tag})
    assert (changed.json()["name"], changed.json()["version"]) == ("Bole!", 2)
    stale = owner.patch(one, {"name": "Lost"}, format="json", headers={"If-Match": tag})
    refused(stale, 412, "precondition_failed")
    refused(owner.delete(one, headers={"If-Match": tag}), 412, "precondition_failed")
    same = owner.patch(one, changed.json(), format="json")
    assert (same.status_code, same.json()["version"]) == (200, 2), "nothing has changed"
    merged = owner.patch(one, {"translations": {"om": {"name": "Boolee"}}}, format="json")
    assert merged.json()["translations"] == {"am": {"name": "ቦሌ"}, "om": {"name": "Boolee"}}
    assert owner.patch(one, {"is_active": False}, format="json").json()["is_active"] is False


def test_an_area_keeps_its_code(owner, bole):
    refused(owner.patch(f"{URL}{bole.pk}/", {"code": "ET-AA-B"}), 409, "area_code_stays")
    assert owner.patch(f"{URL}{bole.pk}/", {"code": "et-aa-bole"}).status_code == 200


def test_the_same_call_twice_adds_one_area(owner, addis):
    body = {"code": "ET-AA-BOLE", "kind": "sub_city", "name": "Bole", "parent": addis.pk}
    first, second = (
        owner.post(URL, body, format="json", headers={"Idempotency-Key": "k" * 32})
        for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert Area.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"code": "ET-AA-BOLE"}, 409, "area_code_taken", "code"),
        ({"name": "Bole"}, 409, "area_name_taken", "name"),
        ({"parent": None}, 400, "wrong_level", "parent"),
        ({"parent": "ET-AA-BOLE", "kind": "zone"}, 400, "wrong_level", "parent"),
        ({"kind": "region"}, 400, "wrong_level", "parent"),
        ({"kind": "island"}, 400, "invalid", "kind"),
        ({"parent": "ET-NOWHERE"}, 400, "invalid", "parent"),
        ({"parent": True}, 400, "invalid", "parent"),
        ({"code": "bole"}, 400, "invalid", "code"),
        ({"code": "12"}, 400, "invalid", "code"),
        ({"name": "x" * 121}, 400, "invalid", "name"),
        ({"translations": {"en": {"name": "Y"}}}, 400, "invalid", "translations.en"),
        ({"translations": {"am": {"colour": "Y"}}}, 400, "invalid", "translations.am.colour"),
        ({"translations": {"am": {"name": "y" * 121}}}, 400, "invalid", "translations.am.name"),
        ({"translations": {"no such": {"name": "y"}}}, 400, "invalid", "translations.no such"),
        ({"translations": {"am": "y"}}, 400, "invalid", "translations"),
        ({"colour": "red"}, 400, "unknown_field", "colour"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(owner, bole, body, status, code, field):
    whole = {"code": "ET-AA-NEW", "kind": "sub_city", "name": "New", "parent": "ET-AA", **body}
    answer = owner.post(URL, whole, format="json")
    refused(answer, status, code)
    assert [entry["field"] for entry in answer.json()["errors"]] == [field]
    assert Area.objects.count() == 2


def test_only_who_is_permitted_writes(api, bole, permit):
    body = {"name": "Mine"}
    one = f"{URL}ET-AA-BOLE/"
    refused(api.patch(one, body), 401, "not_authenticated")
    refused(signed_in(factories.user()).patch(one, body), 403, "permission_denied")
    clerk = signed_in(permit(factories.user(is_staff=True), "places.view_area"))
    refused(clerk.patch(one, body), 403, "permission_denied")
    clerk = signed_in(permit(factories.user(is_staff=True), "places.change_area"))
    assert clerk.patch(one, body).status_code == 200
    refused(clerk.delete(one), 403, "permission_denied")


def test_a_verb_refuses_what_it_cannot_translate(bole):
    with pytest.raises(Invalid):
        services.update_area(area_id=bole.pk, changes={"translations": {"AM": {"name": "x"}}})
