"""What a stranger may reserve, guess, and have us write to others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from cart.throttles import CODES_PER_ADDRESS
from common.actors import SYSTEM
from common.models import RateCounter
from events.models import Letter
from orders import throttles
from orders.access import GUESSES
from orders.models import CancelReason, Order
from orders.services import cancel, lock_order
from pricing.throttles import CODE_GUESSES
from tests import factories
from tests.orders.test_checkout import GUEST, URL, item, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.RATE_LIMITS = True


def used_up(limit):
    """As if it had been called that often already, by everybody who called."""
    RateCounter.objects.filter(key__startswith=f"{limit.name}:").update(count=limit.times)


def end_unpaid(order):
    with transaction.atomic():
        cancel(order=lock_order(order.pk), by=SYSTEM, reason=CancelReason.EXPIRED)


class TestCodesAtTheCheckout:
    """A short code that staff made up is guessed there as well as in a cart."""

    @pytest.mark.parametrize("signed_in", [False, True])
    def test_each_code_is_a_guess(self, api, signed_in):
        if signed_in:
            api.force_authenticate(factories.user())
        limit = CODE_GUESSES if signed_in else CODES_PER_ADDRESS
        line = item(factories.variant())
        answer = post(api, line, codes=["A", "B", "C"])
        assert answer.json()["code"] == "coupon_not_applied"
        counted = RateCounter.objects.filter(key__startswith=f"{limit.name}:")
        assert sum(counted.values_list("count", flat=True)) == 3
        used_up(limit)
        answer = post(api, line, codes=["D"])
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert post(api, line).status_code == 201, "without codes everybody buys as before"

    def test_of_a_body_the_codes_that_go_beyond_are_not_looked_at(self, api):
        line = item(factories.variant())
        statuses = [
            post(api, line, codes=[f"C{n}" for n in range(10)]).status_code for _ in range(31)
        ]
        assert statuses == [409] * 30 + [429]

    def test_staff_type_for_many(self, api):
        api.force_authenticate(factories.staff())
        post(api, item(factories.variant()), codes=["A"])
        assert not RateCounter.objects.filter(key__contains="codes").exists()
        assert not RateCounter.objects.filter(key__contains="guesses").exists()

    def test_nonsense_is_refused_as_nonsense(self, api):
        line = item(factories.variant())
        assert {post(api, line, codes=bad).status_code for bad in ("A", 1, None, {"a": 1})} == {400}


class TestCheckout:
    def test_guests_per_address(self, api):
        line = item(factories.variant())
        assert post(api, line).status_code == 201
        used_up(throttles.PER_ADDRESS)
        before = Order.objects.count()
        answer = post(api, line, email="other@buyers.shop")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert Order.objects.count() == before
        elsewhere = {"items": [line], **GUEST, "email": "other@buyers.shop"}
        assert api.post(URL, elsewhere, REMOTE_ADDR="10.1.1.1").status_code == 201

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"email": "abebe@buyers.shop"}, {"email": " ABEBE@Buyers.shop"}),
            ({"email": "", "phone": "0911234567"}, {"email": "", "phone": "+251 91 123 4567"}),
        ],
    )
    def test_guests_per_contact_in_any_spelling(self, api, first, second):
        line = item(factories.variant())
        assert post(api, line, **first).status_code == 201
        used_up(throttles.PER_CONTACT)
        assert post(api, line, **second).status_code == 429

    def test_customers_by_themselves_wherever_they_are(self, api):
        line = item(factories.variant())
        customer, neighbour = factories.user(), factories.user()
        api.force_authenticate(customer)
        answer = post(api, line)
        assert answer.status_code == 201
        assert answer["RateLimit-Limit"] == str(throttles.PER_CUSTOMER.times)
        used_up(throttles.PER_CUSTOMER)
        assert post(api, line).status_code == 429
        api.force_authenticate(neighbour)
        assert post(api, line).status_code == 201

    def test_staff_have_the_limit_of_staff_alone(self, api):
        api.force_authenticate(factories.staff())
        assert post(api, item(factories.variant()))["RateLimit-Policy"] == "3000;w=60"

    @pytest.mark.parametrize("body", [[], "x", {"email": 5}, {"phone": ["a"]}, {"email": "\0"}])
    def test_strange_bodies_are_400(self, api, body):
        assert api.post(URL, body).status_code == 400


class TestGuestTokens:
    def paths(self, order):
        return ["/api/orders/", f"/api/orders/{order.public_id}/",
                f"/api/orders/{order.public_id}/history/"]  # fmt: skip

    def test_guessing_is_limited_and_a_right_token_is_not(self, api):
        answer = post(api, item(factories.variant())).json()
        order = Order.objects.get()
        statuses = set()
        for number in range(GUESSES.times):
            path = self.paths(order)[number % 3]
            statuses.add(api.get(path, headers={"X-Order-Token": f"guess{number}"}).status_code)
        assert statuses == {401, 404}
        for path in self.paths(order):
            guessed = APIClient().get(path, headers={"X-Order-Token": "one more"})
            assert guessed.status_code == 429
            assert int(guessed["Retry-After"]) > 0
            right = api.get(path, headers={"X-Order-Token": answer["order_token"]})
            assert right.status_code == 200, "however many guess from the same address"

    def test_a_right_token_costs_nothing(self, api):
        token = post(api, item(factories.variant())).json()["order_token"]
        RateCounter.objects.all().delete()
        for path in self.paths(Order.objects.get()):
            assert api.get(path, headers={"X-Order-Token": token}).status_code == 200
        assert not RateCounter.objects.exists()


class TestLetters:
    def cancelled(self, number, **contact):
        for _ in range(number):
            order = factories.place(**contact)
            end_unpaid(order)

    def test_a_flood_of_unpaid_orders_is_no_flood_of_letters(self):
        self.cancelled(8, email="victim@buyers.shop")
        self.cancelled(1, email="somebody.else@buyers.shop")
        told = list(Letter.objects.values_list("recipient", flat=True))
        assert told.count("victim@buyers.shop") == 5
        assert told.count("somebody.else@buyers.shop") == 1
        assert Order.objects.filter(status="cancelled").count() == 9

    def test_nor_of_sms(self):
        self.cancelled(8, email="", phone="+251911234567")
        assert Letter.objects.filter(channel="sms").count() == 5

    def test_customers_are_told_of_each(self):
        customer = factories.user()
        for _ in range(8):
            order = factories.place(customer, email=customer.email)
            end_unpaid(order)
        assert Letter.objects.filter(recipient=customer.email).count() == 8

    def test_customers_who_name_another_mailbox_flood_it_no_more_than_guests(self):
        customer, unproved = factories.user(), factories.user(email_verified_at=None)
        for owner, email in ((customer, "victim@buyers.shop"), (unproved, unproved.email)):
            for _ in range(8):
                end_unpaid(factories.place(owner, email=email))
            assert Letter.objects.filter(recipient=email).count() == 5

    def test_one_mailbox_is_counted_once_however_it_is_spelled(self):
        for spelling in ("victim@buyers.shop", "Victim@BUYERS.shop", "victim@ｂuyers.shop"):
            self.cancelled(3, email=spelling)
        assert Letter.objects.filter(recipient__iendswith="uyers.shop").count() == 5

    def test_a_day_later_they_are_told_again(self):
        self.cancelled(6, email="victim@buyers.shop")
        RateCounter.objects.update(slot=0, expires_at=timezone.now() - timedelta(days=1))
        self.cancelled(1, email="victim@buyers.shop")
        assert Letter.objects.filter(recipient="victim@buyers.shop").count() == 6
