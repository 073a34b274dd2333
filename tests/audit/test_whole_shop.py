"""The log of a running shop: real requests, a real worker, a real command."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_a_purchase_is_followed_from_the_guest_to_the_worker(shop):
    product = shop.product(stock=5)
    order = shop.checkout({"product_id": product["id"], "quantity": 2}).json()
    shop.approve(shop.pay(order))
    shop.wait_for(order, "paid")
    staff = shop.sign_in("staff")

    def entries(**query) -> list[dict]:
        answer = shop.http.get("/api/audit/", params=query, headers=staff)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    paid, placed = entries(target=order["id"], table="orders_order")
    assert (placed["action"], placed["actor"]["kind"]) == ("order.created", "guest")
    assert placed["address"] == "127.0.0.1"
    assert placed["changes"]["total"] == {"to": "200.00"}
    assert paid["changes"]["status"] == {"from": "pending", "to": "paid"}
    # Whoever asked the gateway first: the job of its webhook, a periodic one, or the return page. Never "somebody with SQL".
    assert paid["actor"]["kind"] in {"system", "guest"}
    if paid["actor"]["kind"] == "system":
        assert paid["actor"]["name"].startswith("payments.")
    (lines,) = entries(table="orders_orderline", request_id=placed["request_id"])
    assert lines["details"]["ids"]
    made = entries(target=product["slug"], action="product.created")[0]
    assert made["actor"]["kind"] == "staff"
    assert made["actor"]["user"]
    assert entries(request_id=made["request_id"], action="api.post")[0]["outcome"] == "done"
    assert entries(actor_kind="database") == []
    assert "every change is audited" not in shop.doctor()
    assert shop.manage("audit", "check").stdout.strip() == "every change is audited"
