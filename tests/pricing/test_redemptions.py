"""Limits of promotions and codes hold, and what was used is given back once."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from pricing.models import Coupon, CouponUse, Promotion
from pricing.redemptions import CouponUsedUp, Use, customer_keys, give_back, redeem

RACERS = 50


def a_promotion(**facts):
    return Promotion.objects.create(
        **(
            {"name": "Meskel", "kind": "percentage", "level": "order", "percent": Decimal(10)}
            | facts
        )
    )


def a_coupon(code="MESKEL", *, promotion=None, **facts):
    promotion = promotion or a_promotion(needs_code=True)
    return Coupon.objects.create(promotion=promotion, code=code, **facts)


def of(row):
    if isinstance(row, Coupon):
        return Use(row.promotion_id, row.pk)
    return Use(row.pk)


def use(row, *, holder=None, customer=()):
    with transaction.atomic():
        redeem(uses=[of(row)], holder=holder or uuid.uuid4(), customer=customer)


def give(holder):
    with transaction.atomic():
        return give_back(holder=holder)


def uses(row):
    row.refresh_from_db()
    return row.uses


def reason(refused):
    [error] = refused.value.errors
    return error["reason"]


def race(act, *, racers=RACERS):
    """Each on a connection of its own, all at once; how many succeeded."""
    start = threading.Barrier(racers)

    def run(number):
        try:
            start.wait(timeout=60)
            act(number)
        except (CouponUsedUp, IntegrityError):
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(racers) as pool:
        return sum(pool.map(run, range(racers)))


# --- one after the other ----------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("make", [lambda: a_promotion(limit=2), lambda: a_coupon(limit=2)])
def test_a_limit_is_reached_and_room_is_given_back(make):
    row, first = make(), uuid.uuid4()
    use(row, holder=first)
    use(row, holder=first)  # again for the same order: nothing more is used
    use(row)
    with pytest.raises(CouponUsedUp) as refused:
        use(row)
    assert (reason(refused), uses(row)) == ("used_up", 2)
    assert (give(first), give(first), uses(row)) == (1, 0, 1)
    use(row, holder=first)  # the order came back to life
    assert uses(row) == 2
    assert CouponUse.objects.filter(holder=first).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "make", [lambda: a_promotion(limit_per_customer=1), lambda: a_coupon(limit_per_customer=1)]
)
def test_a_customer_is_known_again_by_any_key(make):
    row, account = make(), 7
    use(row, customer=customer_keys(user_id=account, email="Abebe@Example.com"))
    for again in (
        customer_keys(user_id=account),
        customer_keys(email="abebe@example.com", phone="0911223344"),
    ):
        with pytest.raises(CouponUsedUp) as refused:
            use(row, customer=again)
        assert reason(refused) == "used_up_by_you"
    use(row, customer=customer_keys(phone="0911223344"))
    with pytest.raises(CouponUsedUp):
        use(row, customer=customer_keys(phone="+251 911 22 33 44"))
    use(row, customer=())  # staff, for nobody


@pytest.mark.django_db
def test_a_limit_of_the_code_does_not_count_other_codes():
    first = a_coupon("FIRST", limit_per_customer=1)
    second = a_coupon("SECOND", promotion=first.promotion, limit_per_customer=1)
    use(first, customer=["user:1"])
    use(second, customer=["user:1"])
    with pytest.raises(CouponUsedUp):
        use(first, customer=["user:1"])


@pytest.mark.django_db
@pytest.mark.parametrize("gone", ["promotion", "coupon", "both"])
def test_what_was_taken_back_is_not_redeemed(gone):
    row = a_coupon()
    asked = of(row)
    if gone == "promotion":
        Promotion.objects.update(is_active=False)
    elif gone == "coupon":
        Coupon.objects.update(is_active=False)
    else:
        Coupon.objects.all().delete()
        Promotion.objects.all().delete()
    with pytest.raises(CouponUsedUp) as refused, transaction.atomic():
        redeem(uses=[asked], holder=uuid.uuid4(), customer=())
    assert reason(refused) == "inactive"
    assert not CouponUse.objects.exists()


@pytest.mark.django_db
def test_all_or_none():
    free, spent = a_promotion(limit=5), a_promotion(limit=0)
    with pytest.raises(CouponUsedUp), transaction.atomic():
        redeem(uses=[of(free), of(spent)], holder=uuid.uuid4(), customer=())
    assert (uses(free), CouponUse.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_statements(django_assert_max_num_queries):
    plain, code = a_promotion(), a_coupon(limit=100, limit_per_customer=1)
    more = [a_promotion() for _ in range(10)]
    with django_assert_max_num_queries(3):
        redeem(uses=[of(one) for one in [plain, *more]], holder=uuid.uuid4(), customer=["user:1"])
    holder = uuid.uuid4()
    with django_assert_max_num_queries(5):
        redeem(uses=[of(plain), of(code)], holder=holder, customer=["user:1"])
    with django_assert_max_num_queries(6):
        assert give_back(holder=holder) == 2
    assert uses(code) == 0


@pytest.mark.django_db(transaction=True)
def test_they_are_steps():
    with pytest.raises(RuntimeError):
        redeem(uses=[], holder=uuid.uuid4(), customer=())
    with pytest.raises(RuntimeError):
        give_back(holder=uuid.uuid4())


@pytest.mark.django_db
def test_the_database_has_the_last_word():
    row = a_promotion(limit=1)
    for field in ({"uses": 2}, {"uses": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Promotion.objects.update(**field)
    holder = uuid.uuid4()
    CouponUse.objects.create(promotion=row, holder=holder)
    with pytest.raises(IntegrityError, match="used_once"), transaction.atomic():
        CouponUse.objects.create(promotion=row, holder=holder)


# --- all at once ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [1, 7])
@pytest.mark.parametrize("of_what", [a_promotion, a_coupon])
def test_fifty_at_once_do_not_pass_the_limit(of_what, limit):
    row = of_what(limit=limit)
    assert race(lambda number: use(row, customer=[f"user:{number}"])) == limit
    assert uses(row) == CouponUse.objects.filter(state="active").count() == limit


@pytest.mark.django_db(transaction=True)
def test_one_customer_at_fifty_tills_redeems_once():
    row = a_promotion(limit_per_customer=1)
    assert race(lambda number: use(row, customer=["user:1", f"email:{number}"])) == 1
    assert CouponUse.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_order_uses_a_promotion_once():
    row, holder = a_promotion(limit=50), uuid.uuid4()
    race(lambda _: use(row, holder=holder), racers=20)
    assert uses(row) == CouponUse.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_is_given_back_once():
    row, holder = a_promotion(limit=9), uuid.uuid4()
    use(row)
    use(row, holder=holder)
    given = []
    race(lambda _: given.append(give(holder)), racers=20)
    assert (sum(given), uses(row)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_redeeming_and_giving_back_at_once_keeps_the_count():
    row = a_coupon(limit=10)
    holders = [uuid.uuid4() for _ in range(10)]
    for holder in holders:
        use(row, holder=holder)

    def act(number):
        if number % 2:
            give(holders[number // 2 % 10])
        else:
            use(row)

    race(act, racers=40)
    assert uses(row) == CouponUse.objects.filter(state="active").count() <= 10


# --- controls: without the protection they must fail ------------------------------------------


def use_without_lock(row, *, customer=()):
    """The same look and the same writes, without the lock."""
    with transaction.atomic():
        row = type(row).objects.get(pk=row.pk)
        if row.limit is not None and row.uses >= row.limit:
            raise CouponUsedUp
        taken = CouponUse.objects.filter(customers__overlap=list(customer)).count()
        if row.limit_per_customer is not None and taken >= row.limit_per_customer:
            raise CouponUsedUp
        time.sleep(0.3)  # the moment in which the others look
        CouponUse.objects.create(promotion=row, holder=uuid.uuid4(), customers=list(customer))
        Promotion.objects.filter(pk=row.pk).update(uses=F("uses") + 1)


@pytest.fixture
def no_constraint(transactional_db):
    """Without the database's own last word, which would stop the control too."""
    name = "promotion_is_used_within_its_limit"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE pricing_promotion DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pricing_promotion CASCADE")
        cursor.execute(
            f'ALTER TABLE pricing_promotion ADD CONSTRAINT {name} CHECK ("limit" IS NULL OR uses <= "limit")'
        )


def test_control_without_the_lock_the_limit_is_passed(no_constraint):
    row = a_promotion(limit=7)
    assert race(lambda _: use_without_lock(row)) > 7


def test_the_lock_alone_is_enough(no_constraint):
    row = a_promotion(limit=7)
    assert race(lambda _: use(row)) == 7


@pytest.mark.django_db(transaction=True)
def test_the_constraint_alone_is_enough():
    row = a_promotion(limit=7)
    assert race(lambda _: use_without_lock(row)) == 7


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_a_customer_comes_again():
    row = a_promotion(limit_per_customer=1)
    assert race(lambda _: use_without_lock(row, customer=["user:1"])) > 1


@pytest.mark.django_db
def test_an_erased_customer_leaves_no_hash_and_no_certificate():
    from django.utils import timezone

    from pricing.models import TaxExemption
    from pricing.redaction import forget_customer
    from tests import factories

    user, row, holder = factories.user(), a_promotion(limit=5), uuid.uuid4()
    TaxExemption.objects.create(user=user, certificate="D-1", valid_from=timezone.now())
    keys = customer_keys(user_id=user.pk, email=user.email, phone="0911223344")
    use(row, holder=holder, customer=keys)
    use(row, customer=customer_keys(email="other@example.com"))
    forget_customer(user_id=user.pk, holders=[str(holder)])
    mine, other = CouponUse.objects.order_by("pk")
    assert (mine.customers, len(other.customers)) == ([f"user:{user.pk}"], 1)
    assert not TaxExemption.objects.exists()
    assert uses(row) == 2
