"""Hand-over codes: six random digits that the customer is sent, and says when they get their goods.

Six digits are few: guesses are counted on the shipment, in a transaction of their own and before anything is compared, so
that of any number of parallel guesses five are looked at. Only a keyed digest is stored; no door ever shows a code.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from common.limiter import Limit
from common.transactions import require_transaction
from fulfilment.models import Shipment, ShipmentState

CODES_PER_SHIPMENT = Limit("hand_over_code.shipment", 5, timedelta(days=1))
HANDED_OVER_FROM = (ShipmentState.READY, ShipmentState.SENT)


def issue(shipment: Shipment) -> str:
    """A new code; the one before is void. A step under the shipment's lock: the caller puts it into a letter.

    Raises:
        common.limits.TooManyRequests: five a day.
    """
    require_transaction()
    if settings.RATE_LIMITS:
        CODES_PER_SHIPMENT.spend(str(shipment.public_id))
    code = f"{secrets.randbelow(10**6):06d}"
    shipment.code_digest = _digest(shipment, code)
    shipment.code_guesses = 0
    shipment.code_issued_at = timezone.now()
    shipment.save(update_fields=["code_digest", "code_guesses", "code_issued_at"])
    return code


def matches(shipment: Shipment, code: str) -> bool:
    """Whether it is the code that is out, in constant time."""
    return constant_time_compare(shipment.code_digest, _digest(shipment, code))


def _digest(shipment: Shipment, code: str) -> str:
    text = f"{shipment.public_id}|{code}"
    return salted_hmac("fulfilment.hand_over", text, algorithm="sha256").hexdigest()
