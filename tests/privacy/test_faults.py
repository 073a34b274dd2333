"""Killed workers, silent gateways and whoever writes at that very moment: nothing is half done, nothing comes back."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from account.models import Address, User
from orders.models import Order
from payments.models import WebhookEvent
from privacy import erasure, services
from privacy.erasure import NotErasedYet
from privacy.models import Erasure
from tests import factories, together
from tests.privacy.conftest import EMAIL, VALUES
from tests.privacy.searching import found_in_tables

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """As a worker ends that is killed: nothing of ours runs after it."""


def asked_for(user, **more):
    from common.actors import SYSTEM

    return services.request_erasure(user=user, by=SYSTEM, **more)


@pytest.mark.slow
@pytest.mark.parametrize("position", range(len(erasure.STEPS) + 1))
def test_killed_between_any_two_steps_nothing_has_happened_and_it_begins_again(
    person, position, monkeypatch
):
    asked = asked_for(person.user)
    erasure_steps = list(erasure.STEPS)

    def die(subject):
        raise Killed

    # Unpaid orders are cancelled before, each by itself: that is done, and stays.
    erasure._cancel_unpaid(asked)
    before = found_in_tables(VALUES)
    monkeypatch.setattr(
        erasure, "STEPS", [*erasure_steps[:position], die, *erasure_steps[position:]]
    )
    with pytest.raises(Killed):
        services.erase(erasure_id=asked.pk)
    assert found_in_tables(VALUES) == before
    assert Erasure.objects.get().erased_at is None

    monkeypatch.setattr(erasure, "STEPS", erasure_steps)
    services.erase(erasure_id=asked.pk)
    services.erase(erasure_id=asked.pk)
    person.shop.work()
    assert found_in_tables(VALUES) == {}


def test_what_was_forgotten_is_handed_out_again(shop):
    asked = asked_for(factories.user())
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events CASCADE")
    assert services.resume() == 0, "its own job has a while"
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    assert services.resume() == 1
    assert services.resume() == 0, "one at a time"
    services.erase(erasure_id=asked.pk)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_events CASCADE")
    Erasure.objects.update(erased_at=timezone.now() - timedelta(hours=1))
    assert services.resume() == 1
    shop.work()
    assert Erasure.objects.get().confirmed_at
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    assert services.resume() == 0


def test_a_silent_gateway_holds_it_up_for_a_day_and_not_for_ever(shop):
    user = factories.user(email=EMAIL)
    client = shop.sign_in(EMAIL, factories.PASSWORD)
    order = shop.order(client)
    shop.start(client, order)
    shop.chapa.down = True
    asked = asked_for(user)
    with pytest.raises(NotErasedYet):
        services.erase(erasure_id=asked.pk)
    user.refresh_from_db()
    assert user.email == EMAIL
    assert not user.is_active, "closed it is"
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=25))
    services.erase(erasure_id=asked.pk)
    row = Order.objects.get(public_id=order["id"])
    assert (row.status, row.email) == ("pending", "")
    shop.chapa.down = False
    Order.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    from payments.services import expire_orders

    expire_orders()
    row.refresh_from_db()
    assert row.status == "cancelled"
    shop.work()
    assert found_in_tables(VALUES) == {}


# --- at that very moment ------------------------------------------------------------------------


def held_up(monkeypatch, do_meanwhile):
    """The next erasure pauses inside its transaction, after webhooks were looked through, while `do_meanwhile` begins."""
    inside, go_on = threading.Event(), threading.Event()
    first, *others = erasure.STEPS

    def pause(subject):
        inside.set()
        go_on.wait(3)

    monkeypatch.setattr(erasure, "STEPS", [first, pause, *others])
    failures = []

    def other():
        try:
            assert inside.wait(20)
            do_meanwhile(go_on)
        except BaseException as error:
            failures.append(error)
        finally:
            go_on.set()
            connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    return thread, failures


def test_a_webhook_that_comes_in_the_middle_waits_and_says_no_name(person, monkeypatch):
    asked = asked_for(person.user)
    reference = person.open_payment["reference"]

    thread, failures = held_up(monkeypatch, lambda go_on: person.shop.webhook(reference))
    services.erase(erasure_id=asked.pk)
    thread.join(20)
    assert not failures
    assert WebhookEvent.objects.filter(reference=reference, redacted_at__isnull=False).exists()
    person.shop.work()
    assert found_in_tables(VALUES) == {}


def test_control_without_the_lock_it_slips_through(person, monkeypatch):
    asked = asked_for(person.user)
    reference = person.open_payment["reference"]

    def unlocked(reference):
        return Order.objects.filter(
            payments__reference=reference, redacted_at__isnull=False
        ).exists()

    monkeypatch.setattr("payments.inbox.is_redacted", unlocked)
    thread, failures = held_up(monkeypatch, lambda go_on: person.shop.webhook(reference))
    services.erase(erasure_id=asked.pk)
    thread.join(20)
    assert not failures
    assert ("payments_webhookevent", "body") in found_in_tables(VALUES)


def test_an_order_that_is_placed_in_the_middle_is_found_at_the_second_look(shop, monkeypatch):
    user = factories.user(email=EMAIL)
    asked = asked_for(user)
    placed = []

    def place(go_on):
        go_on.set()
        placed.append(factories.place(user, variant=shop.variant, email=EMAIL))

    thread, failures = held_up(monkeypatch, place)
    services.erase(erasure_id=asked.pk)
    thread.join(20)
    assert not failures
    shop.run_jobs("events.")
    assert found_in_tables([EMAIL]), "written after the lock was gone"
    services.look_again(erasure_id=asked.pk)
    assert found_in_tables([EMAIL]) == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda user: User.objects.filter(pk=user.pk).update(email=EMAIL),
        lambda user: User.objects.filter(pk=user.pk).update(first_name="Zewdituqx"),
        lambda user: User.objects.filter(pk=user.pk).update(is_active=True),
        lambda user: Order.objects.filter(owner=user).update(email=EMAIL),
        lambda user: Order.objects.filter(owner=user).update(shipping_address={"city": "Adama"}),
    ],
)
def test_the_database_lets_nothing_be_written_back(shop, write):
    user = factories.user()
    factories.place(user)
    services.erase(erasure_id=asked_for(user).pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        write(user)


def test_two_askers_make_one_erasure(shop, at_once):
    user = factories.user()
    asked = at_once(8, lambda _: asked_for(User.objects.get(pk=user.pk)).pk)
    assert len(set(asked)) == 1
    assert Erasure.objects.count() == 1


def test_two_workers_erase_once(shop, at_once):
    user = factories.user()
    Address.objects.create(user=user, city="Adama")
    factories.place(user)
    asked = asked_for(user)
    at_once(4, lambda _: services.erase(erasure_id=asked.pk))
    assert Erasure.objects.get().orders == 1
    notes = Order.objects.get().history.filter(note__contains="erased")
    assert notes.count() == 1


@pytest.fixture
def at_once():
    """Calls a function in many threads at the same moment, each with its own connection; gives the results."""
    return together.at_once
