"""Everything the demo shop sells, in the order in which it is put up."""

from __future__ import annotations

from catalog.demo.coffee import COFFEE

GOODS = (*COFFEE,)
