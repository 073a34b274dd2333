"""Nothing gets through: every model's every field is posted to every door that writes, and changes nothing it must not.

The doors come from the URL resolver and the fields from the models, so that new ones are tried without being named here.
Each request is made twice in the same world, without and with the extra fields. What it does to power, money and ownership
must be the same, and no value of ours may be found in any row.
"""

from __future__ import annotations

import copy
import io
import sys
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from PIL import Image

from orders.tokens import order_token
from tests.payments.fake_chapa import SECRET_KEY, WEBHOOK_SECRET, FakeChapa
from tests.security import filled_shop, routes, snapshot

pytestmark = pytest.mark.django_db
CALLERS = ("anonymous", "guest", "customer", "owner")
MARK, MARK_TIME, MARK_NUMBER, MARK_ID = (
    "zz-injected", "2001-02-03T04:05:06Z", 987654321, "0fedcba9-8765-4321-8fed-cba987654321",
)  # fmt: skip
MARKS = (MARK, "2001-02-03", str(MARK_NUMBER), MARK_ID)
POWER = {
    "is_staff", "is_superuser", "is_active", "role", "roles", "groups", "user_permissions", "permissions", "user",
    "user_id", "owner", "owner_id", "customer", "price", "total", "subtotal", "tax_total", "amount", "currency",
    "status", "payment_status", "created_at", "id", "pk", "public_id", "token_version", "email_verified_at",
    "phone_verified_at", "erased_at", "scopes", "stock", "on_hand", "reference", "checkout_url", "number",
    "second_factor_at", "authenticated_at", "expires_at",
}  # fmt: skip
# What the owner of the shop, or everybody about themselves, is meant to say.
GOODS = {"price", "stock", "on_hand"}
MEANT = {
    "chapa_webhook": {
        "amount",
        "currency",
        "reference",
        "status",
    },  # signed, and asked back before it counts
    "chapa_callback_post": {"status"},  # the gateway's claim; it decides nothing
    "staff_add": {"roles"},
    "staff_set_roles": {"roles"},
    "keys_create": {"scopes", "expires_at"},
    "carts_create": {"currency"},  # in which to see prices; they are those of the lists
    "carts_update": {"currency"},
    "checkout": {"currency"},  # in which to pay; the prices are those of the lists
    "drafts_create": {"customer", "currency"},  # for whom staff write it down
    "drafts_change": {"customer", "currency"},
    "returns_receive": {"amount"},  # less than the share of what was returned; never more
    "stock_counts_create": {"on_hand"},  # what was counted
    "variant_prices_create": {"price"},
    "variant_prices_change": {"price"},
    "customer_groups_customers_add": {"id"},  # who
    "promotions_create": {"is_active", "groups"},  # groups of customers that it is for
    "promotions_change": {"is_active", "groups"},
    "coupons_generate": {"is_active"},
    "tax_exemptions_create": {"user"},  # whose certificate finance writes down
    **{
        f"{noun}_{verb}": {"is_active"}  # whether it can be chosen
        for noun in ("areas", "pickup_points", "delivery_methods", "stock_locations", "coupons")
        for verb in ("create", "change")
    },
    **{
        f"{noun}_{verb}": GOODS
        for noun in ("products", "variants")
        for verb in ("create", "replace", "change")
    },
}
# Doors whose success needs what a test of bodies cannot have; refused bodies are tried all the same.
REFUSED_HERE = {
    "carts_merge": "needs a guest's cart, and takes no body",
    "chapa_webhook": "a signed body cannot be added to",
    "auth_second_factor_confirm": "needs a code of an authenticator",
    "auth_second_factor_recovery_codes": "needs a code of an authenticator",
    "auth_second_factor_remove": "needs a code of an authenticator",
    "auth_second_factor_step_up": "needs a code of an authenticator",
}
MOST_ROUNDS = 200
PARTS = {
    "chapa_callback_post": 2
}  # it takes 16 KiB: the fields of all tables come in so many requests


def candidates() -> dict[str, list[Any]]:
    """For each field name of any model, values that a serializer might take for it."""
    found: dict[str, list[Any]] = {name: [] for name in POWER}
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            values = _values(field)
            for name in {field.name, getattr(field, "attname", field.name)}:
                found.setdefault(name, [])
                found[name] += [value for value in values if value not in found[name]]
    return {name: values or [True, MARK, MARK_NUMBER] for name, values in found.items()}


def _values(field: Any) -> list[Any]:
    if field.is_relation:
        return [1, {"id": 1, "is_staff": True, "is_superuser": True}, [1], MARK_ID]
    if isinstance(field, models.BooleanField):
        return [True, False]
    if field.choices:
        choices = [value for value, _ in field.flatchoices]
        return [choices[-1], choices[0]]
    if isinstance(field, models.DecimalField):
        return ["0.01", {"amount": "0.01", "currency": "ETB"}]
    if isinstance(field, models.IntegerField):
        return [MARK_NUMBER]
    if isinstance(field, (models.DateTimeField, models.DateField)):
        return [MARK_TIME]
    if isinstance(field, models.UUIDField):
        return [MARK_ID]
    if isinstance(field, models.JSONField):
        return [{"mark": MARK}, [MARK]]
    return [MARK, [MARK]]


def travels(route: routes.Route) -> bool:
    """Whether it is about an order's shipments or returns."""
    return route.path.startswith("/api/orders/") and bool(
        {"shipments", "returns"} & set(route.path.split("/"))
    )


class Attack:
    """One door, one caller: what the request does without our fields, and with them."""

    def __init__(
        self,
        route: routes.Route,
        caller: str,
        place: filled_shop.FilledShop,
        unknown: set[Any] | None = None,
    ) -> None:
        self.route, self.caller, self.place = route, caller, place
        self.unknown = (
            set() if unknown is None else unknown
        )  # what the door has said it does not know
        self.before = snapshot.take()
        self.extra: dict[str, str] = {}
        values = {**place.values, **place.by_operation.get(route.operation, {})}
        body = routes.sample(route.body, values) if route.body else {}
        self.body: dict[str, Any] = {k: v for k, v in body.items() if v is not None}
        path = {}
        for name in route.parameters:
            if route.path.startswith("/api/orders/") and name == "public_id":
                orders = place.shipped if travels(route) else place.orders
                path[name] = orders[caller].public_id
            elif route.path.startswith("/api/carts/"):
                cart = place.carts[caller]
                path[name] = (cart if name == "cart_id" else cart.items.get()).public_id
            elif route.path.startswith("/api/payments/"):
                path[name] = place.payments[caller].public_id
            elif route.path.startswith("/api/addresses/"):
                user = place.people.owner if caller == "owner" else place.people.dawit
                path[name] = user.addresses.order_by("pk").first().public_id
            elif name == "session_id":
                user = place.people.owner if caller == "owner" else place.people.dawit
                path[name] = user.sessions.first().public_id
            else:
                path[name] = routes.row_for(route, name, place)
        self.url = route.path.format(**path)

    def send(self, body: dict[str, Any]) -> Any:
        client = Client(raise_request_exception=False)
        headers = self.place.headers[self.caller]
        if self.caller == "guest" and self.route.path.startswith("/api/payments/"):
            headers = {"X-Order-Token": order_token(self.place.payments["guest"].order.public_id)}
        if self.caller == "guest" and travels(self.route):
            headers = {"X-Order-Token": order_token(self.place.shipped["guest"].public_id)}
        headers = {**headers, **self.extra}
        send = getattr(client, self.route.method.lower())
        if self.route.media == "multipart/form-data":
            upload = goods() if self.route.operation == "imports_create" else picture()
            form = {key: value for key, value in body.items() if isinstance(value, (str, int))}
            return send(self.url, {**form, "file": upload}, headers=headers)
        return send(self.url, body, content_type="application/json", headers=headers)

    def outcome(self, body: dict[str, Any]) -> tuple[Any, Any, snapshot.Rows]:
        """The answer, what the request did, and all rows afterwards; then everything is as before."""
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT attack")
            answer = self.send(body)
            connection.needs_rollback = False
            if answer.status_code >= 400:
                done = (answer, None, {})
            else:
                after = snapshot.take()
                done = (answer, snapshot.effect(self.before, after), after)
            cursor.execute("ROLLBACK TO SAVEPOINT attack")
        return done

    def injections(self) -> dict[tuple[Any, ...], list[Any]]:
        """What to add, by its place in the body: on top, and in every object below."""
        found = {}
        for place in _objects(self.body):
            allowed = routes.writable_names(self.route.body, place)
            for name, values in candidates().items():
                if name not in allowed and name not in _at(self.body, place):
                    found[(*place, name)] = list(values)
        return found

    def run(self, turn: int, part: int = 0) -> tuple[Any, Any, snapshot.Rows, int]:
        """Add as much as the door takes: what it names as unknown or ill-formed is left out, until nothing is named."""
        added = {}
        for number, (place, values) in enumerate(self.injections().items()):
            if place in self.unknown or number % PARTS.get(self.route.operation, 1) != part:
                continue
            start = turn % len(values)
            added[place] = values[start:] + values[:start]
        for _ in range(MOST_ROUNDS):
            body = copy.deepcopy(self.body)
            for place, values in added.items():
                _at(body, place[:-1])[place[-1]] = values[0]
            answer, done, rows = self.outcome(body)
            assert answer.status_code < 500, (str(self.route), answer.content[:500])
            if answer.status_code != 400 or not self._drop_what_is_named(answer, added):
                return answer, done, rows, len(added)
        raise AssertionError(f"{self.route}: still complaining: {answer.content[:500]!r}")

    def _drop_what_is_named(self, answer: Any, added: dict[tuple[Any, ...], list[Any]]) -> bool:
        named = False
        for error in answer.json().get("errors", []):
            for place in [place for place in added if ".".join(map(str, place)) == error["field"]]:
                named = True
                if error["code"] == "unknown_field":
                    self.unknown.add(place)
                    del added[place]
                elif len(added[place]) == 1:
                    del added[place]
                else:
                    added[place].pop(0)
        return named


def _objects(body: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [place] if isinstance(body, dict) else []
    parts = (
        body.items()
        if isinstance(body, dict)
        else enumerate(body if isinstance(body, list) else [])
    )
    for key, value in parts:
        found += _objects(value, (*place, key))
    return found


def _at(body: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        body = body[key]
    return body


def picture() -> io.BytesIO:
    """Something to show."""
    upload = io.BytesIO()
    Image.new("RGB", (8, 8), "brown").save(upload, "PNG")
    upload.name, _ = "a.png", upload.seek(0)
    return upload


def goods() -> io.BytesIO:
    """Something to import."""
    upload = io.BytesIO(b'{"slug": "tej", "name": "Tej", "variants": [{"price": "90.00"}]}\n')
    upload.name = "goods.jsonl"
    return upload


@pytest.fixture
def place(settings, monkeypatch):
    """The world, a gateway in memory, and verbs that do not mind the test's transaction."""
    settings.CHAPA_SECRET_KEY, settings.CHAPA_WEBHOOK_SECRET = SECRET_KEY, WEBHOOK_SECRET
    settings.CHAPA_BASE_URL, settings.CHAPA_MODE = "https://api.chapa.co/v1", "test"
    fake = FakeChapa()
    monkeypatch.setattr("payments.gateways.chapa.client", fake.client)
    monkeypatch.setattr("fulfilment.codes.secrets.randbelow", lambda below: 424242 % below)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {a.label for a in apps.get_app_configs()} and hasattr(
            module, "refuse_transaction"
        ):
            monkeypatch.setattr(module, "refuse_transaction", lambda: None)
    return filled_shop.fill()


def judge(attack: Attack) -> int:
    """Attack in two turns, with other values each; returns the status of the plain request."""
    plain, expected, _ = attack.outcome(attack.body)
    assert plain.status_code < 500, plain.content[:500]
    parts = PARTS.get(attack.route.operation, 1)
    for turn, part in product((0, 1), range(parts)):
        answer, done, rows, tried = attack.run(turn, part)
        told = f"{attack.caller} {attack.route}: {plain.status_code} became {answer.status_code}, {tried} fields left in"
        assert answer.status_code == plain.status_code or answer.status_code == 400, (
            told,
            answer.content[:300],
        )
        if answer.status_code < 400:
            assert done == expected, f"{told}\nmore: {done - expected}\nless: {expected - done}"
            assert snapshot.holding(rows, MARKS) == [], told
    return plain.status_code


def _routes() -> list[routes.Route]:
    return routes.writable_routes()


def pytest_generate_tests(metafunc):
    if "route" in metafunc.fixturenames:
        metafunc.parametrize("route", _routes(), ids=str)


def test_every_field_of_every_model_at(route, place):
    """One test a door; anonymous, guest with an order token, customer, owner."""
    unknown: set[Any] = set()
    statuses = {caller: judge(Attack(route, caller, place, unknown)) for caller in CALLERS}
    if route.operation not in REFUSED_HERE:
        assert min(statuses.values()) < 400, (statuses, Attack(route, "owner", place).body)


def test_no_door_for_customers_documents_power_as_writable():
    """The other half: what is allowed by the document is not tried above, so that it must be harmless."""
    for route in _routes():
        names = routes.writable_names(route.body)
        assert names & POWER <= MEANT.get(route.operation, set()), str(route)


def test_the_doors_are_found():
    found = {str(route) for route in _routes()}
    assert {
        "POST /api/auth/register/",
        "PATCH /api/auth/me/",
        "POST /api/orders/checkout/",
    } <= found
    assert "PATCH /api/products/{key}/variants/{variant_id}/" in found
    assert len(found) >= 50


def test_control_a_serializer_with_one_field_too_many_is_found_out(place, monkeypatch):
    """The mistake this is all about: `is_staff` left writable."""
    from account import serializers, views

    class Careless(serializers.ProfileSerializer):
        class Meta(serializers.ProfileSerializer.Meta):
            read_only_fields = ["email"]

    def save(*, user: Any, changes: dict[str, Any]) -> Any:
        for name, value in changes.items():
            setattr(user, name, value)
        user.save()
        return user

    monkeypatch.setattr(views, "ProfileSerializer", Careless)
    monkeypatch.setattr(views.services, "update_profile", save)
    [route] = [route for route in _routes() if str(route) == "PATCH /api/auth/me/"]
    with pytest.raises(AssertionError, match="is_staff"):
        judge(Attack(route, "customer", place))
