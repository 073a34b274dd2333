"""The demo shop: complete, attractive to look at, healed by another run, and never in production.

It is built once, committed, and taken down after the last test; each test's changes are rolled back.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
import time
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from PIL import Image as Pillow

from account.models import User
from catalog.categories import update_category
from catalog.demo import building, people
from catalog.demo.art.drawing import MOTIFS, draw
from catalog.demo.goods import Drawing
from catalog.demo.people import PEOPLE
from catalog.demo.shelves import SHELVES
from catalog.demo.stock import GOODS
from catalog.models import (
    Attribute,
    Brand,
    Category,
    Collection,
    Image,
    Product,
    ProductType,
    Term,
    Variant,
)
from catalog.services import delete_product, update_product, update_variant
from common.actors import SYSTEM
from inventory.models import Movement, StockItem
from places.models import Area, PickupPoint
from pricing.models import DeliveryMethod
from reporting.doctor import examine

pytestmark = pytest.mark.django_db

ETHIOPIC = re.compile("[\u1200-\u137f]")


def build() -> str:
    said = io.StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


def rows() -> dict[str, list[str]]:
    """Every row of every table of the shop."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        dump = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            dump[table] = [row[0] for row in cursor.fetchall()]
    return dump


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker, tmp_path_factory):
    """The folder of a demo shop that is in the database."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock():
        with override_settings(DATA_DIR=folder, MEDIA_ROOT=folder / "media"):
            build()
        yield folder
        Product.objects.all().delete()
        Movement.objects.all().delete()
        StockItem.objects.all().delete()
        for shelf in reversed(SHELVES):
            Category.objects.filter(slug=shelf.slug).delete()
        for model in (Collection, ProductType, Attribute, Term, Brand):
            model.objects.all().delete()
        User.objects.filter(email__in=[person.email for person in PEOPLE]).delete()
        DeliveryMethod.objects.all().delete()
        PickupPoint.objects.all().delete()
        for level in (4, 3, 2, 1):
            Area.objects.filter(level=level).delete()


@pytest.fixture
def demo(built, tmp_path, settings) -> Path:
    """The credentials of the demo shop, in this test's own data folder."""
    settings.MEDIA_ROOT = built / "media"
    return Path(shutil.copy2(built / "credentials.json", tmp_path))


def log_in(file: Path) -> dict[str, User | None]:
    logins = json.loads(file.read_text())
    return {
        role: authenticate(username=login["email"], password=login["password"])
        for role, login in logins.items()
    }


# --- what is for sale -------------------------------------------------------------------------


def test_about_sixty_products_are_on_sale(demo):
    products = Product.objects.on_sale().for_display()
    assert {product.slug for product in products} == {good.slug for good in GOODS}
    assert 55 <= len(products) <= 65
    several = [product for product in products if len(product.live_variants) > 1]
    assert len(several) >= 12
    assert 2 <= sum(product.available == 0 for product in products) <= 6
    assert 2 <= sum(0 < product.available <= 5 for product in products) <= 8
    for product in products:
        assert product.in_stock == (product.available > 0)
        assert product.brand
        assert product.tags
        assert product.category
        assert product.published_at
        assert 60 < len(product.description) < 500
        assert product.description.startswith("<p>")


def test_every_name_is_english_and_amharic(demo):
    for name in [
        *Product.objects.values_list("name", flat=True),
        *Category.objects.values_list("name", flat=True),
    ]:
        english, amharic = name.split(" · ")
        assert english.isascii(), name
        assert ETHIOPIC.search(amharic), name
        assert not re.search("[a-z]", amharic), name


def test_every_variant_has_a_price_a_sku_and_stock_by_a_movement(demo):
    variants = Variant.objects.for_sale().select_related("stock_item", "product")
    assert variants.count() == sum(len(good.offers) for good in GOODS)
    for variant in variants:
        assert variant.price >= 100
        assert variant.compare_at_price is None or variant.compare_at_price > variant.price
        assert variant.sku.startswith("DEMO-")
    opened = Counter(Movement.objects.values_list("stock_item_id", flat=True))
    assert all(opened[v.stock_item_id] == (v.stock_item.on_hand > 0) for v in variants)
    assert sum(1 for good in GOODS if any(offer.was for offer in good.offers)) >= 10


def test_categories_form_the_tree_and_none_is_empty(demo):
    tree = dict(Category.objects.values_list("slug", "parent__slug"))
    assert tree == {shelf.slug: shelf.above or None for shelf in SHELVES}
    assert {"coffee", "spices", "textiles", "crafts", "electronics"} <= {
        s for s in tree if tree[s] is None
    }
    for slug in tree:
        assert Product.objects.in_category(slug).exists(), slug


def test_the_shop_answers_its_first_visitors(demo, api):
    page = api.get("/api/products/", {"category": "coffee", "search": "yirgacheffe"}).json()
    assert "yirgacheffe-coffee" in [product["slug"] for product in page["results"]]
    page = api.get("/api/products/", {"search": "ጀበና"}).json()
    assert "clay-jebena" in [product["slug"] for product in page["results"]]


def test_the_doctor_finds_nothing(demo):
    assert list(examine()) == []


# --- pictures ---------------------------------------------------------------------------------


def test_every_product_has_its_own_small_picture(demo):
    seen = set()
    for product in Product.objects.for_display():
        (image,) = product.shown_images
        assert len(image.alt) > 10
        content = image.file.read()
        assert len(content) < 60 * 1024, product.slug
        with Pillow.open(io.BytesIO(content)) as picture:
            picture.load()
            assert (picture.format, picture.size) == ("WEBP", (800, 800))
            assert (image.width, image.height) == picture.size
            assert len(picture.resize((64, 64)).getcolors(4096)) > 200, f"{product.slug} is blank"
        seen.add(content)
    assert len(seen) == len(GOODS)


def test_a_drawing_is_the_same_in_every_run():
    assert {good.drawing.motif for good in GOODS} == set(MOTIFS)
    assert draw(Drawing("sack", "leaf")) == draw(Drawing("sack", "leaf"))
    assert draw(Drawing("sack", "leaf")) != draw(Drawing("sack", "leaf", "wild"))


# --- again ------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing(demo):
    before, file = rows(), demo.stat()
    assert len(before["catalog_product"]) == len(GOODS)
    started = time.process_time()
    assert "nothing to add" in build()
    assert time.process_time() - started < 1
    assert rows() == before
    assert demo.stat().st_mtime_ns == file.st_mtime_ns


def test_what_the_owner_changed_stays(demo):
    product = Product.objects.get(slug="berbere")
    update_product(
        product_id=product.pk, changes={"slug": "my-berbere", "name": "My Berbere"}, by=SYSTEM
    )
    variant = Variant.objects.get(sku=GOODS[0].sku(0))
    update_variant(
        variant_id=variant.pk, changes={"price": variant.price + 1, "stock": 1}, by=SYSTEM
    )
    update_category(category_id=Category.objects.get(slug="tea").pk, changes={"name": "Infusions"})
    Product.objects.filter(slug="mitmita").update(
        is_published=False, archived_at=product.created_at
    )
    before = rows()
    assert "nothing to add" in build()
    assert rows() == before


def test_a_run_that_was_cut_short_is_completed_by_the_next(demo, monkeypatch):
    lost = [good.slug for good in GOODS[-5:]]
    for product in Product.objects.filter(slug__in=lost):
        assert delete_product(product_id=product.pk)
    Category.objects.create(name="Mine", slug="mine")
    add_image = building.add_image

    def out_of_disk(**arguments):
        if arguments["product"].slug == lost[2]:
            raise OSError("No space left on device")
        return add_image(**arguments)

    monkeypatch.setattr(building, "add_image", out_of_disk)
    with pytest.raises(OSError, match="No space"):
        build()
    assert set(lost) - set(Product.objects.values_list("slug", flat=True)) == set(lost[2:])
    assert not Product.objects.filter(images=None).exists()
    monkeypatch.undo()
    assert "3 products and 0 categories added" in build()
    assert Product.objects.on_sale().count() == Image.objects.count() == len(GOODS)
    assert StockItem.objects.count() == Variant.objects.count()
    assert list(examine()) == []


def test_missing_categories_come_back_under_their_parents(demo):
    Product.objects.filter(category__slug="tea").update(category=None)
    Category.objects.filter(slug="tea").delete()
    assert "0 products and 1 categories added" in build()
    assert Category.objects.get(slug="tea").parent.slug == "tea-and-honey"


def test_a_second_builder_waits_for_the_first_but_not_for_ever(demo, monkeypatch):
    monkeypatch.setattr(building.one_builder.__wrapped__, "__kwdefaults__", {"patience": 0.3})
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [building._LOCK])
        with pytest.raises(CommandError, match="Another run"):
            build()
    finally:
        other.close()
    assert "nothing to add" in build()


# --- people -----------------------------------------------------------------------------------


def test_the_credentials_log_in_and_are_nobody_elses_to_read(demo, api):
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    logins = json.loads(demo.read_text())
    assert {role: set(login) for role, login in logins.items()} == {
        "customer": {"email", "password"},
        "staff": {"email", "password"},
    }
    assert logins["customer"]["email"] == "customer@nexus-demo.shop"
    assert logins["staff"]["email"] == "owner@nexus-demo.shop"
    for login in logins.values():
        assert len(login["password"]) >= 20
        assert api.post("/api/auth/login/", login, format="json").status_code == 200
    users = log_in(demo)
    hana, owner = users["customer"], users["staff"]
    assert (hana.get_full_name(), hana.phone) == ("Hana Tesfaye", "+251911234567")
    assert hana.email_verified_at
    assert not hana.is_staff
    assert not hana.is_superuser
    assert owner.is_staff
    assert owner.has_perm("catalog.add_product")


def test_a_lost_file_is_written_again_with_new_passwords(demo):
    before = demo.read_text()
    demo.unlink()
    build()
    assert demo.read_text() != before
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    assert all(log_in(demo).values())
    assert not list(demo.parent.glob(".credentials*"))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"customer": 1, "staff": {"email": "a@b.et"}}']
)
def test_a_damaged_file_is_written_again(demo, content):
    demo.write_text(content)
    build()
    assert all(log_in(demo).values())


def test_a_file_that_others_may_read_is_closed(demo):
    before = demo.read_text()
    demo.chmod(0o644)
    build()
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    assert demo.read_text() == before


def test_people_who_are_gone_come_back_with_the_passwords_of_the_file(demo):
    before = demo.read_text()
    User.objects.all().delete()
    build()
    assert demo.read_text() == before
    assert all(log_in(demo).values())


def test_the_file_stays_true_when_a_password_was_changed(demo):
    user = User.objects.get(email="owner@nexus-demo.shop")
    user.set_password("something else entirely")
    user.is_superuser = False
    user.save()
    build()
    assert log_in(demo)["staff"].is_superuser


def test_a_crash_between_people_and_file_is_healed(demo, monkeypatch):
    demo.unlink()
    monkeypatch.setattr(
        people, "_write", lambda file, logins: (_ for _ in ()).throw(OSError("gone"))
    )
    with pytest.raises(OSError, match="gone"):
        build()
    assert not demo.exists()
    monkeypatch.undo()
    build()
    assert all(log_in(demo).values())


def test_a_phone_number_that_somebody_has_proved_stays_theirs(demo):
    User.objects.all().delete()
    theirs = User.objects.create_user(
        "other@example.com", "pw", phone="+251911234567", phone_verified_at=timezone.now()
    )
    build()
    made = log_in(demo)["customer"]
    assert (made.phone, made.phone_verified_at) == ("+251911234567", None), "to be called, no more"
    assert User.objects.get(phone="+251911234567", phone_verified_at__isnull=False) == theirs


# --- not here ---------------------------------------------------------------------------------


def test_production_refuses(demo, settings):
    settings.PRODUCTION = True
    demo.unlink()
    before = rows()
    with pytest.raises(CommandError, match=r"^The demo shop is for development.*\.$"):
        build()
    assert rows() == before
    assert not demo.exists()


# --- how it is described ----------------------------------------------------------------------


def test_the_demo_shop_is_described_grouped_and_said_in_amharic(demo, api):
    amharic = {"HTTP_ACCEPT_LANGUAGE": "am"}
    coffee = api.get("/api/products/yirgacheffe-coffee/", **amharic).json()
    assert coffee["name"] == "ይርጋጨፌ ቡና"
    said = {entry["code"]: entry["value"] for entry in coffee["attributes"]}
    assert said == {"process": "የታጠበ", "roast": "ለስላሳ", "altitude": 2000, "harvest": "2025-11-10"}
    assert coffee["options"][1]["name"] == "አፈጫጨት"
    (gifts,) = api.get("/api/collections/", **amharic).json()["results"]
    assert gifts["name"] == "የገና ስጦታዎች"
    inside = api.get("/api/products/?collection=gifts-for-genna").json()["results"]
    assert "habesha-kemis" in {row["slug"] for row in inside}
    assert Brand.objects.filter(name="Abol Roasters").exists()
