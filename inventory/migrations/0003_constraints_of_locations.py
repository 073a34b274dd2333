"""The rules of 0002, and its indexes, without keeping anybody from selling meanwhile.

New constraints hold for new rows at once and are then checked against the old ones; indexes are built beside the traffic. What
they replace goes last, so that at no moment less is promised than before.
"""

import django.db.models.expressions
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import F, Q

RULES = {
    "reserved_is_at_most_on_hand_and_backorders": Q(
        reserved__gte=0,
        reserved__lte=django.db.models.expressions.CombinedExpression(
            F("on_hand"), "+", F("backorder_limit")
        ),
    ),
    "elsewhere_is_part_of_on_hand": Q(elsewhere__gte=0, elsewhere__lte=F("on_hand")),
    "backorders_are_countable": Q(backorder_limit__lte=1_000_000_000),
    "an_order_may_take_something": Q(max_per_order__isnull=True) | Q(max_per_order__gt=0),
    "a_customer_may_take_something": Q(max_per_customer__isnull=True) | Q(max_per_customer__gt=0),
}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("inventory", "0002_locations_and_backorders")]

    operations = [
        *(
            AddConstraintNotValid("stockitem", models.CheckConstraint(condition=rule, name=name))
            for name, rule in RULES.items()
        ),
        *(ValidateConstraint("stockitem", name) for name in RULES),
        migrations.RemoveConstraint("stockitem", "reserved_is_at_most_on_hand"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS an_order_takes_its_stock_once_per_location",
                    migrations.RunSQL.noop,
                ),
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY an_order_takes_its_stock_once_per_location"
                    " ON inventory_movement (holder, stock_item_id, reason, location_id) NULLS NOT DISTINCT"
                    " WHERE holder IS NOT NULL",
                    "DROP INDEX CONCURRENTLY an_order_takes_its_stock_once_per_location",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    "movement",
                    models.UniqueConstraint(
                        condition=Q(holder__isnull=False),
                        fields=("holder", "stock_item", "reason", "location"),
                        name="an_order_takes_its_stock_once_per_location",
                        nulls_distinct=False,
                    ),
                )
            ],
        ),
        migrations.RemoveConstraint("movement", "an_order_takes_its_stock_once"),
        AddIndexConcurrently(
            "reservation",
            models.Index(
                condition=Q(state="owed"), fields=["stock_item", "id"], name="reservation_owed"
            ),
        ),
        AddIndexConcurrently(
            "reservation",
            models.Index(
                condition=~Q(customer="") & ~Q(state="released"),
                fields=["customer", "stock_item"],
                name="reservation_of_customer",
            ),
        ),
    ]
