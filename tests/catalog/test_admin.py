"""The catalogue in the admin: a person's clicks end in the API's verbs."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Category, Image, Product, Variant
from catalog.services import delete_product
from inventory.models import Movement
from tests import factories
from tests.catalog.test_images import picture, upload
from tests.catalog.test_staff_products import order

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/product/"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss(db):
    return signed_in(factories.staff())


def form(product: Product | None = None, *, rows=(), images=(), **fields) -> dict:
    """What the browser sends: the product's fields and its inlines."""
    data = {
        "name": "Sidamo",
        "slug": "",
        "category": "",
        "brand": "",
        "tags": "a,b",
        "description": "",
        **fields,
    }
    old = 0 if product is None else product.variants.filter(archived_at=None).count()
    for prefix, forms, initial in (
        ("variants", rows, old),
        ("images", images, sum("id" in i for i in images)),
    ):
        data |= {f"{prefix}-TOTAL_FORMS": len(forms), f"{prefix}-INITIAL_FORMS": initial}
        for number, row in enumerate(forms):
            data |= {f"{prefix}-{number}-{key}": value for key, value in row.items()}
    return data


def row(**values) -> dict:
    return {"sku": "", "choices": "", "name": "", "price": "10.00", "compare_at_price": "", "stock": "5",
            "weight_grams": "", "barcode": "", **values}  # fmt: skip


def errors(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_product_is_made_changed_and_deleted(boss):
    answer = boss.post(f"{LIST}add/", form(
        is_published="on", description="<p>x</p><script>y</script>",
        rows=[row(choices="Size=S"), row(choices="Size=L; Colour=Red", price="20", sku="L-1")],
        images=[{"upload": upload(picture()), "alt": "Front", "position": "0"}],
    ))  # fmt: skip
    assert answer.status_code == 302, errors(answer)
    product = Product.objects.get()
    assert (product.slug, product.tags, product.description) == ("sidamo", ["a", "b"], "<p>x</p>")
    assert product.published_at is not None
    small, large = product.variants.order_by("position")
    assert (small.name, large.sku, large.options[1]["value"]) == ("S", "L-1", "Red")
    image = product.images.get()
    assert (image.alt, image.width) == ("Front", 60)
    assert {m.actor.split(":")[0] for m in Movement.objects.all()} == {"staff"}

    page = f"{LIST}{product.pk}/change/"
    shown = boss.get(page).content.decode()
    assert 'value="Size=L; Colour=Red"' in shown
    assert "<img" in shown
    answer = boss.post(page, form(
        product, name="Sidamo II", slug="sidamo", is_published="on",
        rows=[row(id=small.pk, sku=small.sku, choices="Size=S", name="S", stock="2", DELETE=""),
              row(id=large.pk, sku="L-1", choices="Size=XL", name="L", price="25", DELETE="")],
        images=[{"id": image.pk, "alt": "Back", "position": "3"}],
    ))  # fmt: skip
    assert answer.status_code == 302, errors(answer)
    product.refresh_from_db()
    assert (product.name, product.min_price) == ("Sidamo II", 10)
    assert [v.stock_item.available for v in product.variants.order_by("position")] == [2, 5]
    assert Movement.objects.latest("pk").quantity == -3
    image.refresh_from_db()
    assert (image.alt, image.position) == ("Back", 3)

    answer = boss.post(page, form(
        product, slug="sidamo",
        rows=[row(id=small.pk, sku=small.sku, choices="Size=S", name="S", stock="2", DELETE="on"),
              row(id=large.pk, sku="L-1", choices="Size=XL", name="L", price="25")],
        images=[{"id": image.pk, "alt": "Back", "position": "3", "DELETE": "on"}],
    ))  # fmt: skip
    assert answer.status_code == 302, errors(answer)
    assert product.variants.get() == large
    assert not Image.objects.exists()
    assert boss.get(f"{LIST}{product.pk}/delete/").status_code == 200
    assert boss.post(f"{LIST}{product.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Product.objects.exists()


def test_what_orders_refer_to_is_archived_and_can_only_be_looked_at(boss):
    variant = factories.variant()
    order(variant)
    assert boss.post(f"{LIST}{variant.product_id}/delete/", {"post": "yes"}).status_code == 302
    product = Product.objects.get()
    assert product.archived_at is not None
    page = f"{LIST}{product.pk}/change/"
    assert boss.get(page).status_code == 200
    assert boss.post(page, form(product, name="X", rows=[row()])).status_code == 403
    assert boss.get(f"{LIST}?archived_at__isempty=0").status_code == 200


@pytest.mark.parametrize(
    ("rows", "images", "fields", "words"),
    [
        ([], [], {}, "at least one variant"),
        ([row(price="-1")], [], {}, "errorlist"),
        ([row(price="10", compare_at_price="5")], [], {}, "errorlist"),
        ([row(choices="Size")], [], {}, "Write options such as"),
        ([row(choices="Size=S; Size=L")], [], {}, "named twice"),
        ([row(), row()], [], {}, "the same options"),
        ([row(sku="TAKEN")], [], {}, "errorlist"),
        ([row(stock="-1")], [], {}, "errorlist"),
        ([row()], [{"upload": upload(b"<svg/>"), "alt": "", "position": "0"}], {}, "undamaged JPEG"),
        ([row()], [{"alt": "x", "position": "0"}], {}, "Choose a picture"),
        ([row()], [], {"slug": "taken"}, "errorlist"),
        ([row()], [], {"slug": "123"}, "errorlist"),
        ([row()], [], {"name": ""}, "errorlist"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_and_change_nothing(boss, rows, images, fields, words):
    factories.variant(sku="TAKEN")
    Product.objects.update(slug="taken")
    answer = boss.post(f"{LIST}add/", form(rows=rows, images=images, **fields))
    assert words in errors(answer)
    assert Product.objects.count() == Variant.objects.count() == 1


def test_a_refusal_that_no_form_could_foresee_is_told(boss, monkeypatch):
    from catalog import admin
    from catalog.refusals import SkuTaken

    def late(**kwargs):
        raise SkuTaken

    monkeypatch.setattr(admin, "add_variant", late)
    answer = boss.post(f"{LIST}add/", form(rows=[row()]))
    assert answer.status_code == 302
    assert "This SKU is taken" in boss.get(answer["Location"]).content.decode()
    assert not Product.objects.exists()


def test_the_list_has_a_constant_number_of_statements(boss):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(f"{LIST}?q=Coffee").status_code == 200
        return len(queries)

    product = factories.variant().product
    Product.objects.filter(pk=product.pk).update(category=factories.category())
    statements()
    one = statements()
    for _ in range(10):
        product = factories.variant().product
        Product.objects.filter(pk=product.pk).update(category=factories.category())
    assert statements() == one


def test_the_page_of_a_product_has_a_constant_number_of_statements(boss):
    product = factories.variant().product
    page = f"{LIST}{product.pk}/change/"

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(page).status_code == 200
        return len(queries)

    statements()
    one = statements()
    for _ in range(6):
        factories.variant(product=product)
        Image.objects.create(product=product, source_url="https://pictures.shop/a.jpg")
    assert statements() == one


def test_permissions_are_respected(permit):
    def client(*codenames: str) -> Client:
        return signed_in(permit(factories.user(is_staff=True), *codenames))

    product = factories.variant(sku="V").product
    page = f"{LIST}{product.pk}/change/"
    assert client().get(LIST).status_code == 302, "staff without a role do not get in"
    assert client("view_order").get(LIST).status_code == 403
    assert client("view_product").get(LIST).status_code == 200
    assert client("view_product").post(page, form(product, rows=[row()])).status_code == 403
    assert client("change_product").get(f"{LIST}add/").status_code == 403
    assert (
        client("change_product").post(f"{LIST}{product.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    changer = client("change_product", "view_product")
    changer.post(
        page,
        form(
            product,
            name="New",
            slug=product.slug,
            rows=[row(id=product.variants.get().pk, price="1")],
        ),
    )
    product.refresh_from_db()
    assert product.name == "New"
    assert product.min_price == 100, "variants need their own permission"


def test_actions(boss):
    product = factories.variant().product
    gone = factories.variant().product
    for action, published in (("unpublish", False), ("publish", True)):
        boss.post(LIST, {"action": action, "_selected_action": [product.pk]})
        product.refresh_from_db()
        assert product.is_published is published
    boss.post(LIST, {"action": "delete_selected", "_selected_action": [gone.pk], "post": "yes"})
    assert list(Product.objects.all()) == [product]
    with transaction.atomic():
        delete_product(product_id=product.pk)


def test_categories(boss):
    add = reverse("admin:catalog_category_add")
    assert boss.post(add, {"name": "Food", "slug": "", "position": "0"}).status_code == 302
    food = Category.objects.get()
    assert food.slug == "food"
    boss.post(add, {"name": "Tea", "slug": "tea", "position": "1", "parent": food.pk})
    tea = Category.objects.get(slug="tea")
    page = reverse("admin:catalog_category_change", args=[food.pk])
    circle = boss.post(page, {"name": "Food", "slug": "food", "position": "0", "parent": tea.pk})
    assert "below itself" in errors(circle)
    assert "errorlist" in errors(boss.post(add, {"name": "X", "slug": "tea", "position": "0"}))
    renamed = boss.post(
        page, {"name": "Food!", "slug": "", "position": "0", "description": "<b>x</b>"}
    )
    assert renamed.status_code == 302
    food.refresh_from_db()
    assert (food.name, food.slug, food.description) == ("Food!", "food", "<b>x</b>")
    delete = reverse("admin:catalog_category_delete", args=[food.pk])
    boss.post(delete, {"post": "yes"})
    assert Category.objects.count() == 2, "not while something is below it"
    boss.post(reverse("admin:catalog_category_delete", args=[tea.pk]), {"post": "yes"})
    boss.post(delete, {"post": "yes"})
    assert not Category.objects.exists()
    assert boss.get(reverse("admin:catalog_category_changelist")).status_code == 200
