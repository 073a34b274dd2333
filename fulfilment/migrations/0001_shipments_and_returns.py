"""Parcels of orders, and what comes back of them."""

from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orders", "0020_fulfilment_states"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReturnRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=common.ids.uuid7, editable=False, unique=True),
                ),
                (
                    "written_off_id",
                    models.UUIDField(
                        default=common.ids.uuid7,
                        editable=False,
                        help_text="Names the movements of what came back and was not fit for the shelf.",
                        unique=True,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("received", "Received"),
                            ("closed", "Closed"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("damaged", "it arrived damaged"),
                            ("wrong_item", "it is not what was ordered"),
                            ("not_as_described", "it is not as described"),
                            ("changed_mind", "it is no longer wanted"),
                            ("undeliverable", "it could not be delivered"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("customer_note", models.CharField(blank=True, max_length=500)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        help_text="What staff tell the customer about it.",
                        max_length=300,
                    ),
                ),
                (
                    "location",
                    models.CharField(
                        blank=True,
                        help_text="The code of the stock location it came to; empty: the default one.",
                        max_length=40,
                    ),
                ),
                (
                    "delivery_refund",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="What goes back of the delivery fee, as the order's prices are: with tax or without.",
                        max_digits=14,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="Owed for what was received, in all and tax included.",
                        max_digits=14,
                    ),
                ),
                ("actor", models.CharField(max_length=80)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="orders.order",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReturnLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.PositiveIntegerField()),
                ("received", models.PositiveIntegerField(default=0)),
                ("restocked", models.PositiveIntegerField(default=0)),
                ("written_off", models.PositiveIntegerField(default=0)),
                (
                    "share",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="What was charged for what was received, as the order's prices are: with tax or without.",
                        max_digits=14,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="Owed for what was received, tax included.",
                        max_digits=14,
                    ),
                ),
                (
                    "tax",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="The tax within it.",
                        max_digits=14,
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="return_lines",
                        to="orders.orderline",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="fulfilment.returnrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReturnEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "from_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("received", "Received"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("received", "Received"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("actor", models.CharField(max_length=80)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="fulfilment.returnrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=common.ids.uuid7, editable=False, unique=True),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="Within the order, from 1.")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("courier", "Courier"),
                            ("post", "Post"),
                            ("pickup", "the customer fetches it"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "carrier",
                    models.CharField(blank=True, help_text="Who carries it.", max_length=80),
                ),
                ("tracking_number", models.CharField(blank=True, max_length=100)),
                ("tracking_url", models.URLField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("packed", "Packed"),
                            ("sent", "Sent"),
                            ("ready_for_pickup", "ready for pickup"),
                            ("delivered", "Delivered"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="packed",
                        max_length=20,
                    ),
                ),
                (
                    "location",
                    models.CharField(
                        blank=True,
                        help_text="The code of the stock location it leaves from; empty: the default one.",
                        max_length=40,
                    ),
                ),
                (
                    "pickup_point",
                    models.CharField(
                        blank=True,
                        help_text="The slug of the pickup point where it is fetched.",
                        max_length=80,
                    ),
                ),
                (
                    "code_digest",
                    models.CharField(
                        blank=True,
                        help_text="Keyed digest of the hand-over code; empty: none is out.",
                        max_length=64,
                    ),
                ),
                ("code_guesses", models.PositiveSmallIntegerField(default=0)),
                ("code_issued_at", models.DateTimeField(blank=True, null=True)),
                (
                    "packed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("actor", models.CharField(max_length=80)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="orders.order",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShipmentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "from_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("packed", "Packed"),
                            ("sent", "Sent"),
                            ("ready_for_pickup", "ready for pickup"),
                            ("delivered", "Delivered"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("packed", "Packed"),
                            ("sent", "Sent"),
                            ("ready_for_pickup", "ready for pickup"),
                            ("delivered", "Delivered"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=20,
                    ),
                ),
                ("actor", models.CharField(max_length=80)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="fulfilment.shipment",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShipmentLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.PositiveIntegerField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipment_lines",
                        to="orders.orderline",
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="fulfilment.shipment",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="returnrequest",
            index=models.Index(fields=["-created_at", "-id"], name="return_by_age"),
        ),
        migrations.AddIndex(
            model_name="returnrequest",
            index=models.Index(fields=["state", "-created_at", "-id"], name="return_by_state"),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["requested", "approved", "refused", "received", "closed"])
                ),
                name="return_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "damaged",
                            "wrong_item",
                            "not_as_described",
                            "changed_mind",
                            "undeliverable",
                            "other",
                        ],
                    )
                ),
                name="return_reason_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "requested")),
                    models.Q(
                        models.Q(("state", "requested"), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="decided_return_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "received"), _negated=True),
                    ("received_at__isnull", False),
                    _connector="OR",
                ),
                name="received_return_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    models.Q(
                        models.Q(("state", "closed"), _negated=True), ("closed_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="closed_return_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delivery_refund", 0),
                    models.Q(("delivery_refund__gt", 0), ("received_at__isnull", False)),
                    _connector="OR",
                ),
                name="return_refunds_delivery_when_received",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount", 0),
                    models.Q(("amount__gt", 0), ("received_at__isnull", False)),
                    _connector="OR",
                ),
                name="return_is_owed_for_when_received",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="return_line_has_pieces"
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(("received__lte", models.F("quantity"))),
                name="no_more_returns_than_was_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "received",
                        django.db.models.expressions.CombinedExpression(
                            models.F("restocked"), "+", models.F("written_off")
                        ),
                    )
                ),
                name="what_returns_is_restocked_or_written_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gte", 0), ("tax__gte", 0), ("tax__lte", models.F("amount"))
                ),
                name="return_line_tax_is_within_its_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("share"), "+", models.F("tax")
                        ),
                    )
                ),
                name="no_more_is_owed_than_was_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(("received__gt", 0), ("share", 0), _connector="OR"),
                name="only_what_returns_is_owed_for",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.UniqueConstraint(
                fields=("request", "line"), name="one_line_per_return_and_line"
            ),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["-packed_at", "-id"], name="shipment_by_age"),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.UniqueConstraint(
                fields=("order", "number"), name="shipment_number_is_its_own"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gt", 0)), name="shipment_number_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["courier", "post", "pickup"])),
                name="shipment_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["packed", "sent", "ready_for_pickup", "delivered", "cancelled"])
                ),
                name="shipment_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), _negated=True),
                    models.Q(
                        ("sent_at__isnull", False), models.Q(("kind", "pickup"), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="what_is_sent_travels_and_says_since_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready_for_pickup"), _negated=True),
                    models.Q(("kind", "pickup"), ("ready_at__isnull", False)),
                    _connector="OR",
                ),
                name="what_is_ready_is_fetched",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "delivered"), _negated=True),
                    models.Q(
                        ("delivered_at__isnull", False),
                        models.Q(("kind", "pickup"), ("sent_at__isnull", False), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="what_is_delivered_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cancelled_at__isnull", False),
                        ("sent_at__isnull", True),
                        ("state", "cancelled"),
                    ),
                    models.Q(
                        models.Q(("state", "cancelled"), _negated=True),
                        ("cancelled_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="what_has_left_is_not_cancelled",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(("code_guesses__lte", 5)), name="a_code_is_guessed_a_few_times"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code_digest", ""), ("code_issued_at__isnull", False), _connector="OR"
                ),
                name="a_code_says_since_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tracking_url", ""), ("tracking_url__regex", "^https?://"), _connector="OR"
                ),
                name="tracking_url_is_a_web_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipmentline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="shipment_line_has_pieces"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipmentline",
            constraint=models.UniqueConstraint(
                fields=("shipment", "line"), name="one_line_per_shipment_and_line"
            ),
        ),
    ]
