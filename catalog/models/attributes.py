"""Typed attributes, declared per product type."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.lookups import Exact

from catalog.models.naming import NAME_LENGTH

CODE_PATTERN = r"^[a-z][a-z0-9_]*$"


class Kind(models.TextChoices):
    """What a value of an attribute is."""

    TEXT = "text", "text"
    NUMBER = "number", "number"
    CHOICE = "choice", "choice"
    BOOLEAN = "boolean", "yes or no"
    DATE = "date", "date"


class Attribute(models.Model):
    """Something that can be said of products: material, weight, year of harvest."""

    code = models.CharField(max_length=60, help_text="How programs name it: `roast_level`.")
    name = models.CharField(max_length=NAME_LENGTH, help_text="How customers read it.")
    kind = models.CharField(max_length=8, choices=Kind)
    unit = models.CharField(
        max_length=20, blank=True, default="", help_text="Of a number: `g`, `cm`."
    )
    is_filterable = models.BooleanField(
        default=True, db_default=True, help_text="Whether lists can be narrowed by it."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="attribute_code_is_unique"),
            models.CheckConstraint(
                condition=Q(code__regex=CODE_PATTERN), name="attribute_code_is_lowercase_ascii"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="attribute_has_a_name"),
            models.CheckConstraint(
                condition=Q(unit="") | Q(kind=Kind.NUMBER), name="only_numbers_have_a_unit"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeChoice(models.Model):
    """One of the values that an attribute of kind choice may have."""

    attribute = models.ForeignKey(Attribute, models.CASCADE, related_name="choices")
    value = models.CharField(max_length=NAME_LENGTH)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attribute", "value"], name="choice_is_unique_in_attribute"
            ),
            models.CheckConstraint(condition=~Q(value=""), name="choice_has_a_value"),
        ]

    def __str__(self) -> str:
        return self.value


class ProductType(models.Model):
    """Which attributes products of a kind have: coffee has a roast, a shirt has a material."""

    name = models.CharField(max_length=NAME_LENGTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], name="product_type_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="product_type_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class TypeAttribute(models.Model):
    """That products of a type have an attribute."""

    product_type = models.ForeignKey(ProductType, models.CASCADE, related_name="attributes")
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="of_types")
    is_required = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product_type", "attribute"], name="type_names_each_attribute_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_type_id}: {self.attribute_id}"


class AttributeValue(models.Model):
    """What an attribute of one product is: exactly one of the typed columns."""

    product = models.ForeignKey("catalog.Product", models.CASCADE, related_name="attribute_values")
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="values")
    text = models.TextField(null=True, blank=True)
    number = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    choice = models.ForeignKey(AttributeChoice, models.PROTECT, null=True, blank=True)
    boolean = models.BooleanField(null=True, blank=True)
    date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "attribute"], name="product_has_one_value_per_attribute"
            ),
            models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        "text",
                        "number",
                        "choice_id",
                        "boolean",
                        "date",
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="attribute_value_is_of_one_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attribute_id} of product {self.product_id}"
