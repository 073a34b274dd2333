"""`manage.py render_products`: after a large import, so that the first visitors find every product rendered."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from catalog.models import Product
from catalog.reads.warming import everybodys_contexts, prune, render_ahead


class Command(BaseCommand):
    """Render what is on sale for visitors nobody knows, in every language. Safe to run twice and beside the shop."""

    help = "Render products ahead of their first visitors."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Pruned {prune()} documents that no longer hold.")
        products = Product.objects.on_sale().count()
        for context in everybodys_contexts():
            with tqdm(total=products, desc=context.content_language, unit="products") as bar:
                for rendered in render_ahead(context):
                    bar.update(rendered)
