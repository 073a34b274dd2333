"""Documents as facts: what was issued, under which number, and the particulars of the shop that stood on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value

if TYPE_CHECKING:
    from datetime import date

REGISTRATION = RegexValidator(
    r"^[0-9A-Za-z][0-9A-Za-z ./-]{2,28}[0-9A-Za-z]\Z",
    "Give the number as the tax authority writes it: digits, letters, dots, dashes and slashes.",
)


class Kind(models.TextChoices):
    """What sort of document it is. Each has numbers of its own."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"
    PACKING_SLIP = "packing_slip"


class LegalDetails(models.Model):
    """Who the shop is before the law, from a day on (in the shop's own time) until the next row's day.

    A document copies what holds on its day. Changing or deleting a row changes no document that has been issued.
    """

    valid_from = models.DateField()
    legal_name = models.CharField(
        max_length=200, help_text="As registered; in several scripts if you like."
    )
    trade_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    tin = models.CharField(
        "TIN", max_length=30, blank=True, default="", db_default="", validators=[REGISTRATION],
        help_text="Taxpayer identification number.",
    )  # fmt: skip
    vat_number = models.CharField(
        "VAT registration number", max_length=30, blank=True, default="", db_default="",
        validators=[REGISTRATION],
    )  # fmt: skip
    address = models.CharField(
        max_length=400, blank=True, default="", db_default="", help_text="Lines are kept."
    )
    phone = models.CharField(max_length=60, blank=True, default="", db_default="")
    email = models.EmailField(max_length=254, blank=True, default="", db_default="")
    footer = models.CharField(
        max_length=1000, blank=True, default="", db_default="",
        help_text="At the end of invoices, receipts and credit notes: bank account, terms of return.",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "legal details"
        constraints = [
            models.UniqueConstraint(
                fields=["valid_from"], name="legal_details_begin_on_their_own_day"
            ),
            models.CheckConstraint(condition=~Q(legal_name=""), name="legal_details_have_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} from {self.valid_from}"


def legal_details_on(day: date) -> LegalDetails | None:
    """What holds on that day; nothing before the first row's."""
    return LegalDetails.objects.filter(valid_from__lte=day).order_by("-valid_from").first()


class DocumentCounter(models.Model):
    """The last number given in one series. A number is taken in the transaction that writes its document, under this row's
    lock: whoever takes the next one waits, and if the first gives up, has the same number. So there are no gaps."""

    kind = models.CharField(max_length=12, choices=Kind)
    is_test = models.BooleanField()
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "is_test", "year"], name="one_counter_per_series"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"


class Document(models.Model):
    """A document as it was issued. Never changed, never deleted: a trigger refuses.

    `data` is all that is printed, in no language (orders.documents.content says what is in it); who the people are stands
    under `people` alone, and goes when the law no longer wants it. Amounts in major units of `currency`, tax included.
    """

    kind = models.CharField(max_length=12, choices=Kind)
    is_test = models.BooleanField(help_text="Made by a shop that took test money: worth nothing.")
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=32, unique=True)
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="documents")
    key = models.CharField(
        max_length=64, blank=True, default="", db_default="",
        help_text="Tells documents of one kind and order apart: the return, the shipment.",
    )  # fmt: skip
    credits = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_notes",
        help_text="The invoice that a credit note takes back, in part or whole.",
    )  # fmt: skip
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    tax_total = models.DecimalField(max_digits=14, decimal_places=2)
    data = models.JSONField()
    issued_at = models.DateTimeField(
        help_text="When its number was taken: later numbers, later times."
    )
    redacted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="document_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit_note") | Q(credits__isnull=True),
                name="only_credit_notes_credit",
            ),
            models.CheckConstraint(
                condition=~Q(kind="credit_note") | Q(credits__isnull=False),
                name="credit_note_names_its_invoice",
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0) & Q(tax_total__gte=0) & Q(tax_total__lte=F("total")),
                name="document_tax_is_within_its_total",
            ),
            models.CheckConstraint(
                condition=Q(sequence__gt=0), name="document_sequence_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(redacted_at__isnull=True)
                | Q(data__people=Value({}, models.JSONField())),
                name="redacted_document_names_nobody",
            ),
            models.UniqueConstraint(
                fields=["kind", "is_test", "year", "sequence"], name="document_number_is_given_once"
            ),
            models.UniqueConstraint(
                fields=["order", "kind", "key"], name="document_is_issued_once"
            ),
        ]
        indexes = [
            models.Index(fields=["-issued_at", "-id"], name="document_by_age"),
        ]

    def __str__(self) -> str:
        return self.number
