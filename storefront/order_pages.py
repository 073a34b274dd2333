"""Where a letter sends a customer to pay an order that staff wrote down for them, while no front end is configured.

As on the return page, the address alone lets in: an order's id is as unguessable as a token, and whoever has it may pay
the order, which helps its owner and nobody else. The page shows number, amount and state. A GET changes nothing; the button
acts.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.actors import GUEST
from common.errors import Refusal
from common.limits import Limit, charge
from common.problems import STATUS
from orders.models import Order, Status
from payments import services
from payments.models import Method
from payments.models import Status as PaymentStatus
from storefront.payment_pages import FORM_TARGETS

PAY = Limit("order_page_pay", 10, timedelta(minutes=1))


@csp_update({"form-action": FORM_TARGETS})  # type: ignore[arg-type]
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay_order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what is to be paid; on the button, go to the gateway's checkout page."""
    order = get_object_or_404(Order, public_id=public_id, redacted_at=None)
    if request.method != "POST":
        return _page(request, order)
    try:
        charge(request, (PAY, str(order.public_id)))
        started = services.start(order_id=order.pk, method=Method.CHAPA, by=GUEST)
    except Refusal as refusal:
        order.refresh_from_db()
        return _page(request, order, refusal)
    if started.status == PaymentStatus.PENDING and started.checkout_url:
        return redirect(started.checkout_url)
    return redirect("payment-return", public_id=started.public_id)


def _page(request: HttpRequest, order: Order, refusal: Refusal | None = None) -> HttpResponse:
    is_due = order.status == Status.PENDING and order.expires_at > timezone.now()
    ended = order.status in {Status.PENDING, Status.CANCELLED} and not is_due
    context = {
        "state": "due" if is_due else "ended" if ended else "paid",
        "number": order.number,
        "amount": f"{order.total:,.2f} {order.currency}",
        "notice": refusal.detail if refusal else "",
    }
    status = STATUS[refusal.kind] if refusal else 200
    response = render(request, "storefront/order_pay.html", context, status=status)
    if refusal and refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response
