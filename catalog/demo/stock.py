"""Everything the demo shop sells, in the order in which it is put up."""

from __future__ import annotations

from catalog.demo.coffee import COFFEE
from catalog.demo.crafts import CRAFTS
from catalog.demo.electronics import ELECTRONICS
from catalog.demo.home_and_beauty import HOME_AND_BEAUTY
from catalog.demo.spices import SPICES
from catalog.demo.tea_and_honey import TEA_AND_HONEY
from catalog.demo.textiles import TEXTILES

GOODS = (*HOME_AND_BEAUTY, *ELECTRONICS, *CRAFTS, *TEXTILES, *TEA_AND_HONEY, *SPICES, *COFFEE)
