"""Options and variants, up to 2,048 of a product."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection

from catalog import services
from catalog.models import Product, Variant
from catalog.services import NewVariant, add_variants
from common.actors import SYSTEM
from tests import factories
from tests.catalog.described import PRODUCTS, ok, product, refused

pytestmark = pytest.mark.django_db


def variant(**options: str) -> dict:
    return {
        "price": "10",
        "stock": 1,
        "options": [{"name": n, "value": v} for n, v in options.items()],
    }


def sizes(first: int, last: int) -> list[dict]:
    return [variant(Size=f"S{number}") for number in range(first, last)]


def test_options_of_a_product_follow_its_variants(owner, api):
    rows = [
        variant(Size="M", Colour="Red"),
        variant(Size="S", Colour="Red"),
        variant(Colour="Blue", Size="M"),
    ]
    row = ok(owner.post(PRODUCTS, {"name": "Shirt", "variants": rows}), 201)
    expected = [
        {"name": "Size", "values": ["M", "S"]},
        {"name": "Colour", "values": ["Red", "Blue"]},
    ]
    assert row["options"] == expected
    assert row["variant_count"] == 3
    for caller in (api, owner):
        assert ok(caller.get(f"{PRODUCTS}{row['id']}/"))["options"] == expected
        assert ok(caller.get(PRODUCTS))["results"][0]["options"] == expected
    first = row["variants"][0]["id"]
    ok(owner.patch(f"{PRODUCTS}{row['id']}/variants/{first}/", {"position": 9}))
    assert ok(api.get(f"{PRODUCTS}{row['id']}/"))["options"] == [
        {"name": "Size", "values": ["S", "M"]}, {"name": "Colour", "values": ["Red", "Blue"]},
    ]  # fmt: skip
    ok(owner.delete(f"{PRODUCTS}{row['id']}/variants/{row['variants'][1]['id']}/"), 204)
    assert ok(api.get(f"{PRODUCTS}{row['id']}/"))["options"] == [
        {"name": "Colour", "values": ["Blue", "Red"]}, {"name": "Size", "values": ["M"]},
    ]  # fmt: skip


def test_a_simple_product_has_no_options(owner):
    row = product(owner)
    assert (row["options"], row["variant_count"]) == ([], 1)


def test_variants_come_in_portions(owner, api):
    row = ok(owner.post(PRODUCTS, {"name": "Shirt", "variants": sizes(0, 2)}), 201)
    address = f"{PRODUCTS}{row['id']}/variants/batch/"
    made = ok(owner.post(address, {"variants": sizes(2, 5)}), 201)["results"]
    assert [variant["name"] for variant in made] == ["S2", "S3", "S4"]
    shown = ok(api.get(f"{PRODUCTS}{row['id']}/"))
    assert [variant["name"] for variant in shown["variants"]] == ["S0", "S1", "S2", "S3", "S4"]
    twin = [*sizes(5, 7), variant(Size="S0")]
    refused(owner.post(address, {"variants": twin}), 409, "options_taken", "options")
    refused(owner.post(address, {"variants": []}), 400, "min_length", "variants")
    refused(owner.post(address, {"variants": [{"stock": 1}]}), 400, "required", "variants.0.price")
    assert ok(api.get(f"{PRODUCTS}{row['id']}/"))["variant_count"] == 5


def test_stock_of_a_portion_is_a_right_of_its_own(owner, clerk):
    row = ok(owner.post(PRODUCTS, {"name": "Shirt", "variants": sizes(0, 2)}), 201)
    address = f"{PRODUCTS}{row['id']}/variants/batch/"
    assert clerk("add_variant").post(address, {"variants": sizes(2, 4)}).status_code == 403
    bare = [{**one, "stock": 0} for one in sizes(2, 4)]
    assert clerk("add_variant").post(address, {"variants": bare}).status_code == 201


def test_a_product_of_2048_variants_is_usable(owner, api, counted):
    row = ok(owner.post(PRODUCTS, {"name": "Thread", "variants": sizes(0, 1024)}), 201)
    address = f"{PRODUCTS}{row['id']}/"
    ok(owner.post(f"{address}variants/batch/", {"variants": sizes(1024, 2048)}), 201)
    refused(owner.post(f"{address}variants/", variant(Size="one more")), 409, "too_many_variants")
    refused(
        owner.post(f"{address}variants/batch/", {"variants": sizes(2048, 2050)}), 409, "too_many_variants"
    )  # fmt: skip
    body = {"name": "More", "variants": sizes(0, 2049)}
    refused(owner.post(PRODUCTS, body), 400, "max_length", "variants")
    for caller in (api, owner):
        (listed,) = ok(caller.get(PRODUCTS))["results"]
        assert (len(listed["variants"]), listed["variant_count"]) == (100, 2048)
        assert len(listed["options"][0]["values"]) == 2048
        shown = ok(caller.get(address))
        assert len(shown["variants"]) == 2048
    assert ok(owner.get(PRODUCTS))["results"][0]["stock"] == 2048, "of all, not of those shown"
    assert counted(lambda: owner.get(address)) <= 12
    page = ok(api.get(f"{address}variants/?page_size=100"))
    assert len(page["results"]) == 100
    assert page["next"]
    last = shown["variants"][-1]["id"]
    ok(owner.patch(f"{address}variants/{last}/", {"price": "9"}))
    assert ok(api.get(address))["price"]["amount"] == "9.00"
    factories.place(variant=Variant.objects.get(pk=last))
    ok(owner.delete(address), 204)
    assert ok(owner.post(f"{address}restore/", {}))["variant_count"] == 2048


def test_the_page_in_the_admin_does_not_grow_with_the_variants(admin_client, owner, counted):
    row = ok(owner.post(PRODUCTS, {"name": "Thread", "variants": sizes(0, 51)}), 201)
    page = f"/admin/catalog/product/{row['id']}/change/"
    answer = admin_client.get(page)
    text = answer.content.decode()
    assert "variants-TOTAL_FORMS" not in text
    assert f"/admin/catalog/variant/?product__id__exact={row['id']}" in text
    listed = admin_client.get(f"/admin/catalog/variant/?product__id__exact={row['id']}")
    assert listed.status_code == 200
    assert listed.content.decode().count("action-select") >= 51
    form = {
        name: field.value() for name, field in _fields(answer).items() if field.value() is not None
    }
    form |= {f"images-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    form |= {"name": "Thread, dyed", "tags": "", "is_published": "on"}
    saved = admin_client.post(page, form)
    assert saved.status_code == 302, saved.content.decode()[:3000]
    assert Product.objects.get(pk=row["id"]).name == "Thread, dyed"
    ok(owner.delete(f"{PRODUCTS}{row['id']}/variants/{row['variants'][0]['id']}/"), 204)
    assert b"variants-TOTAL_FORMS" in admin_client.get(page).content


def _fields(answer) -> dict:
    form = answer.context["adminform"].form
    return {name: form[name] for name in form.fields}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locks", [True, False])
def test_two_writers_at_once_stay_below_the_limit(locks, monkeypatch):
    """The control counts without the lock, and both get in."""
    row = factories.variant().product
    monkeypatch.setattr(services, "MAX_VARIANTS", 3)
    if not locks:
        monkeypatch.setattr(services, "_lock_product", lambda pk: Product.objects.get(pk=pk))
        monkeypatch.setattr(services, "touch", lambda pk: None)  # which locks it, too
    together, outcomes = Barrier(2, timeout=10), []
    usual = services._insert_variants

    def slow(*args, **kwargs):
        if not locks:
            together.wait()  # both have counted
        return usual(*args, **kwargs)

    monkeypatch.setattr(services, "_insert_variants", slow)

    def write(number: int) -> None:
        try:
            new = [
                NewVariant(price=1, options=[{"name": "N", "value": f"{number}.{n}"}])
                for n in (1, 2)
            ]
            if locks:
                together.wait()
            add_variants(product_id=row.pk, new=new, by=SYSTEM)
            outcomes.append("done")
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [Thread(target=write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = Variant.objects.filter(product=row).count()
    if locks:
        assert sorted(outcomes) == ["TooManyVariants", "done"]
        assert found == 3
    else:
        assert outcomes == ["done", "done"]
        assert found == 5


@pytest.mark.parametrize("option", [{"name": "Size"}, {"value": "S"}, {}])
def test_half_an_option_is_refused_in_a_patch_too(owner, option):
    row = product(owner)
    address = f"{PRODUCTS}{row['id']}/variants/{row['variants'][0]['id']}/"
    refused(owner.patch(address, {"options": [option]}), 400, "required", "options")
