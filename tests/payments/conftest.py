"""A gateway in memory, orders to pay, and a look at what was enqueued."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from django.db import connection, transaction

from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa


@pytest.fixture(autouse=True)
def _gateway_settings(settings):
    settings.PRODUCTION = True
    settings.CHAPA_SECRET_KEY = SECRET_KEY
    settings.CHAPA_BASE_URL = "https://api.chapa.co/v1"
    settings.CHAPA_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.CHAPA_WEBHOOK_SECRET_PREVIOUS = ""
    settings.CHAPA_MODE = "test"
    settings.PUBLIC_URL = "https://shop.example"
    settings.FRONTEND_URL = ""
    settings.RECONCILE_MINUTES = 5


@pytest.fixture
def chapa(monkeypatch):
    """The fake gateway, in the place of the real one."""
    fake = FakeChapa()
    monkeypatch.setattr("payments.gateways.chapa.client", fake.client)
    return fake


@pytest.fixture
def real_db(transactional_db):
    """A database with committed rows, as conversations need it, and no jobs of other tests."""
    clear_jobs()
    yield
    clear_jobs()


def clear_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events CASCADE")


def jobs(name: str) -> list[dict]:
    """The arguments of the waiting jobs of that name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'"
            " ORDER BY id",
            [name],
        )
        rows = [row[0] for row in cursor.fetchall()]
    return [json.loads(row) if isinstance(row, str) else row for row in rows]


@pytest.fixture
def variant(real_db):
    """Something to sell: ten pieces at 1250.00."""
    return make_variant()


def make_variant(*, price="1250.00", stock=10):
    from catalog.models import Category, Product, Variant
    from common.actors import SYSTEM
    from common.ids import readable_code
    from inventory.services import open_item

    code = readable_code().lower()
    category = Category.objects.create(name=f"Coffee {code}", slug=f"coffee-{code}")
    product = Product.objects.create(
        name=f"Coffee {code}", slug=f"buna-{code}", category=category, is_published=True
    )
    return Variant.objects.create(
        product=product,
        sku=f"SKU-{code}",
        price=price,
        stock_item=open_item(on_hand=stock, by=SYSTEM),
    )


def place_order(variant, *, quantity=1, owner=None, email="hana@shop.et", **address):
    """A pending order, committed."""
    from common.actors import GUEST
    from orders.checkout import Contact, Item, Wishes, checkout

    with transaction.atomic():
        return checkout(
            items=[Item(quantity=quantity, variant_id=variant.pk)],
            owner=owner,
            contact=Contact(email=email, phone="+251911234567"),
            wishes=Wishes(shipping_address=address),
            expected_total=None,
            by=GUEST,
        )


@pytest.fixture
def order(variant):
    """A guest's pending order of 1250.00 ETB."""
    return place_order(variant, first_name="ሐና", last_name="ተስፋዬ")


@pytest.fixture
def begin(chapa):
    """Start to pay an order."""

    def run(order, **kwargs):
        from common.actors import GUEST
        from payments.services import start

        return start(order_id=order.pk, method="chapa", by=GUEST, **kwargs)

    return run


@pytest.fixture
def payment(begin, order):
    """A live attempt to pay `order`."""
    return begin(order)


def token_of(order) -> dict[str, str]:
    """The header that stands for a guest order's owner."""
    from orders.tokens import order_token

    return {"X-Order-Token": order_token(order.public_id)}


def sign(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def webhook_body(payment, *, event="charge.success", status="success", **more) -> bytes:
    """As Chapa's PHP writes it: compact, slashes and letters escaped."""
    data = {
        "event": event,
        "first_name": "ሰላም",
        "currency": payment.currency,
        "amount": f"{payment.amount:.2f}",
        "status": status,
        "mode": "test",
        "reference": "APsim0000001",
        "tx_ref": payment.reference,
        "customization": {"logo": "https://shop.example/l.png"},
    } | more
    return json.dumps(data, separators=(",", ":")).replace("/", "\\/").encode()
