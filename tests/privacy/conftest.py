"""A person with unmistakable values, in every place where the shop keeps a word about people."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.redemptions import customer_keys
from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa

PASSWORD = "zebra-violin-harbour-94"
EMAIL = "Zewditu.Qwxy@Taituqz.example"
NEXT_EMAIL = "Tobe@Qwertqx.example"  # asked for, and never confirmed
PHONE, LOCAL_PHONE = "+251911777333", "0911777333"
OTHER_PHONE = "+251922888444"
AGENT, ADDRESS = "Zzyzxphone/9.9", "203.0.113.77"
BOOK = {
    "label": "labelqj", "name": "Bezawitqj Namesake", "first_name": "Bezaqj", "last_name": "Namesqj",
    "company": "Companyqj", "phone": OTHER_PHONE, "country": "QJ", "region": "Regionqj", "zone": "Zoneqj",
    "city": "Cityqj", "sub_city": "Subcityqj", "woreda": "Woredaqj", "kebele": "Kebeleqj", "house_number": "Houseqj",
    "line1": "Lineoneqj", "line2": "Linetwoqj", "street": "Streetqj", "landmark": "Landmarkqj", "postcode": "Postqj",
    "latitude": 8.123457, "longitude": 38.654329, "note": "Noteqj",
}  # fmt: skip
# What the search looks for. Two letters of a country would be found everywhere. Hashes are words, too: a guess leads back.
VALUES = [
    EMAIL, NEXT_EMAIL, "zewditu.qwxy", "Zewdituqx", "Lastnameqx", PHONE, PHONE[1:], LOCAL_PHONE, OTHER_PHONE,
    OTHER_PHONE[1:], "0922888444", AGENT, ADDRESS, "Wishqj", "Methodqj", "Whimqj", "Certificateqj", "Pastqj",
    *customer_keys(email=EMAIL, phone=PHONE),
    *(str(value) for name, value in BOOK.items() if name not in {"country", "phone"}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _gateway_settings(settings):
    settings.CHAPA_SECRET_KEY = SECRET_KEY
    settings.CHAPA_BASE_URL = "https://api.chapa.co/v1"
    settings.CHAPA_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.CHAPA_MODE = "test"


@pytest.fixture
def chapa(monkeypatch):
    """The fake gateway, in the place of the real one."""
    fake = FakeChapa()
    monkeypatch.setattr("payments.gateways.chapa.client", fake.client)
    return fake


@pytest.fixture
def shop(transactional_db, chapa, run_jobs):
    """A shop in process, with committed rows."""
    clear_jobs()
    yield InProcess(chapa, run_jobs)
    clear_jobs()


def clear_jobs():
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events CASCADE")


class InProcess:
    """What a person and the gateway do to a shop."""

    def __init__(self, chapa, run_jobs):
        from tests import factories

        self.chapa, self.run_jobs = chapa, run_jobs
        self.variant = factories.variant(stock=1000)
        self.owner = factories.staff(email="owner@shop.example")

    def client(self, **headers):
        made = APIClient(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=AGENT)
        made.credentials(**headers)
        return made

    def work(self):
        """Run every waiting job but periodic ones."""
        for prefix in ("account.", "orders.", "payments.", "privacy.", "events."):
            self.run_jobs(prefix)

    def sign_in(self, email=EMAIL, password=PASSWORD):
        answer = self.client().post("/api/auth/login/", {"email": email, "password": password})
        assert answer.status_code == 200, answer.content
        return self.client(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")

    def order(self, client, **contact):
        body = {
            "items": [{"variant_id": self.variant.pk, "quantity": 1}],
            "payment_method": "Methodqj",
            "delivery": {"method": "delivery", "note": "Whimqj"},
            "shipping_address": {
                "name": "Zewdituqx Lastnameqx",
                "city": "Cityqj",
                "note": "Wishqj",
                "phone": OTHER_PHONE,
            },
            **contact,
        }
        answer = client.post(
            "/api/orders/checkout/", body, headers={"Idempotency-Key": str(uuid.uuid4())}
        )
        assert answer.status_code == 201, answer.content
        return answer.json()

    def start(self, client, order):
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if "order_token" in order:
            headers["X-Order-Token"] = order["order_token"]
        answer = client.post(
            f"/api/orders/{order['id']}/payments/", {"method": "chapa"}, headers=headers
        )
        assert answer.status_code == 201, answer.content
        return answer.json()

    def pay(self, client, order):
        payment = self.start(client, order)
        self.chapa.pay(payment["reference"])
        assert self.webhook(payment["reference"]).status_code == 200
        self.run_jobs("payments.")
        return payment

    def webhook(self, reference, **more):
        data = {
            "event": "charge.success", "first_name": "Zewdituqx", "last_name": "Lastnameqx", "email": EMAIL.lower(),
            "mobile": PHONE[1:], "currency": "ETB", "amount": "100.00", "charge": "2.50", "status": "success",
            "mode": "test", "reference": "APsim0001", "tx_ref": reference, "customization": {"title": "Wishqj"},
            "meta": {"note": "Noteqj"}, **more,
        }  # fmt: skip
        body = json.dumps(data).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return APIClient().generic(
            "POST", "/api/payments/chapa/webhook/", body, "application/json",
            headers={"x-chapa-signature": signature},
        )  # fmt: skip


def token_in(letter):
    import re

    return re.search(r"\?token=([\w-]+)$", letter.text, re.MULTILINE).group(1)


class Person:
    """Everything that somebody can do here, done."""

    def __init__(self, shop):
        from account.models import User
        from events.models import Letter

        self.shop = shop
        client = shop.client()
        person = {
            "email": EMAIL, "password": PASSWORD, "first_name": "Zewdituqx", "last_name": "Lastnameqx",
            "phone": LOCAL_PHONE,
        }  # fmt: skip
        assert client.post("/api/auth/register/", person).status_code == 202
        shop.run_jobs("account.")
        token = token_in(Letter.objects.get(recipient=EMAIL))
        assert client.post("/api/auth/verify-email/", {"token": token}).status_code == 200
        self.user = User.objects.with_email(EMAIL).get()
        wrong = {"email": EMAIL, "password": "not my password"}
        assert client.post("/api/auth/login/", wrong).status_code == 401
        client.post("/api/auth/password/forgot/", {"email": EMAIL})
        self.client = shop.sign_in()
        self.verify_phone()
        assert self.client.post("/api/auth/email/", {"email": NEXT_EMAIL}).status_code == 202
        shop.work()  # letters leave
        assert self.client.post("/api/addresses/", BOOK).status_code == 201
        self.fill_a_cart()
        self.buy()
        self.have_bought_elsewhere()
        self.be_given_prices()
        self.work_in_the_shop()
        self.traces()
        assert self.client.post("/api/auth/me/export/").status_code == 202
        shop.run_jobs("account.")
        shop.run_jobs("privacy.")
        self.client.post("/api/auth/phone/code/", {"phone": PHONE})  # left unused, and unsent

    def verify_phone(self):
        from account.models import User

        code = self.client.post("/api/auth/phone/verify/", {"phone": PHONE})
        assert code.status_code == 202, code.content
        User.objects.filter(pk=self.user.pk).update(phone=PHONE, phone_verified_at=timezone.now())
        self.user.refresh_from_db()

    def fill_a_cart(self):
        """One that is never ordered, with a word to the shop."""
        started = self.client.post("/api/carts/").json()
        noted = self.client.patch(
            f"/api/carts/{started['id']}/",
            {"note": f"Ring {PHONE}, or write to {EMAIL}."},
        )
        assert noted.status_code == 200, noted.content

    def buy(self):
        """As customer and as guest, paid and unpaid, with the gateway telling whose money it is."""
        shop, guest = self.shop, self.shop.client()
        self.paid = shop.order(self.client)
        shop.pay(self.client, self.paid)
        self.unpaid = shop.order(self.client)
        self.open_payment = shop.start(self.client, self.unpaid)
        self.guest_by_email = shop.order(guest, email=EMAIL.upper())
        shop.pay(guest, self.guest_by_email)
        self.guest_by_phone = shop.order(guest, phone=LOCAL_PHONE)
        shop.webhook("nobodys-reference-1")  # stray, and about them
        shop.run_jobs("payments.")
        self.pack()

    def pack(self):
        """What they bought is packed."""
        from orders.documents.issuing import issue_packing_slip
        from orders.models import Order
        from orders.services import lock_order

        for placed in (self.paid, self.guest_by_email):
            with transaction.atomic():
                order = Order.objects.get(public_id=placed["id"])
                issue_packing_slip(order=lock_order(order.pk))
                self.send_and_return(order)

    def send_and_return(self, order):
        """As rows: a parcel and a return in which everybody wrote more than they should."""
        from fulfilment.models import ReturnLine, ReturnRequest, Shipment, ShipmentLine

        by = {"actor": f"staff:{EMAIL}", "user_id": self.user.pk}
        shipment = Shipment.objects.create(
            order=order, number=1, kind="courier", tracking_number=f"for {EMAIL}",
            tracking_url=f"https://track.example/?mail={EMAIL}", **by,
        )  # fmt: skip
        asked = ReturnRequest.objects.create(
            order=order, reason="other", customer_note=f"Ring {PHONE}", answer=f"Dear {EMAIL}", **by
        )
        line = order.lines.first()
        ShipmentLine.objects.create(shipment=shipment, line=line, quantity=1)
        ReturnLine.objects.create(request=asked, line=line, quantity=1)
        for thing in (shipment, asked):
            thing.history.create(state=thing.state, note=f"called {PHONE}", **by)

    def have_bought_elsewhere(self):
        """Before there was this shop; staff know whose it was."""
        from common.actors import SYSTEM
        from orders.models import Order
        from orders.past_credits import record_past_credits
        from orders.past_sales import PastInvoice, PastItem, record_past_sale

        def invoice(number, day):
            item = PastItem(sku="OLD", name="old", quantity=1, unit_price=Decimal("2.50"), line=day)
            return PastInvoice(
                number=number, at=datetime(2024, 1, day, tzinfo=UTC), currency="ETB", customer="Pastqj",
                country="Ethiopia", items=(item,),
            )  # fmt: skip

        with transaction.atomic():
            sold = record_past_sale(sale=invoice("7001", 2), by=SYSTEM)
            record_past_credits(credits=[invoice("C7001", 3)], by=SYSTEM)
        Order.objects.filter(pk=sold.pk).update(owner=self.user)

    def be_given_prices(self):
        """A promotion that knows its customers again, in their orders and a friend's; and a certificate."""
        from pricing.models import CouponUse, TaxExemption
        from pricing.promotion_verbs import create_promotion
        from tests import factories

        TaxExemption.objects.create(
            user=self.user, certificate="Certificateqj", valid_from=timezone.now()
        )
        rule = create_promotion(
            fields={
                "name": "Meskel",
                "kind": "percentage",
                "percent": Decimal(10),
                "is_active": False,
            }
        )
        for holder, keys in (
            (self.paid["id"], customer_keys(user_id=self.user.pk, email=EMAIL, phone=PHONE)),
            (self.guest_by_email["id"], customer_keys(email=EMAIL)),
            (factories.place(email="other@else.example").public_id, customer_keys(email=EMAIL)),
        ):
            CouponUse.objects.create(promotion=rule, holder=holder, customers=list(keys))

    def work_in_the_shop(self):
        """They also worked here for a while."""
        from account import roles
        from account.actors import staff_actor
        from account.models import ApiKey, RecoveryCode, Role, SecondFactor
        from inventory.models import Reason
        from inventory.services import adjust
        from orders import services
        from payments.models import Payment
        from tests import factories

        roles.grant(user=self.user, role=Role.STOCK_KEEPER, by=None)
        self.user.refresh_from_db()
        by = staff_actor(self.user)
        with transaction.atomic():
            order = factories.place(email="somebody@else.example")
            services.cancel(order=services.lock_order(order.pk), by=by, reason="staff")
            adjust(
                stock_item_id=self.shop.variant.stock_item_id,
                quantity=-3,
                reason=Reason.DAMAGED,
                by=by,
            )
        payment = Payment.objects.order_by("pk").first()
        payment.history.create(status="succeeded", actor=str(by), user_id=self.user.pk)
        payment.history.create(
            status="failed", actor="gateway:chapa", note=f"refused by the gateway: email: {EMAIL}"
        )
        factor = SecondFactor.objects.create(user=self.user, secret=b"secret")
        RecoveryCode.objects.create(factor=factor, digest="d" * 64)
        ApiKey.objects.create(
            name="warehouse",
            scopes=["orders:read"],
            created_by=self.user,
            last_used_address=ADDRESS,
        )
        browser = Client(REMOTE_ADDR=ADDRESS)
        browser.force_login(self.user)
        roles.revoke(user=self.user, role=Role.STOCK_KEEPER, by=None)
        factor.delete()
        SecondFactor.objects.create(user=self.user, secret=b"secret").recovery_codes.create(
            digest="d" * 64
        )

    def traces(self):
        """What others and the house itself have written about them."""
        from common.jobs import enqueue
        from common.models import StoredReply
        from events.models import Letter
        from tests import factories

        LogEntry.objects.create(
            user=self.shop.owner, content_type=ContentType.objects.get_for_model(type(self.user)),
            object_id=str(self.user.pk), object_repr=str(self.user), action_flag=CHANGE,
            change_message=json.dumps([{"changed": {"fields": ["E-mail"], "name": "user", "object": EMAIL}}]),
        )  # fmt: skip
        self.friend = factories.user(email="friend@else.example")
        self.gift = factories.place(self.friend, email=EMAIL)
        StoredReply.objects.create(
            scope=f"user:{self.friend.pk} POST /api/orders/checkout/", key="k", fingerprint="f",
            status=201, body=json.dumps({"id": str(self.gift.public_id), "email": EMAIL}).encode(),
        )  # fmt: skip
        with transaction.atomic():
            enqueue("account.send_reset_letter", user_id=None, occasion=f"for {PHONE}")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'succeeded', lock = %s, queueing_lock = %s"
                " WHERE args::text LIKE '%%for +%%'",
                [EMAIL, PHONE],
            )
        letter = Letter.objects.filter(recipient=EMAIL, sent_at=None).last()
        Letter.objects.filter(pk=letter.pk).update(
            last_error=f"SMTPRecipientsRefused: {EMAIL}", html=f"<p>{EMAIL}</p>"
        )


@pytest.fixture
def person(shop):
    """Somebody who has been everywhere."""
    return Person(shop)
