"""The shapes of payments."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.serializers import StrictSerializer
from orders.serializers import PaymentSummarySerializer
from payments.models import Method


class StartPaymentSerializer(StrictSerializer):
    """How the order is to be paid."""

    method = serializers.ChoiceField(choices=Method.choices)


class NothingSerializer(StrictSerializer):
    """An empty body, or `{}`."""


class PaymentSerializer(PaymentSummarySerializer):
    """One attempt to pay an order."""

    order_id = serializers.UUIDField(source="order.public_id")
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(
        allow_null=True, help_text="When the money was found to be there."
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="After this the checkout link is dead at the latest."
    )


class ReceivedSerializer(serializers.Serializer[Any]):
    """The answer to the gateway. It is the same whatever was sent."""

    status = serializers.ChoiceField(choices=["received"])


class WebhookSerializer(serializers.Serializer[Any]):
    """What Chapa sends; unknown fields are welcome and nothing in it is believed."""

    event = serializers.CharField(required=False)
    tx_ref = serializers.CharField(required=False)
    status = serializers.CharField(required=False)


class CallbackSerializer(serializers.Serializer[Any]):
    """What arrives at the callback address."""

    tx_ref = serializers.CharField(required=False)
    trx_ref = serializers.CharField(required=False)
