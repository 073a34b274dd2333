"""What the catalogue of a benchmark consists of: rows as PostgreSQL's COPY reads them, the same bytes every time.

Everything follows from a product's number by arithmetic, so that any part can be made by any process in any order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache

EDITION = 1  # of the rows: a data folder of another edition is built anew
NULL = r"\N"
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
BEFORE = "2025-01-01 00:00:00+00"
LATER, LATEST = "2035-01-01 00:00:00+00", "2036-01-01 00:00:00+00"

PARENTS = ("Food", "Home", "Clothing", "Electronics", "Crafts")
LEAVES = (
    "Coffee", "Spices", "Tea", "Honey", "Kitchen", "Bedding", "Lamps", "Furniture", "Dresses", "Shawls",
    "Shoes", "Hats", "Phones", "Radios", "Cables", "Chargers", "Baskets", "Jewellery", "Pottery", "Drums",
)  # fmt: skip
AMHARIC = (
    "ቡና", "ቅመም", "ሻይ", "ማር", "ወጥ ቤት", "አልጋ ልብስ", "መብራት", "የቤት ዕቃ", "ቀሚስ", "ነጠላ",
    "ጫማ", "ባርኔጣ", "ስልክ", "ሬዲዮ", "ገመድ", "ቻርጀር", "መሶብ", "ጌጣጌጥ", "ሸክላ", "ከበሮ",
)  # fmt: skip
FIRST_LEAF = len(PARENTS) + 1
MAKERS = (
    "Abay",
    "Entoto",
    "Harar",
    "Lalibela",
    "Gondar",
    "Sidama",
    "Yirga",
    "Axum",
    "Omo",
    "Awash",
)
TRADES = (
    "Crafts", "Roasters", "Weavers", "Traders", "Works", "House", "Makers", "Supply", "Collective", "Brothers",
    "Sisters", "Union", "Gardens", "Mill", "Forge", "Studio", "Market", "Estate", "Store", "Workshop",
)  # fmt: skip
BRANDS = [f"{maker} {trade}" for trade in TRADES for maker in MAKERS]
TAGS = (
    "new", "handmade", "organic", "gift", "fair trade", "limited", "wholesale", "ceremony", "daily", "travel",
    "heritage", "festival",
)  # fmt: skip
CHOSEN_TAG = "window"  # on about 5,000 products, however many there are
CHOSEN = 5_000
ADJECTIVES = (
    "Fresh",
    "Hand-made",
    "Classic",
    "Royal",
    "Bright",
    "Simple",
    "Highland",
    "Golden",
    "Quiet",
)
AMHARIC_ADJECTIVES = ("ትኩስ", "በእጅ የተሠራ", "የታወቀ", "ንጉሣዊ", "ደማቅ", "ቀላል", "የደጋ", "ወርቃማ", "ጸጥ ያለ")
EMOJI = "☕🌶🍯🏺🪔👗🧺🥁"
SIZES = ("S", "M", "L", "XL", "XXL")
COLOURS = ("Red", "Green", "Yellow", "Blue", "White", "Black", "Brown", "Grey")
MATERIALS = ("Cotton", "Silk", "Wool", "Clay", "Wood", "Silver", "Brass", "Leather")
# A word for each hundredth of the products, all of one length, so that none begins another.
WORDS = [f"{a}{b}x" for a in ("tadel", "melk", "wond", "zemen", "birh", "kidan", "selam", "desta", "yohan", "amar")
         for b in ("ab", "ek", "im", "od", "uf", "al", "en", "ir", "os", "ut")]  # fmt: skip
WORDS = [f"{word:q<8}" for word in WORDS]

# How many variants each of twenty products in a row has; two on average.
COUNTS = (1, 1, 2, 1, 3, 1, 5, 2, 1, 4, 1, 1, 2, 3, 1, 1, 2, 5, 1, 2)
STARTS = tuple(sum(COUNTS[:at]) for at in range(len(COUNTS)))
ROUND = sum(COUNTS)
BIG_VARIANTS = 2_000
SHAPES = ("ordinary", "one-category", "flat-prices", "big-variants")

RETAIL, WHOLESALE = 1, 2
ATTRIBUTES = {  # code: (id, name, kind, unit)
    "material": (1, "Material", "choice", ""),
    "weight": (2, "Weight", "number", "g"),
    "colour": (3, "Main colour", "text", ""),
    "washable": (4, "Washable", "boolean", ""),
    "made_on": (5, "Made on", "date", ""),
}

COLUMNS = {
    "inventory_stockitem": "id, on_hand, reserved, created_at",
    "inventory_movement": "id, stock_item_id, quantity, reason, actor, created_at",
    "catalog_product": (
        "id, name, slug, description, brand, brand_id, tags, category_id, product_type_id, translations, is_published,"
        " published_at, created_at, updated_at, min_price, in_stock, sku_list, variant_count, further_words, tokens"
    ),
    "catalog_variant": (
        "id, product_id, sku, name, options, price, compare_at_price, position, barcode, weight_grams, stock_item_id,"
        " created_at, updated_at"
    ),
    "catalog_image": "id, product_id, file, source_url, alt, renditions, position, width, height, created_at",
    "catalog_attributevalue": "id, product_id, attribute_id, text, number, choice_id, boolean, date",
    "catalog_price": (
        "variant_id, price_list_id, currency, is_sale, min_quantity, amount, valid_from, valid_until"
    ),
    "catalog_bundlepart": "variant_id, stock_item_id, quantity",
}
_MASK = (1 << 64) - 1


def mix(number: int, salt: int) -> int:
    """A number that looks random and always is the same (the finaliser of SplitMix64)."""
    x = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def money(cents: int) -> str:
    """Cents as a decimal."""
    return f"{cents // 100}.{cents % 100:02}"


@lru_cache(256)
def _json(*options: tuple[str, str]) -> str:
    return json.dumps([{"name": name, "value": value} for name, value in options])


def _array(texts: list[str]) -> str:
    return "{" + ",".join(f'"{text}"' for text in texts) + "}"


@dataclass(frozen=True)
class Catalogue:
    """A catalogue of so many products, of one shape. Products are numbered from 1."""

    size: int
    shape: str = "ordinary"

    @cached_property
    def every(self) -> int:
        """Each so-manieth product has the chosen tag."""
        return max(1, self.size // CHOSEN)

    def count(self, product: int) -> int:
        """How many variants it has."""
        if self.shape == "big-variants" and product == self.size:
            return BIG_VARIANTS
        return COUNTS[(product - 1) % len(COUNTS)]

    def first_variant(self, product: int) -> int:
        """The id of its first variant, whose stock item has the same number; the others follow."""
        turn, at = divmod(product - 1, len(COUNTS))
        return 1 + turn * ROUND + STARTS[at]

    def is_bundle(self, product: int) -> bool:
        """Whether it is sold out of the stock of two others."""
        return product % 1000 == 1

    def category(self, product: int) -> int:
        """Its leaf."""
        dice = mix(product, 1)
        if self.shape == "one-category" and dice % 10:
            return FIRST_LEAF
        return FIRST_LEAF + (dice >> 8) % len(LEAVES)

    def base(self, product: int) -> int:
        """Its lowest price, in cents."""
        return 10_000 if self.shape == "flat-prices" else 5_000 + mix(product, 2) % 4_995_000

    def on_hand(self, variant: int) -> int:
        """Pieces on the shelf; one variant in ten has none."""
        dice = mix(variant, 3)
        return 0 if dice % 10 == 0 else 1 + (dice >> 8) % 200

    def rows(self, first: int, last: int) -> Iterator[tuple[str, str]]:
        """`(table, line)` of the products `first` to `last`, in COPY's text format."""
        for product in range(first, last + 1):
            yield from self._product(product)
            yield from self._beside(product)

    def _product(self, product: int) -> Iterator[tuple[str, str]]:
        dice = mix(product, 4)
        leaf = self.category(product) - FIRST_LEAF
        brand = dice % len(BRANDS)
        adjective, word = (dice >> 8) % len(ADJECTIVES), WORDS[product % 100].capitalize()
        english = f"{ADJECTIVES[adjective]} {LEAVES[leaf]} {word}"
        amharic = f"{AMHARIC_ADJECTIVES[adjective]} {AMHARIC[leaf]} {product}"
        name = f"{amharic} {word}" if product % 7 == 0 else english
        if product % 11 == 0:
            name += f" {EMOJI[dice % len(EMOJI)]}"
        tags = {TAGS[(dice >> shift) % len(TAGS)] for shift in (12, 18, 24)}
        listed = sorted(tags) + ([CHOSEN_TAG] if product % self.every == 0 else [])
        description = (
            f"<p>{english}, made by {BRANDS[brand]} for the kitchen, the home and the road. "
            f"Lot {dice % 9973}, checked by hand.</p>"
        )
        translations = "{}"
        if product % 5:
            translations = json.dumps(
                {"am": {"name": amharic, "description": f"<p>{amharic}፣ በጥንቃቄ የተመረጠ።</p>"}},
                ensure_ascii=False,
            )
        moment = (
            f"{EPOCH + timedelta(seconds=7 * product):%Y-%m-%d %H:%M:%S}.{dice % 1_000_000:06}+00"
        )
        first, count, base = self.first_variant(product), self.count(product), self.base(product)
        skus, in_stock = [], False
        for place in range(count):
            variant = first + place
            sku = f"NX-{product:07}-{place + 1}"
            on_hand = 0 if self.is_bundle(product) else self.on_hand(variant)
            in_stock = in_stock or on_hand > 0
            skus.append(sku)
            yield from self._variant(product, variant, place, sku, base, moment)
            yield "inventory_stockitem", f"{variant}\t{on_hand}\t0\t{moment}\n"
            if on_hand:
                yield (
                    "inventory_movement",
                    f"{variant}\t{variant}\t{on_hand}\topening\tsystem\t{moment}\n",
                )
        attributes = self._attributes(product)
        # What triggers would derive; the migrations' functions find nothing to do then, and the search is indexed once.
        words = " ".join(words for _, _, _, words, _ in attributes)
        tokens = [token for *_, token in attributes] + [f"t:{tag}" for tag in listed]
        tokens += [
            f"b:{brand + 1}",
            *{f"o:{n}={v}" for place in range(count) for n, v in self._options(product, place)},
        ]
        yield (
            "catalog_product",
            f"{product}\t{name}\t{LEAVES[leaf].lower()}-{product}\t{description}\t{BRANDS[brand]}\t{brand + 1}\t"
            f"{_array(listed)}\t"
            f"{leaf + FIRST_LEAF}\t{1 + leaf // 4}\t{translations}\tt\t{moment}\t{moment}\t{moment}\t{money(base)}\t"
            f"{'t' if in_stock else 'f'}\t{' '.join(skus)}\t{count}\t{words}\t{_array(sorted(tokens))}\n",
        )

    def _options(self, product: int, place: int) -> tuple[tuple[str, str], ...]:
        """What makes one of its variants."""
        count = self.count(product)
        if count == BIG_VARIANTS:
            return ("Number", str(place // 8)), ("Colour", COLOURS[place % 8])
        if count > 1:
            return ("Size", SIZES[place]), ("Colour", COLOURS[mix(product, 5) % 8])
        return ()

    def _attributes(self, product: int) -> list[tuple[int, str, object, str, str]]:
        """`(id, column, value, words to search by, token to filter by)` of three attributes."""
        dice = mix(product, 6)
        material, grams = dice % len(MATERIALS), 50 + dice % 5000
        colour, day = COLOURS[(dice >> 8) % 8].lower(), f"2024-{1 + dice % 12:02}-01"
        third: tuple[int, str, object, str, str] = (3, "text", colour, colour, f"a:colour={colour}")
        if product % 3 == 0:
            third = (5, "date", day, "2024", f"a:made_on={day}")
            if product % 2:
                third = (4, "boolean", "t", "Washable", "a:washable=true")
        return [
            (
                1,
                "choice_id",
                1 + material,
                MATERIALS[material],
                f"a:material={MATERIALS[material]}",
            ),
            (2, "number", grams, f"{grams} g {grams}g", f"a:weight={grams}"),
            third,
        ]

    def _variant(
        self, product: int, variant: int, place: int, sku: str, base: int, moment: str
    ) -> Iterator[tuple[str, str]]:
        options = self._options(product, place)
        price = base if self.shape == "flat-prices" else base + place * (base // 20)
        before = money(price + price // 4) if product % 10 == 0 else NULL
        yield (
            "catalog_variant",
            f"{variant}\t{product}\t{sku}\t{' / '.join(value for _, value in options)}\t{_json(*options)}\t{money(price)}\t"
            f"{before}\t{place}\t{4_000_000_000_000 + variant}\t{100 + variant % 900}\t{variant}\t{moment}\t{moment}\n",
        )
        for price_list, currency, is_sale, quantity, cents, start, end in self._prices(
            product, price
        ):
            yield (
                "catalog_price",
                f"{variant}\t{price_list}\t{currency}\t{'t' if is_sale else 'f'}\t{quantity}\t{money(cents)}"
                f"\t{start}\t{end}\n",
            )

    def _prices(
        self, product: int, price: int
    ) -> Iterator[tuple[int, str, bool, int, int, str, str]]:
        """A quarter has a price in dollars; fewer have one in another currency, a wholesale price or a sale."""
        if product % 4 == 0:
            yield RETAIL, "USD", False, 1, price // 100, BEFORE, NULL
        if product % 8 == 0:
            yield WHOLESALE, "USD", False, 1, price // 120, BEFORE, NULL
        if product % 10 == 0:
            yield WHOLESALE, "", False, 1, price * 9 // 10, BEFORE, NULL
        if product % 50 == 0:
            yield WHOLESALE, "", False, 10, price * 8 // 10, BEFORE, NULL
            yield RETAIL, "KES", False, 1, price, BEFORE, NULL
        if product % 50 == 1:
            yield RETAIL, "UGX", False, 1, price // 100 * 2600, BEFORE, NULL
        if product % 25 == 3:
            start, end = (BEFORE, LATEST) if product % 2 else (LATER, LATEST)
            yield RETAIL, "", True, 1, price * 3 // 4, start, end

    def _beside(self, product: int) -> Iterator[tuple[str, str]]:
        for place in range(1 + product % 2):
            number = product * 2 + place
            sizes = [
                {"width": width, "height": width, "format": kind, "name": f"bench/{number}-{width}.{kind}"}
                for width in (320, 960) for kind in ("webp", "jpeg")
            ]  # fmt: skip
            yield (
                "catalog_image",
                f"{number}\t{product}\tbench/{number}.jpeg\t\tPicture {place + 1}\t{json.dumps(sizes)}\t{place}\t1200\t"
                f"1200\t{BEFORE}\n",
            )
        kinds = ("text", "number", "choice_id", "boolean", "date")
        for place, (attribute, kind, value, _, _) in enumerate(self._attributes(product)):
            columns = "\t".join(str(value) if one == kind else NULL for one in kinds)
            yield (
                "catalog_attributevalue",
                f"{product * 3 + place}\t{product}\t{attribute}\t{columns}\n",
            )
        if self.is_bundle(product):
            for part in (product + 1, product + 2):
                if part <= self.size:
                    for place in range(self.count(product)):
                        yield (
                            "catalog_bundlepart",
                            f"{self.first_variant(product) + place}\t{self.first_variant(part)}\t1\n",
                        )
