"""Places as facts: a tree of areas that cannot have a ring, and points where parcels wait.

A child is one level or more below its parent: the row holds its parent's level too, a composite foreign key keeps that true,
and a CHECK demands that it is smaller. Whoever walks up gets to a smaller number at each step, and so to an end.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

NAME_LENGTH = 120
CODE_LENGTH = 40
SLUG_LENGTH = 60
LINE_LENGTH = 200
CODE_PATTERN = r"^[A-Z]{2}(-[A-Z0-9]{1,20}){1,6}$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
PHONE_PATTERN = r"^\+[1-9][0-9]{6,14}$"


class Kind(models.TextChoices):
    """What an area is. Its level follows from it, except that not every region has all levels."""

    REGION = "region", "region"
    CHARTERED_CITY = "chartered_city", "chartered city"
    ZONE = "zone", "zone"
    CITY = "city", "city administration"
    SUB_CITY = "sub_city", "sub-city"
    WOREDA = "woreda", "woreda"
    KEBELE = "kebele", "kebele"


LEVELS: dict[str, int] = {
    Kind.REGION: 1,
    Kind.CHARTERED_CITY: 1,
    Kind.ZONE: 2,
    Kind.CITY: 2,
    Kind.SUB_CITY: 2,
    Kind.WOREDA: 3,
    Kind.KEBELE: 4,
}
DEEPEST = 4


class Folded(Func):
    """`places_fold(text)`: spellings that readers take for equal, made equal (case, accents, ሐ and ኀ as ሀ …)."""

    function = "places_fold"
    output_field = models.TextField()


class SearchedText(Func):
    """Everything an area can be found by, folded. Immutable, so that the database keeps it by itself."""

    function = "places_searched"
    output_field = models.TextField()


class AreaQuerySet(models.QuerySet["Area"]):
    """Adjectives of areas."""

    def with_path(self) -> AreaQuerySet:
        """With the areas that they are in, in the same statement."""
        return self.select_related("parent__parent__parent")

    def in_use(self) -> AreaQuerySet:
        """Those that can be chosen: neither they nor what they are in was archived."""
        chosen = Q(is_active=True)
        above = "parent"
        for _ in range(DEEPEST - 1):
            chosen &= Q(**{f"{above}__isnull": True}) | Q(**{f"{above}__is_active": True})
            above += "__parent"
        return self.filter(chosen)

    def below(self, area_id: int) -> AreaQuerySet:
        """Everything in an area, at any depth; not itself."""
        return self.filter(
            Q(parent=area_id) | Q(parent__parent=area_id) | Q(parent__parent__parent=area_id)
        )

    def matching(self, text: str) -> AreaQuerySet:
        """Those in whose names, in any language, or code all words of the text occur."""
        rows = self
        for word in text.replace("\x00", " ").split()[:10]:
            rows = rows.filter(searched__contains=Folded(Value(word[:NAME_LENGTH])))
        return rows


class Area(models.Model):
    """A part of the country to which things can be brought: a region, and whatever is in it."""

    TEXTS = {"name": NAME_LENGTH}  # what has translations

    code = models.CharField(
        max_length=CODE_LENGTH,
        help_text="Such as ET-AA-BOLE. Orders and fees keep it: choose well.",
    )
    # The composite foreign key of the first migration; Django's own would check the same twice.
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", db_constraint=False
    )
    kind = models.CharField(max_length=16, choices=Kind)
    level = models.PositiveSmallIntegerField(help_text="From 1, a region, to 4, a kebele.")
    parent_level = models.PositiveSmallIntegerField(null=True, blank=True)
    name = models.CharField(max_length=NAME_LENGTH, help_text="In English.")
    aliases = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Other spellings to find it by."
    )
    translations = models.JSONField(default=dict, db_default={}, blank=True)
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Archived areas, and all in them, are not chosen."
    )
    version = models.PositiveIntegerField(default=1, db_default=1, help_text="Grows at each edit.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    searched = models.GeneratedField(
        expression=SearchedText("code", "name", "aliases", "translations"),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = AreaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="area_code_is_unique"),
            # What the composite foreign key points to.
            models.UniqueConstraint(fields=["id", "level"], name="area_has_one_level"),
            models.UniqueConstraint(
                fields=["parent", "kind", "name"],
                nulls_distinct=False,
                name="area_name_is_unique_in_its_parent",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=CODE_PATTERN), name="area_code_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(
                    *(Q(kind=kind, level=level) for kind, level in LEVELS.items()),
                    _connector=Q.OR,
                ),
                name="area_level_is_that_of_its_kind",
            ),
            models.CheckConstraint(
                # Said outright: a comparison with NULL is neither true nor false, and passes a CHECK.
                condition=Q(level=1, parent__isnull=True, parent_level__isnull=True)
                | Q(
                    level__gt=1,
                    parent__isnull=False,
                    parent_level__isnull=False,
                    parent_level__lt=F("level"),
                ),
                name="area_is_below_its_parent",
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="area_by_name"),
            GinIndex(OpClass(F("searched"), name="gin_trgm_ops"), name="area_by_words"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def path(self) -> list[Area]:
        """From the region down to itself; without a further statement after `with_path`."""
        found: list[Area] = [self]
        while found[0].parent is not None:
            found.insert(0, found[0].parent)
        return found


class PickupPointQuerySet(models.QuerySet["PickupPoint"]):
    """Adjectives of pickup points."""

    def for_display(self) -> PickupPointQuerySet:
        """With their areas and hours: one statement more, however many they are."""
        hours = PickupHours.objects.order_by("weekday", "opens")
        return self.select_related("area__parent__parent__parent").prefetch_related(
            models.Prefetch("hours", hours)
        )

    def with_distance(self, latitude: float, longitude: float) -> PickupPointQuerySet:
        """With `distance`: metres as the crow flies; of those without a pin, a number beyond every other."""
        return self.annotate(
            distance=Func(
                F("latitude"),
                F("longitude"),
                Value(latitude),
                Value(longitude),
                function="places_distance",
                output_field=models.IntegerField(),
            )
        )


class PickupPoint(models.Model):
    """A counter or shop where customers fetch what they have bought."""

    TEXTS = {
        "name": NAME_LENGTH, "address": LINE_LENGTH, "landmark": LINE_LENGTH, "note": 500,
    }  # fmt: skip

    slug = models.CharField(max_length=SLUG_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    area = models.ForeignKey(Area, models.PROTECT, related_name="pickup_points")
    address = models.CharField(max_length=LINE_LENGTH, blank=True, db_default="")
    landmark = models.CharField(
        max_length=LINE_LENGTH, blank=True, db_default="", help_text="How people find it."
    )
    note = models.CharField(
        max_length=500, blank=True, db_default="", help_text="Holidays, what to bring."
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    phone = models.CharField(max_length=16, blank=True, db_default="")
    translations = models.JSONField(default=dict, db_default={}, blank=True)
    position = models.PositiveIntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True, db_default=True)
    version = models.PositiveIntegerField(default=1, db_default=1, help_text="Grows at each edit.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = PickupPointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="pickup_point_slug_is_unique"),
            # Not digits alone: where an id or a slug is asked for, either is recognised.
            models.CheckConstraint(
                condition=Q(slug__regex=SLUG_PATTERN) & Q(slug__regex=r"[a-z]"),
                name="pickup_point_slug_is_a_slug",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__gte=-90,
                    latitude__lte=90,
                    longitude__gte=-180,
                    longitude__lte=180,
                ),
                name="pickup_point_is_on_earth",
            ),
            models.CheckConstraint(
                condition=~Q(address="", landmark="", latitude__isnull=True),
                name="pickup_point_says_where",
            ),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=PHONE_PATTERN),
                name="pickup_point_phone_is_e164",
            ),
        ]
        indexes = [
            models.Index(fields=["position", "id"], name="pickup_point_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class MinutesRange(Func):
    """`places_minutes(opens, closes)`: the minutes of a day from one time to before another."""

    function = "places_minutes"
    output_field = IntegerRangeField()


class PickupHours(models.Model):
    """One span of a weekday in which a pickup point is open; a lunch break makes two. In the shop's own time zone."""

    point = models.ForeignKey(PickupPoint, models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(help_text="1 is Monday, 7 Sunday (ISO 8601).")
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "pickup hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="pickup_hours_are_of_a_weekday"
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")), name="pickup_hours_end_after_they_begin"
            ),
            ExclusionConstraint(
                name="pickup_hours_do_not_overlap",
                expressions=[
                    ("point", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (MinutesRange("opens", "closes"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"
