"""Rows to page through, and ways to walk along their pages (tests/common/urls.py has the doors)."""

from __future__ import annotations

import datetime as dt

from common.models import RateCounter

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SLOTS = iter(range(1, 10**9))


def insert(count: int) -> RateCounter:
    return RateCounter.objects.create(
        key="row",
        slot=next(SLOTS),
        count=count,
        expires_at=START + dt.timedelta(microseconds=count),
    )


def fetch(client, url: str) -> dict:
    response = client.get(url)
    assert response.status_code == 200, response.content
    return response.json()


def walk(client, url: str, *, link: str = "next", meanwhile=lambda: None) -> list[list[dict]]:
    pages = []
    while url:
        page = fetch(client, url)
        pages.append(page["results"])
        url = page[link]
        meanwhile()
        assert len(pages) < 200
    return pages


def flat(pages: list[list[dict]]) -> list[int]:
    return [row["id"] for page in pages for row in page]
