"""Where the gateway sends the customer's browser back to, while no front end is configured.

Whatever the address carries besides the payment's id is ignored: it proves nothing. A GET shows what is known and asks
nobody; the buttons act. Who holds the id, which is as unguessable as a token and travels only between this browser and the
gateway, may have the gateway asked and may go back to paying; both help the owner of the order and nobody else. The page
shows the order's number, the amount and the state.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.actors import GUEST
from common.errors import Refusal
from common.limits import Limit, charge
from common.problems import STATUS
from orders.models import Status as OrderStatus
from payments import services
from payments.models import Payment, Status

CHECK = Limit("return_page_check", 30, timedelta(minutes=1))
PAY = Limit("return_page_pay", 10, timedelta(minutes=1))
PATIENCE = timedelta(minutes=15)  # then the page stops reloading itself

# A browser applies this to the redirect that follows a form, too.
_GATEWAY = urlsplit(settings.CHAPA_BASE_URL)
FORM_TARGETS = ["https://*.chapa.co"] + (
    [] if settings.PRODUCTION else [f"{_GATEWAY.scheme}://{_GATEWAY.netloc}"]
)


@csp_update({"form-action": FORM_TARGETS})  # type: ignore[arg-type]
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def payment_return(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show where a payment stands; on a button, ask the gateway or go (back) to its checkout page."""
    payment = get_object_or_404(Payment.objects.select_related("order"), public_id=public_id)
    if request.method != "POST":
        return _page(request, payment)
    try:
        if request.POST.get("action") == "pay":
            return _to_checkout(request, payment)
        charge(request, (CHECK, str(payment.public_id)))
        services.settle(payment_id=payment.pk, source="return page")
    except Refusal as refusal:
        return _page(request, _fresh(payment), refusal)
    return redirect(request.path)


def _to_checkout(request: HttpRequest, payment: Payment) -> HttpResponse:
    charge(request, (PAY, str(payment.public_id)))
    started = services.start(order_id=payment.order_id, method=payment.method, by=GUEST)
    if started.status == Status.PENDING and started.checkout_url:
        return redirect(started.checkout_url)
    return redirect("payment-return", public_id=started.public_id)


def _fresh(payment: Payment) -> Payment:
    return Payment.objects.select_related("order").get(pk=payment.pk)


def _page(request: HttpRequest, payment: Payment, refusal: Refusal | None = None) -> HttpResponse:
    order, now = payment.order, timezone.now()
    state = _state(payment)
    waited = now - (payment.initialised_at or payment.created_at)
    context: dict[str, Any] = {
        "state": state,
        "number": order.number,
        "amount": f"{payment.amount:,.2f} {payment.currency}",
        "may_pay": order.status == OrderStatus.PENDING
        and order.expires_at > now
        and payment.status != Status.REVIEW,
        "may_check": state not in {"paid", "review"},
        "reload": _reload(waited) if state == "pending" else None,
        "notice": refusal.detail if refusal else "",
    }
    response = render(
        request,
        "storefront/payment_return.html",
        context,
        status=STATUS[refusal.kind] if refusal else 200,
    )
    if refusal and refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _state(payment: Payment) -> str:
    """What the customer wants to know: about the order if that is decided, else about this attempt."""
    if payment.status == Status.REVIEW:
        return "review"
    if payment.order.status == OrderStatus.CANCELLED:
        return "ended"
    if payment.order.status != OrderStatus.PENDING:
        return "paid"
    return str(payment.status)


def _reload(waited: timedelta) -> int | None:
    """Seconds until the page looks again; None when it has looked for long enough."""
    if waited > PATIENCE:
        return None
    return 3 if waited < timedelta(minutes=2) else 10
