"""The shapes of payments."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from common.serializers import StrictSerializer
from orders.serializers import PaymentSummarySerializer
from payments.models import Method, Payment


class StartPaymentSerializer(StrictSerializer):
    """How the order is to be paid."""

    method = serializers.ChoiceField(choices=Method.choices)


class NothingSerializer(StrictSerializer):
    """An empty body, or `{}`."""


class PaymentSerializer(PaymentSummarySerializer):
    """One attempt to pay an order."""

    order_id = serializers.UUIDField(source="order.public_id")
    mode = serializers.ChoiceField(
        choices=["live", "test"], help_text="In `test` no money moves: say so to the customer."
    )
    public_key = serializers.SerializerMethodField(
        help_text="The gateway's key for front ends that use its own widgets; never needed for `checkout_url`."
    )
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(
        allow_null=True, help_text="When the money was found to be there."
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="After this the checkout link is dead at the latest."
    )

    def get_public_key(self, payment: Payment) -> str | None:
        return settings.CHAPA_PUBLIC_KEY or None


class ReceivedSerializer(serializers.Serializer[Any]):
    """The answer to the gateway. It is the same whatever was sent."""

    status = serializers.ChoiceField(choices=["received"])


class WebhookSerializer(serializers.Serializer[Any]):
    """What Chapa sends; unknown fields are welcome and nothing in it is believed."""

    event = serializers.CharField(required=False)
    tx_ref = serializers.CharField(required=False)
    status = serializers.CharField(required=False)
    reference = serializers.CharField(required=False, help_text="Chapa's own.")
    amount = serializers.CharField(required=False)
    currency = serializers.CharField(required=False)
    mode = serializers.CharField(required=False)


class CallbackSerializer(serializers.Serializer[Any]):
    """What arrives at the callback address."""

    tx_ref = serializers.CharField(required=False)
    trx_ref = serializers.CharField(required=False)
    status = serializers.CharField(required=False)
