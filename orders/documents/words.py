"""The words of documents, in the languages they are printed in. Names of months and days are the calendar's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Language = Literal["both", "am", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# Amharic, English.
WORDS: Mapping[str, tuple[str, str]] = {
    "invoice": ("የሽያጭ ደረሰኝ", "Invoice"),
    "receipt": ("የገንዘብ መቀበያ ደረሰኝ", "Receipt"),
    "credit_note": ("የተመላሽ ሂሳብ ማስታወሻ", "Credit note"),
    "packing_slip": ("የማሸጊያ ዝርዝር", "Packing slip"),
    "test": ("ሙከራ", "TEST"),
    "test_note": (
        "ይህ የሙከራ ሰነድ ነው፤ ሕጋዊ ዋጋ የለውም።",
        "This is a test document. No money was moved, and it is worth nothing.",
    ),
    "tin": ("የግብር ከፋይ መለያ ቁጥር", "TIN"),
    "vat_number": ("የተ.እ.ታ. ምዝገባ ቁጥር", "VAT reg. no."),
    "phone": ("ስልክ", "Tel."),
    "email": ("ኢሜይል", "E-mail"),
    "date": ("ቀን", "Date"),
    "ethiopian_date": ("ቀን (ዓ.ም.)", "Ethiopian date"),
    "order": ("ትዕዛዝ", "Order"),
    "order_date": ("የታዘዘበት ቀን", "Ordered"),
    "of_invoice": ("የሚመለከተው ደረሰኝ", "Credits invoice"),
    "reason": ("ምክንያት", "Reason"),
    "buyer": ("ገዢ", "Buyer"),
    "received_from": ("ከፋይ", "Received from"),
    "recipient": ("ተረካቢ", "Deliver to"),
    "place": ("ተ.ቁ", "No."),
    "description": ("መግለጫ", "Description"),
    "quantity": ("ብዛት", "Qty"),
    "unit_price": ("የአንዱ ዋጋ", "Unit price"),
    "amount": ("ጠቅላላ ዋጋ", "Amount"),
    "vat": ("ተ.እ.ታ.", "VAT"),
    "rate": ("ተ.እ.ታ. መጣኔ", "VAT rate"),
    "net": ("ከታክስ በፊት", "Net"),
    "tax": ("ታክስ", "VAT"),
    "gross": ("ከታክስ ጋር", "Gross"),
    "subtotal": ("ንዑስ ድምር", "Subtotal"),
    "discount": ("ቅናሽ", "Discount"),
    "delivery_time": ("የማድረሻ ጊዜ", "Delivery time"),
    "delivery": ("የማድረሻ ክፍያ", "Delivery"),
    "net_total": ("ከታክስ በፊት ድምር", "Total before VAT"),
    "vat_total": ("የተጨማሪ እሴት ታክስ", "VAT"),
    "total": ("ጠቅላላ ድምር", "Total"),
    "credited": ("የሚመለስ ጠቅላላ", "Total credited"),
    "received": ("የተቀበልነው ገንዘብ", "Amount received"),
    "pieces": ("ጠቅላላ ብዛት", "Pieces"),
    "paid_on": ("የተከፈለበት ቀን", "Paid on"),
    "method": ("የክፍያ መንገድ", "Method"),
    "reference": ("ማጣቀሻ ቁጥር", "Reference"),
    "note": ("ማስታወሻ", "Note"),
    "prices_include": ("ሁሉም ዋጋዎች ተ.እ.ታ. ያካትታሉ።", "All prices include VAT."),
    "carried": ("ወደሚቀጥለው ገጽ የዞረ", "Carried forward"),
    "brought": ("ከቀደመው ገጽ የዞረ", "Brought forward"),
    "page": ("ገጽ", "Page"),
    "redacted": ("በሕግ መሠረት ተሰርዟል", "Removed, as the law allows"),
    "chapa": ("ቻፓ", "Chapa"),
    "cash_on_delivery": ("ሲረከቡ በጥሬ ገንዘብ", "Cash on delivery"),
    "bank_transfer": ("የባንክ ዝውውር", "Bank transfer"),
}


def word(name: str, language: Language, *, between: str = " / ") -> str:
    """A word in this language, or in both. What has no translation is itself."""
    if name not in WORDS:
        return name
    amharic, english = WORDS[name]
    if language == "both":
        return amharic if amharic == english else f"{amharic}{between}{english}"
    return amharic if language == "am" else english
