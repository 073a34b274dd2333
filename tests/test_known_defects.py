"""The defects of the student project that Nexus began as, each shown to be gone. The apps' own tests go deeper."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from account.models import User
from orders.models import Order
from payments.models import Payment
from tests import factories
from tests.factories import place
from tests.payments.fake_chapa import SECRET_KEY, FakeChapa

ROOT = Path(__file__).resolve().parent.parent
WEBHOOK = "/api/payments/chapa/webhook/"
SECRET = "a-webhook-secret-of-this-test"
PASSWORD = "seven goats on a hill"


@pytest.fixture
def chapa(monkeypatch, settings):
    settings.CHAPA_SECRET_KEY, settings.CHAPA_MODE = SECRET_KEY, "test"
    settings.CHAPA_WEBHOOK_SECRET = SECRET
    fake = FakeChapa()
    monkeypatch.setattr("payments.gateways.chapa.client", fake.client)
    return fake


def started(api, order) -> dict:
    api.force_authenticate(order.owner)
    answer = api.post(f"/api/orders/{order.public_id}/payments/", {"method": "chapa"})
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.mark.django_db(transaction=True)
def test_1_a_post_does_not_make_an_order_paid(api, chapa):
    """The webhook had no signature, no verify call and no check of the amount."""
    from payments.settle import settle

    order = place(factories.user())
    payment = started(api, order)
    body = json.dumps(
        {"event": "charge.success", "tx_ref": payment["reference"], "status": "success"}
    ).encode()
    constant = hmac.new(SECRET.encode(), SECRET.encode(), hashlib.sha256).hexdigest()
    right = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    for headers in ({}, {"chapa-signature": constant}, {"x-chapa-signature": "0" * 64}):
        answer = api.post(WEBHOOK, data=body, content_type="application/json", headers=headers)
        assert answer.status_code == 401
    signed = api.post(
        WEBHOOK, data=body, content_type="application/json", headers={"x-chapa-signature": right}
    )
    assert signed.status_code == 200
    settle(
        payment_id=Payment.objects.get().pk, source="webhook"
    )  # what its job does: ask the gateway
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("pending", "unpaid")


@pytest.mark.django_db
def test_2_an_order_cannot_be_edited_by_its_owner(api):
    """Customers could PATCH status and total; an anonymous list was a 500."""
    assert api.get("/api/orders/").status_code == 401
    order = place(factories.user())
    api.force_authenticate(order.owner)
    for method in (api.patch, api.put, api.delete):
        answer = method(
            f"/api/orders/{order.public_id}/", {"status": "paid", "total_amount": "1.00"}
        )
        assert answer.status_code == 405
    before = Order.objects.values().get()
    order.refresh_from_db()
    assert before == Order.objects.values().get()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/order-items/", "/api/orderitems/", "/api/items/"])
def test_3_nobody_reads_everyones_items(api, path):
    """Order items of everyone were shown to anyone, and changed by any customer."""
    api.force_authenticate(factories.user())
    assert api.get(path).status_code == 404


@pytest.mark.django_db
def test_4_customers_do_not_write_the_catalogue_and_shoppers_see_categories(api):
    """Any signed-in user could create or delete products, and categories were hidden from shoppers."""
    product = factories.variant().product
    category = factories.category()
    for path in ("/api/categories/", f"/api/categories/{category.pk}/", "/api/products/"):
        assert api.get(path).status_code == 200
    assert api.post("/api/products/", {"name": "x", "price": "1.00"}).status_code == 401
    api.force_authenticate(factories.user())
    assert api.post("/api/products/", {"name": "x", "price": "1.00"}).status_code == 403
    assert api.delete(f"/api/products/{product.pk}/").status_code == 403
    assert api.post("/api/categories/", {"name": "x"}).status_code == 403


@pytest.mark.django_db
def test_5_there_is_stock(api):
    """There was none. tests/races shows that the lock protects it."""
    variant = factories.variant(stock=1)
    body = {"items": [{"variant_id": variant.pk, "quantity": 1}], "phone": "0911234567"}
    assert [api.post("/api/orders/checkout/", body).status_code for _ in range(2)] == [201, 409]


@pytest.mark.django_db(transaction=True)
def test_6_what_chapa_is_sent(api, chapa, settings):
    """The currency was KES, the base address lacked /v1, the callback was https://yourdomain.com, and a second
    initialise overwrote the reference of the first, whose payment was then lost."""
    settings.PUBLIC_URL = "https://shop.example"
    order = place(factories.user())
    first = started(api, order)
    [sent] = [request for request in chapa.requests if request.url.path.endswith("/initialize")]
    body = json.loads(sent.content)
    assert sent.url.path == "/v1/transaction/initialize"
    assert body["currency"] == "ETB"
    assert body["callback_url"] == "https://shop.example/api/payments/chapa/callback/"
    assert body["return_url"].startswith("https://shop.example/pay/return/")
    chapa.fail(first["reference"])
    api.post(f"/api/payments/{first['id']}/check/")
    second = started(api, order)
    references = set(Payment.objects.values_list("reference", flat=True))
    assert references == {first["reference"], second["reference"]}
    assert len(references) == 2


def test_6_the_base_address_has_its_version():
    code = "from django.conf import settings; print(settings.CHAPA_BASE_URL)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={"DJANGO_SETTINGS_MODULE": "ecommerce.settings", "NEXUS_DATA_DIR": "/nonexistent", "SECRET_KEY": "x" * 50},
    )  # fmt: skip
    assert done.stdout.strip() == "https://api.chapa.co/v1"


@pytest.mark.django_db
def test_7_passwords_are_hashed(api):
    """`User.objects.create(password=…)` stored them in clear, and so did a change of the profile."""
    body = {"email": "hana@buyers.shop", "password": PASSWORD}
    assert api.post("/api/auth/register/", body).status_code == 202
    user = User.objects.get()
    assert identify_hasher(user.password).algorithm == "argon2"
    api.force_authenticate(user)
    stored = user.password
    assert api.patch("/api/auth/me/", {"password": "another one entirely"}).status_code == 400
    user.refresh_from_db()
    assert user.password == stored


@pytest.mark.django_db
def test_8_a_reset_reaches_the_owner_only_and_works_once(api, mailbox, run_jobs):
    """The confirmation always failed, letters went to the text 'user.email', the token was reusable, and the answers
    told which addresses exist."""
    owner = factories.user(email="hana@buyers.shop")
    known = api.post("/api/auth/password/forgot/", {"email": owner.email})
    unknown = api.post("/api/auth/password/forgot/", {"email": "nobody@buyers.shop"})
    assert (
        (known.status_code, known.content)
        == (unknown.status_code, unknown.content)
        == (202, known.content)
    )
    run_jobs()
    [letter] = mailbox()
    assert letter.recipient == owner.email
    token = re.search(r"token=([\w-]+)", letter.text)[1]
    body = {"token": token, "new_password": "a new and different one"}
    assert api.post("/api/auth/password/reset/", body).status_code in {200, 204}
    assert api.post("/api/auth/password/reset/", body).status_code == 400
    owner.refresh_from_db()
    assert owner.check_password(body["new_password"])


@pytest.mark.django_db
def test_9_the_verification_letter_has_its_link_and_staff_pages_work(
    api, mailbox, run_jobs, settings
):
    """The letter had no link, settings.FRONTED_URL did not exist, and `is_Staff` made the staff route fail."""
    settings.FRONTEND_URL = "https://vue.example"
    api.post("/api/auth/register/", {"email": "hana@buyers.shop", "password": PASSWORD})
    run_jobs()
    [letter] = mailbox()
    assert re.search(r"https://vue\.example/account/verify/\?token=[\w-]{40,}", letter.text)
    place(factories.user())
    api.force_authenticate(factories.staff())
    assert len(api.get("/api/orders/").json()["results"]) == 1


@pytest.mark.django_db
def test_10_refresh_tokens_rotate(api):
    """ROTATE_REFRESH_TOKEN was misspelt: nothing rotated."""
    owner = factories.user(password=PASSWORD)
    pair = api.post("/api/auth/login/", {"email": owner.email, "password": PASSWORD}).json()
    rotated = api.post("/api/auth/refresh/", {"refresh": pair["refresh"]}).json()
    assert rotated["refresh"] != pair["refresh"]
    assert api.post("/api/auth/refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_10_defaults_are_closed(settings):
    """CORS was open to all, DEBUG on, ALLOWED_HOSTS read a variable named like a host, SECRET_KEY had a default."""
    assert settings.CORS_ALLOWED_ORIGINS == []
    assert not getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False)
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"], cwd=ROOT, capture_output=True, text=True,
        env={"DJANGO_SETTINGS_MODULE": "ecommerce.settings", "DATABASE_URL": "postgres://u:p@db.example/x"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "SECRET_KEY must be set" in done.stderr
    code = "from django.conf import settings; print(settings.DEBUG, '*' in settings.ALLOWED_HOSTS)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={"DJANGO_SETTINGS_MODULE": "ecommerce.settings", "NEXUS_DATA_DIR": "/nonexistent", "SECRET_KEY": "x" * 50},
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False"]


def test_11_routes_and_commands():
    """`api/payments` lacked a slash and became /api/paymentswebhook/; `seed` used auth.User, which is swapped out."""
    assert resolve(WEBHOOK)
    commands = get_commands()
    assert load_command_class(commands["demo"], "demo").help
    for source in ROOT.glob("*/**/*.py"):
        if ".venv" not in source.parts and "tests" not in source.parts:
            assert "auth.models import User" not in source.read_text(), source


@pytest.mark.django_db
def test_12_ids_cannot_be_guessed_and_one_library_documents(api):
    """Test files were empty, ids counted up, pages drifted, and two schema libraries stood side by side."""
    numbers = {place().number for _ in range(3)}
    assert all(
        re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", number) for number in numbers
    )
    order = place(factories.user())
    api.force_authenticate(order.owner)
    assert api.get(f"/api/orders/{order.pk}/").status_code == 404
    locked = (ROOT / "requirements.txt").read_text()
    assert "drf-spectacular==" in locked
    assert "drf-yasg" not in locked
    empty = [p for p in (ROOT / "tests").rglob("test_*.py") if "def test_" not in p.read_text()]
    assert not empty
