"""What searches are read with. Both tables are written by triggers alone (see the migrations)."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F

LONGEST_WORD = 60


class SearchWord(models.Model):
    """A word that products have or had, folded: what misspellings are compared with. Not unique: writers wait for nobody."""

    word = models.CharField(max_length=LONGEST_WORD, db_collation="C")

    class Meta:
        indexes = [
            models.Index(fields=["word"], name="search_word"),
            GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="search_word_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word


class SearchAlias(models.Model):
    """A word that stands for something else: a translated term, the name of a category, collection or brand."""

    kind = models.CharField(
        max_length=1, help_text="t: term, c: category, k: collection, b: brand."
    )
    source = models.BigIntegerField(help_text="The id of its row.")
    word = models.CharField(max_length=LONGEST_WORD, db_collation="C", help_text="Folded.")
    meaning = models.TextField(help_text="As tsquery writes it: `'dark' & 'roast'`, `'@c7'`.")

    class Meta:
        indexes = [
            models.Index(fields=["word"], name="search_alias"),
            models.Index(fields=["kind", "source"], name="search_alias_source"),
        ]

    def __str__(self) -> str:
        return f"{self.word}: {self.meaning}"
