"""The shapes of documents and of the shop's legal details."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from common.ethiopian import to_ethiopian
from common.http import public_url
from common.serializers import StrictModelSerializer
from orders.documents.models import Document, Kind, LegalDetails
from orders.documents.numbering import SHOP_ZONE
from orders.documents.words import LANGUAGES
from orders.serializers import AmountField


class DocumentQuerySerializer(serializers.Serializer[Any]):
    """How a document is to be printed."""

    language = serializers.ChoiceField(
        choices=list(LANGUAGES), required=False,
        help_text="Left out: that of `Accept-Language` if it is Amharic or English, else both side by side.",
    )  # fmt: skip


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A document that was issued."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    issued_on_ethiopian = serializers.SerializerMethodField(
        help_text="The same day in the Ethiopian calendar, `year-month-day`."
    )
    total = AmountField()
    tax_total = AmountField()
    credits = serializers.CharField(
        source="credits.number", default=None, read_only=True, allow_null=True,
        help_text="Number of the invoice that a credit note takes back.",
    )  # fmt: skip
    url = serializers.SerializerMethodField(help_text="Where the PDF is.")

    class Meta:
        model = Document
        fields = [
            "number", "kind", "is_test", "issued_at", "issued_on_ethiopian", "total", "tax_total", "credits", "url",
        ]  # fmt: skip

    def get_issued_on_ethiopian(self, document: Document) -> str:
        return str(to_ethiopian(document.issued_at.astimezone(SHOP_ZONE).date()))

    def get_url(self, document: Document) -> str:
        order: Any = self.context["order"]
        return public_url(
            reverse(
                "order-document", kwargs={"public_id": order.public_id, "number": document.number}
            )
        )


FIELDS = [
    "valid_from", "legal_name", "trade_name", "tin", "vat_number", "address", "phone", "email", "footer",
]  # fmt: skip


class LegalDetailsSerializer(serializers.ModelSerializer[LegalDetails]):
    """Who the shop is before the law from a day on."""

    class Meta:
        model = LegalDetails
        fields = ["id", *FIELDS]


class LegalDetailsInputSerializer(StrictModelSerializer):
    """What staff write. Only `valid_from` and `legal_name` must be given."""

    class Meta:
        model = LegalDetails
        fields = FIELDS
        extra_kwargs: dict[str, Any] = {
            "valid_from": {"validators": []}  # the constraint has the last word
        }
