"""Where the shop holds data about people: what, why, for how long, how it is handed out and how it is erased.

Every column of every table that could hold a word about somebody stands either here or in `NOT_PERSONAL`; a test reads the
database's own list. docs/privacy.md is made from this (`manage.py privacy_registry --write`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from privacy.not_personal import NOT_PERSONAL

__all__ = ["EXCEPTIONS", "NOT_PERSONAL", "PERSONAL", "SECRET", "Holding"]


@dataclass(frozen=True, slots=True)
class Holding:
    """Columns of one table that are about people.

    Args:
        exported: the section of the export's document, or why it is in none.
        erased: what an erasure does with it.
    """

    table: str
    columns: tuple[str, ...]
    what: str
    why: str
    kept: str
    exported: str
    erased: str


def _holding(
    table: str, columns: str, *, what: str, why: str, kept: str, exported: str, erased: str
) -> Holding:
    return Holding(table, tuple(columns.split()), what, why, kept, exported, erased)


ACCOUNT = "as long as the account"
SECRET = "no: a secret"  # noqa: S105

PERSONAL: tuple[Holding, ...] = (
    # --- Accounts -------------------------------------------------------------------------------
    _holding(
        "account_user", "email email_key phone first_name last_name",
        what="address, number, name", why="to sign in, to write, to greet", kept=ACCOUNT,
        exported="profile", erased="blanked; a CHECK keeps it so",
    ),
    _holding(
        "account_user", "password", what="Argon2id hash", why="to sign in", kept=ACCOUNT,
        exported=SECRET, erased="made unusable at once",
    ),
    _holding(
        "account_address",
        "label name first_name last_name company phone country region zone city sub_city woreda kebele house_number"
        " line1 line2 street landmark postcode latitude longitude note",
        what="the address book", why="to deliver without typing it again",
        kept="until its owner deletes it", exported="addresses", erased="deleted",
    ),
    _holding(
        "cart_cart", "note delivery_area pickup_point", what="what a cart says to the shop, and where to",
        why="to quote the delivery, and to order without typing it again",
        kept="until it is deleted, at the latest 90 days untouched (30 of a guest's)",
        exported="carts", erased="deleted; a guest's, known by no name, expires",
    ),
    _holding(
        "cart_cart", "token_hash", what="hash of a guest's cart token", why="to know its holder",
        kept="as the cart", exported=SECRET, erased="a guest's: expires",
    ),
    _holding(
        "account_session", "user_agent address", what="device and IP address",
        why="so that its owner recognises a stranger's session", kept="30 days after its end",
        exported="sessions", erased="ended at once, then deleted",
    ),
    _holding(
        "account_session", "password_mark", what="hash of a password hash",
        why="a changed password ends the session", kept="30 days after its end",
        exported=SECRET, erased="deleted",
    ),
    _holding(
        "account_emailtoken", "email email_key", what="which address a link went to",
        why="a link proves one address and no other", kept="30 days after its end",
        exported="letter_links", erased="deleted",
    ),
    _holding(
        "account_emailtoken", "digest", what="hash of a letter's link", why="to know the link",
        kept="30 days after its end", exported=SECRET, erased="deleted",
    ),
    _holding(
        "account_phonecode", "phone", what="which number a code went to", why="to check the code",
        kept="2 days after its end", exported="phone_codes",
        erased="deleted, whoever asked for the code",
    ),
    _holding(
        "account_phonecode", "digest verifier", what="hashes of a code and of who asked for it",
        why="to check the code", kept="2 days after its end", exported=SECRET, erased="deleted",
    ),
    _holding(
        "account_secondfactor", "secret next_secret", what="encrypted secret of an authenticator app",
        why="the second factor", kept="until it is removed", exported=SECRET, erased="deleted",
    ),
    _holding(
        "account_recoverycode", "digest", what="hashes of recovery codes", why="the second factor",
        kept="until it is removed", exported=SECRET, erased="deleted",
    ),
    _holding(
        "account_apikey", "last_used_address", what="the IP address of the program that used a key",
        why="to recognise a key that got out", kept="as long as the key", exported="api_keys",
        erased="blanked on keys that they made; the key stays the shop's",
    ),
    # --- Orders and money -----------------------------------------------------------------------
    _holding(
        "orders_order", "email phone shipping_address delivery payment_method",
        what="contact, where to deliver, wishes", why="to deliver, to answer, for warranty and tax",
        kept="LEGAL_KEEP_YEARS after the year of the order", exported="orders",
        erased="blanked; a CHECK keeps it so. Amounts, lines, numbers and tax stay: books",
    ),
    _holding(
        "orders_order", "token_hash", what="hash of a guest's order token",
        why="the token stands for the guest", kept="as long as the order", exported=SECRET,
        erased="replaced: the token opens nothing any more",
    ),
    _holding(
        "orders_orderevent", "actor note", what="which member of staff did it; a remark",
        why="to know what happened to an order", kept="as long as the order",
        exported="orders (staff by kind)", erased="staff: by kind only",
    ),
    _holding(
        "orders_pastsale", "customer", what="the number that another shop system gave a customer",
        why="to know whose the past sales and their returns were",
        kept="LEGAL_KEEP_YEARS after the year of the sale",
        exported="no: nobody here knows whose number it is", erased="blanked with its order",
    ),
    _holding(
        "orders_pastcredit", "customer", what="the same, on a credit of before",
        why="to know whose the past sales and their returns were",
        kept="LEGAL_KEEP_YEARS after the year of the credit",
        exported="no: nobody here knows whose number it is", erased="blanked with its time",
    ),
    _holding(
        "orders_ordernote", "actor text", what="what staff remark on an order, and who of them",
        why="to serve the customer", kept="as long as the order's customer",
        exported="orders (staff by kind)", erased="the text blanked; a CHECK keeps it so. Staff: by kind only",
    ),
    _holding(
        "orders_ordertrace", "actor reason", what="which member of staff changed an order, and why",
        why="to know how its prices came about", kept="as long as the order",
        exported="orders (in the history)", erased="staff: by kind only",
    ),
    _holding(
        "orders_refunddue", "actor reason", what="which member of staff decided it, and why",
        why="to pay it out, and to prove it", kept="as long as the order: books",
        exported="orders (in the history)", erased="staff: by kind only",
    ),
    _holding(
        "orders_draftorder", "created_by", what="which member of staff wrote a draft",
        why="to know whom to ask", kept="as long as the draft",
        exported="no: about the draft, not about them", erased="staff: by kind only",
    ),
    _holding(
        "orders_draftorder", "email phone shipping_address delivery note",
        what="contact and wishes of a customer on the telephone", why="to place the order for them",
        kept="until it is placed or thrown away, at most 30 days untouched", exported="drafts",
        erased="the draft is deleted; closed ones name nobody, a CHECK keeps it so",
    ),
    _holding(
        "orders_document", "data",
        what="buyer and recipient, as they were printed on an invoice, receipt or credit note; of packing slips, too",
        why="the law wants documents kept as they were issued",
        kept="LEGAL_KEEP_YEARS after the year of the document", exported="orders",
        erased="kept for its time, readable by finance alone, then blanked; packing slips: blanked at once",
    ),
    _holding(
        "fulfilment_shipment", "tracking_number tracking_url",
        what="what leads to a parcel's way to somebody", why="so that the customer can follow it",
        kept="as long as the order's contact", exported="orders", erased="blanked",
    ),
    _holding(
        "fulfilment_shipment", "code_digest", what="the hash of a hand-over code",
        why="the goods go to whoever was sent the code", kept="as long as the order's contact",
        exported=SECRET, erased="blanked",
    ),
    _holding(
        "fulfilment_shipment", "actor", what="which member of staff packed it",
        why="to know what happened to a parcel", kept="as long as the order",
        exported="orders (staff by kind)", erased="staff: by kind only",
    ),
    _holding(
        "fulfilment_shipmentevent", "actor note", what="which member of staff did it; a remark",
        why="to know what happened to a parcel", kept="as long as the order",
        exported="orders (staff by kind)", erased="staff: by kind only; remarks blanked with the order's contact",
    ),
    _holding(
        "fulfilment_returnrequest", "customer_note answer actor",
        what="why a customer sends something back, in their words; what the shop said; who asked",
        why="to decide, and to know why", kept="as long as the order's contact",
        exported="orders", erased="blanked; staff: by kind only",
    ),
    _holding(
        "fulfilment_returnevent", "actor note", what="which member of staff did it; a remark",
        why="to know what happened to a return", kept="as long as the order",
        exported="orders (staff by kind)", erased="staff: by kind only; remarks blanked with the order's contact",
    ),
    _holding(
        "payments_payment", "checkout_url", what="a page at the gateway that names the buyer",
        why="to pay", kept="as long as the order", exported="orders", erased="blanked",
    ),
    _holding(
        "payments_paymentevent", "actor note",
        what="which member of staff did it; why the gateway refused, in its words",
        why="to know what happened to a payment", kept="as long as the order",
        exported="orders (staff by kind)", erased="staff: by kind only; the gateway's words blanked",
    ),
    _holding(
        "payments_webhookevent", "body", what="name, address and number, as the gateway tells them",
        why="proof in a dispute", kept="INBOX_KEEP_DAYS, then only what is about the money",
        exported="orders", erased="reduced to what is about the money, also if it comes later",
    ),
    _holding(
        "inventory_movement", "actor", what="which member of staff counted",
        why="to know where stock went", kept="for good", exported="no: about stock, not about them",
        erased="staff: by kind only",
    ),
    _holding(
        "inventory_reservation", "customer", what="the account's number, or a hash of address or telephone number",
        why="limits of what one customer may take", kept="as long as the order's contact",
        exported="no: the orders say what was bought", erased="blanked",
    ),
    _holding(
        "pricing_taxexemption", "certificate", what="the number of a tax certificate",
        why="to charge no tax, and to prove why", kept="as long as the account, or until staff delete it",
        exported="tax_exemptions", erased="deleted; invoices that name it are books",
    ),
    _holding(
        "pricing_couponuse", "customers", what="the account's number, hashes of address and telephone number",
        why="a promotion for one use by each customer", kept="as long as the order's contact",
        exported="no: the orders say what was used", erased="the hashes removed, also from others' uses",
    ),
    # --- What leaves the house ------------------------------------------------------------------
    _holding(
        "events_letter", "recipient subject text html last_error",
        what="to whom we wrote; the text until it is sent", why="to send it, and to answer questions",
        kept="90 days; the text until it is sent", exported="letters",
        erased="deleted; the last letter forgets its recipient when it leaves",
    ),
    # --- What we keep to be exact ---------------------------------------------------------------
    _holding(
        "common_storedreply", "scope body", what="answers to calls with an Idempotency-Key",
        why="a repeated call does nothing twice", kept="24 hours", exported="stored_replies",
        erased="deleted; in others' answers their address and number blanked",
    ),
    _holding(
        "procrastinate_jobs", "args lock queueing_lock", what="ids, as a rule; at times an address or number",
        why="work to do", kept="7 days after it is done", exported="no: copies of what is exported",
        erased="deleted where an address or number stands in it",
    ),
    # --- Who did what ---------------------------------------------------------------------------
    _holding(
        "audit_auditentry", "address", what="from which IP address it was done",
        why="to look into abuse", kept="AUDIT_KEEP_DAYS", exported="audit",
        erased="blanked; what was done, and by which account's number, stays",
    ),
    _holding(
        "django_admin_log", "object_repr change_message", what="who or what was changed in the admin",
        why="to know who changed what", kept="AUDIT_KEEP_DAYS", exported="admin_log",
        erased="blanked where it speaks of them",
    ),
    _holding(
        "django_session", "session_key session_data", what="who is signed in to the admin",
        why="to be signed in", kept="two weeks after the last use", exported=SECRET,
        erased="deleted",
    ),
    # --- Privacy itself -------------------------------------------------------------------------
    _holding(
        "privacy_export", "document", what="a copy of everything", why="its owner asked for it",
        kept="7 days", exported="no: it is the export", erased="deleted",
    ),
    _holding(
        "privacy_erasure", "email phone", what="whom staff were asked to erase",
        why="to find what is to be erased", kept="until it is done",
        exported="no: it ends with what it would show", erased="blanked; a CHECK keeps it so",
    ),
)  # fmt: skip

# What an erasure leaves, and says so.
EXCEPTIONS: Mapping[str, str] = {
    "Books": (
        "Order numbers, lines, amounts, taxes, payment references and their history: kept as long as the books, without the"
        " person. An order that is redacted says so (`redacted_at`)."
    ),
    "Legal documents": (
        "Invoices, receipts and credit notes name their recipient, and the law wants them kept as they were issued:"
        " LEGAL_KEEP_YEARS (default 10) after the end of their year, readable by finance alone"
        " once their customer is erased: `orders_document`. Then name and contact are taken out of them, too; numbers,"
        " lines and amounts stay. The database refuses that of documents younger than five years. Packing slips are no"
        " legal documents, and lose the person at once."
    ),
    "The audit log": (
        "What was done, when, and the number of the account that did it: AUDIT_KEEP_DAYS (default 730). The number leads to"
        " an empty account."
    ),
    "The shop's own keys": "API keys that a former member of staff made belong to the shop and go on working.",
    "What others wrote": (
        "Somebody else's order may have been sent to them as a gift: name and address of its recipient belong to that order"
        " and go with its customer. If their verified address or number was given as its contact, the customer's own takes"
        " its place."
    ),
    "The gateway": "Chapa keeps records of its own under its own law; the shop cannot erase there.",
    "Backups": (
        "They end by their own rotation. After restoring one, erase again everybody whose `erasure … is done` stands in the"
        " log since: `manage.py erase_person <account id>`."
    ),
    "Logs": "They hold ids, and the web server's access log IP addresses; rotate them within 30 days.",
    "Development": (
        "Without EMAIL_URL or SMS_URL letters are files in the data folder (`mail/`, `sms/`): a mailbox, and yours."
    ),
}


def columns() -> Iterator[tuple[str, str]]:
    """Every table and column named here, personal or not; one that is named twice comes twice."""
    for holding in PERSONAL:
        for name in holding.columns:
            yield holding.table, name
    for table, reasons in NOT_PERSONAL.items():
        for names in reasons.values():
            for name in names.split():
                yield table, name


def as_markdown() -> str:
    """The tables of docs/privacy.md."""
    lines = [
        "| table | columns | what, and why | kept | in the export | erased |",
        "|---|---|---|---|---|---|",
    ]
    for holding in PERSONAL:
        names = ", ".join(f"`{name}`" for name in holding.columns)
        exported = holding.exported if " " in holding.exported else f"`{holding.exported}`"
        lines.append(
            f"| `{holding.table}` | {names} | {holding.what}: {holding.why} | {holding.kept} | {exported}"
            f" | {holding.erased} |"
        )
    lines += ["", "What an erasure leaves:", ""]
    lines += [f"* **{name}.** {text}" for name, text in EXCEPTIONS.items()]
    return "\n".join(lines) + "\n"
