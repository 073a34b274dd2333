# ruff: noqa: S608 (every piece of SQL below is a constant of this file; values are parameters)
"""What somebody pays: the one rule, for one piece or many, now or at any other moment.

For one variant, a caller (whose price list is L), a currency C, a quantity q and a moment t, these prices apply:

* `Variant.price`, if C is the shop's own currency (for past moments, what `PriceChange` says it was);
* each `Price` of the variant in the retail list or in L, in C, with `min_quantity` <= q, that is valid at t.

The lowest of them is paid. If there is none, the variant is not sold in that currency. The rule is written in SQL, as lists
of a million products are sorted and rendered by it; everybody else (a checkout, one product's page) asks through the
functions below, which run the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from account.models import User
from catalog.models import RETAIL, PriceList
from common.money import EXPONENTS

# The lowest price of so many days before a reduction is told beside it.
LOOKS_BACK = "interval '30 days'"


@dataclass(frozen=True, slots=True)
class EffectivePrice:
    """What one piece costs. Amounts in major units of the currency that was asked for.

    Attributes:
        regular: the lowest price that is no reduction; None when only reductions apply.
        compare_at: the price to strike through beside `amount`, if any.
        source: the `Price` that is paid; None: the variant's own price.
        valid_until: when the amount is known to change, for better or worse; None: until further notice.
    """

    amount: Decimal
    regular: Decimal | None
    compare_at: Decimal | None
    is_sale: bool
    source: int | None
    valid_until: datetime | None


# --- the rule, as SQL -------------------------------------------------------------------------
#
# Parameters: %(price_list)s (an id; RETAIL for everybody without one) and %(currency)s (empty: the shop's own).


def _listed(variant: str) -> str:
    """The rows of price lists that concern this caller, of any time."""
    return (
        "FROM catalog_price listed"
        f" WHERE listed.variant_id = {variant}.id AND listed.currency = %(currency)s"
        f" AND listed.price_list_id IN ({RETAIL}, %(price_list)s)"
    )


def _at(row: str, moment: str) -> str:
    return (
        f"{row}.valid_from <= {moment}"
        f" AND ({row}.valid_until IS NULL OR {row}.valid_until > {moment})"
    )


def effective_price_sql(variant: str = "variant") -> str:
    """A subquery for `CROSS JOIN LATERAL (…) paid`: what one piece of a row of `catalog_variant` costs now.

    One row always, with `amount` (null: not sold in this currency), `regular` (the lowest that is no reduction) and
    `compare_at` (what to strike through, or null).

    Args:
        variant: the alias of the variant's row in the statement around it.
    """
    return f"""
        SELECT lowest.amount, lowest.regular,
               CASE WHEN lowest.amount < lowest.regular THEN lowest.regular
                    WHEN %(currency)s = '' THEN {variant}.compare_at_price END AS compare_at
          FROM (
              SELECT min(one.amount) AS amount,
                     min(one.amount) FILTER (WHERE NOT one.is_sale) AS regular
                FROM (
                    SELECT {variant}.price AS amount, false AS is_sale WHERE %(currency)s = ''
                     UNION ALL
                    SELECT listed.amount, listed.is_sale {_listed(variant)}
                       AND listed.min_quantity = 1 AND {_at("listed", "now()")}
                ) one
          ) lowest
    """


def lowest_price_sql(variant: str = "variant", amount: str = "paid.amount") -> str:
    """A scalar subquery: the lowest price of one piece in the 30 days before the present price began.

    The present price if there was no other, null if there is none.

    Args:
        variant: the alias of the variant's row. amount: what is paid now, as `effective_price_sql` has found it.
    """
    return f"""(
        WITH known AS MATERIALIZED ({_history(variant)} AND listed.min_quantity = 1),
        began AS (
            SELECT greatest(
                (SELECT lower(span) FROM unnest((
                    SELECT range_agg(tstzrange(valid_from, valid_until)) FROM known
                     WHERE known.amount <= {amount} AND valid_from <= now()
                 )) span WHERE span @> now()),
                (SELECT max(valid_until) FROM known
                  WHERE known.amount < {amount} AND valid_until <= now())
            ) AS at
        )
        SELECT coalesce(min(known.amount), {amount}) FROM known, began
         WHERE known.valid_from < began.at
           AND coalesce(known.valid_until, 'infinity') > greatest(known.valid_from, began.at - {LOOKS_BACK})
    )"""


def _history(variant: str) -> str:
    """All prices that ever concerned this caller, with their times; ends in a WHERE clause about `listed`."""
    return f"""
        SELECT changed.price AS amount, false AS is_sale, NULL::bigint AS price_id,
               changed.valid_from, changed.valid_until
          FROM catalog_pricechange changed
         WHERE changed.variant_id = {variant}.id AND %(currency)s = ''
         UNION ALL
        SELECT listed.amount, listed.is_sale, listed.id, listed.valid_from, listed.valid_until
        {_listed(variant)}
    """


def _present(variant: str) -> str:
    """As `_history`, without the past of the variant's own price."""
    return f"""
        SELECT {variant}.price AS amount, false AS is_sale, NULL::bigint AS price_id,
               '-infinity'::timestamptz AS valid_from, NULL::timestamptz AS valid_until
         WHERE %(currency)s = ''
         UNION ALL
        SELECT listed.amount, listed.is_sale, listed.id, listed.valid_from, listed.valid_until
        {_listed(variant)}
    """


def _paid(asked: str, *, moment: str, known: str) -> str:
    """What each row of `asked` (place, variant_id, quantity) pays at `moment`."""
    return f"""
        WITH asked AS ({asked})
        SELECT asked.place, asked.quantity, paid.amount, paid.regular,
               CASE WHEN paid.amount < paid.regular THEN paid.regular
                    WHEN %(currency)s = '' THEN variant.compare_at_price END,
               paid.is_sale, paid.price_id, paid.valid_until
          FROM asked
          JOIN catalog_variant variant ON variant.id = asked.variant_id
         CROSS JOIN LATERAL (
            WITH known AS MATERIALIZED ({known} AND listed.min_quantity <= asked.quantity)
            SELECT known.amount, known.is_sale, known.price_id,
                   min(known.amount) FILTER (WHERE NOT known.is_sale) OVER () AS regular,
                   least(known.valid_until, (
                       SELECT min(later.valid_from) FROM known later
                        WHERE later.valid_from > {moment} AND later.amount < known.amount
                   )) AS valid_until
              FROM known
             WHERE {_at("known", moment)}
             ORDER BY known.amount, known.is_sale, known.valid_until DESC NULLS FIRST, known.price_id
             LIMIT 1
         ) paid
         ORDER BY asked.place, asked.quantity
    """


# --- the rule, asked --------------------------------------------------------------------------


def currency_key(currency: str) -> str:
    """The currency as price rows hold it: empty for the shop's own."""
    return "" if currency == settings.SHOP_CURRENCY else currency


def currency_of(key: str) -> str:
    """The ISO 4217 code of what a price row holds."""
    return key or settings.SHOP_CURRENCY


def known_currencies() -> tuple[str, ...]:
    """What can be sold in, the shop's own first."""
    own = settings.SHOP_CURRENCY
    return (own, *(code for code in EXPONENTS if code != own))


def price_list_of(user: Any) -> int:
    """The price list of a caller: that of the customer's group, else the retail list. Programs and guests pay retail."""
    if not isinstance(user, User) or user.customer_group_id is None:
        return RETAIL
    own = PriceList.objects.filter(group_id=user.customer_group_id).values_list("pk", flat=True)
    return own.first() or RETAIL


def prices_of(
    variant_ids: Iterable[int],
    *,
    price_list: int,
    currency: str,
    quantities: Mapping[int, int] | None = None,
    at: datetime | None = None,
) -> dict[int, EffectivePrice]:
    """What a caller with this list pays for one piece of each variant; one statement for any number of them.

    Args:
        currency: ISO 4217.
        quantities: pieces bought together, by variant; 1 where nothing is said.
        at: any moment, past or future; None: now, by the database's clock.

    Returns:
        By variant; what is not sold in this currency is not in it.
    """
    ids = list(dict.fromkeys(variant_ids))
    pieces = [(quantities or {}).get(pk, 1) for pk in ids]
    asked = (
        "SELECT variant_id AS place, variant_id, quantity"
        " FROM unnest(%(ids)s::bigint[], %(pieces)s::integer[]) AS row (variant_id, quantity)"
    )
    moment = _AT if at else _NOW
    found = _ask(asked, price_list, currency, moment, ids=ids, pieces=pieces, at=at)
    return {variant_id: price for variant_id, _, price in found}


def tiers_of(
    variant_ids: Iterable[int], *, price_list: int, currency: str, at: datetime | None = None
) -> dict[int, list[tuple[int, EffectivePrice]]]:
    """The prices by quantity: `(from so many pieces on, price)`, ascending; only steps that lower the price.

    One statement for any number of variants.
    """
    moment = _AT if at else _NOW
    asked = f"""
        SELECT id AS place, id AS variant_id, 1 AS quantity FROM unnest(%(ids)s::bigint[]) id
         UNION
        SELECT listed.variant_id, listed.variant_id, listed.min_quantity
          FROM unnest(%(ids)s::bigint[]) one (id) CROSS JOIN LATERAL (
            SELECT listed.* {_listed("one")} AND {_at("listed", moment)}
          ) listed
    """
    tiers: dict[int, list[tuple[int, EffectivePrice]]] = {}
    ids = list(dict.fromkeys(variant_ids))
    for variant_id, quantity, price in _ask(asked, price_list, currency, moment, ids=ids, at=at):
        steps = tiers.setdefault(variant_id, [])
        if not steps or price.amount < steps[-1][1].amount:
            steps.append((quantity, price))
    return tiers


def regular_prices_of(
    asked: Iterable[tuple[int, int, datetime]], *, price_list: int, currency: str
) -> list[Decimal | None]:
    """For each (variant, quantity, moment): the lowest price of one piece that is no reduction. One statement."""
    asked = list(asked)
    variants, quantities, moments = zip(*asked, strict=True) if asked else ((), (), ())
    found = _ask(
        "SELECT * FROM unnest(%(ids)s::bigint[], %(pieces)s::integer[], %(moments)s::timestamptz[])"
        " WITH ORDINALITY AS row (variant_id, quantity, at, place)",
        price_list, currency, "asked.at", ids=list(variants), pieces=list(quantities), moments=list(moments),
    )  # fmt: skip
    regular: list[Decimal | None] = [None] * len(asked)
    for place, _, price in found:
        regular[place - 1] = price.regular
    return regular


def lowest_in_30_days(
    variant_ids: Iterable[int], *, price_list: int, currency: str
) -> dict[int, Decimal]:
    """The lowest price of one piece in the 30 days before the present one began, by variant; one statement."""
    statement = f"""
        SELECT variant.id, {lowest_price_sql()}
          FROM catalog_variant variant CROSS JOIN LATERAL ({effective_price_sql()}) paid
         WHERE variant.id = ANY (%(ids)s) AND paid.amount IS NOT NULL
    """
    parameters: dict[str, Any] = {"ids": list(variant_ids), "price_list": price_list}
    parameters["currency"] = currency_key(currency)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return dict(cursor.fetchall())


_NOW, _AT = "now()", "%(at)s::timestamptz"


def _ask(
    asked: str, price_list: int, currency: str, moment: str, **parameters: Any
) -> list[tuple[int, int, EffectivePrice]]:
    """Run the rule over the rows of `asked`: their place (variant or number), quantity and price."""
    known = _present if moment == _NOW else _history
    parameters |= {"price_list": price_list, "currency": currency_key(currency)}
    with connection.cursor() as cursor:
        cursor.execute(_paid(asked, moment=moment, known=known("variant")), parameters)
        return [
            (place, quantity, EffectivePrice(*price))
            for place, quantity, *price in cursor.fetchall()
        ]
